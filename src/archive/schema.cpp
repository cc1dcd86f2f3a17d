#include "archive/schema.hpp"

#include <fmt/format.h>

#include <array>
#include <string>

namespace flashbid::archive {
namespace {

// "FlashBid" as a number: whoever migrates holds this advisory lock.
constexpr std::int64_t migration_lock = 0x466C617368426964;

// Step k makes version k + 1 of version k. A step that has been released is never changed.
constexpr std::array<const char*, schema_version> steps{R"sql(
CREATE TABLE flashbid.origin(
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  kind text NOT NULL,
  shards bigint NOT NULL
);
CREATE TABLE flashbid.shards(
  shard bigint PRIMARY KEY,
  epoch bigint NOT NULL DEFAULT 0,
  token bigint NOT NULL DEFAULT 0,
  owner text NOT NULL DEFAULT '',
  leased_until timestamptz NOT NULL DEFAULT '-infinity',
  position text NOT NULL DEFAULT '',
  stored_at timestamptz
) WITH (fillfactor = 50);
CREATE TABLE flashbid.workers(
  owner text PRIMARY KEY,
  alive_until timestamptz NOT NULL
);
CREATE TABLE flashbid.events(
  auction bigint NOT NULL,
  sequence bigint NOT NULL,
  epoch bigint NOT NULL,
  event smallint NOT NULL,
  at bigint NOT NULL,
  payload text NOT NULL,
  secret text NOT NULL,
  PRIMARY KEY (auction, sequence, epoch)
);
CREATE TABLE flashbid.auctions(
  id bigint PRIMARY KEY,
  shard bigint NOT NULL,
  state smallint NOT NULL,
  sequence bigint NOT NULL,
  epoch bigint NOT NULL,
  image text NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX auctions_by_state ON flashbid.auctions(state, id);
CREATE INDEX auctions_live ON flashbid.auctions(shard, id) WHERE state < 2;
CREATE TABLE flashbid.answers(
  operation smallint NOT NULL,
  scope bigint NOT NULL,
  caller text NOT NULL,
  key text NOT NULL,
  fingerprint text NOT NULL,
  auction bigint NOT NULL,
  sequence bigint NOT NULL,
  PRIMARY KEY (operation, scope, caller, key)
);
CREATE INDEX answers_of_creates ON flashbid.answers(auction) WHERE operation = 2;
CREATE TABLE flashbid.endings(
  at bigint NOT NULL,
  auction bigint NOT NULL,
  PRIMARY KEY (at, auction)
);
)sql",
                                                        R"sql(
CREATE TABLE flashbid.lost (LIKE flashbid.events INCLUDING ALL);
)sql"};

// 0 = there are no tables.
Result<std::int64_t> version_of(Connection& connection) {
  // Asked of the catalog's rows, not of to_regclass(), which may answer from what it remembers of before the lock.
  const auto there = connection.run(
      "SELECT count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE n.nspname = 'flashbid' AND c.relname = 'schema_version'");
  if (!there) return std::unexpected(there.error());
  if (there->integer(0, 0) == 0) return 0;
  const auto version = connection.run("SELECT version FROM flashbid.schema_version");
  if (!version) return std::unexpected(version.error());
  return version->count() == 0 ? 0 : version->integer(0, 0);
}

Result<void> refuse_newer(std::int64_t version) {
  if (version <= schema_version) return {};
  return fail(Failure::invalid, fmt::format("the archive was made by a newer FlashBid (its schema is {}, this one "
                                            "knows {}): start the newer one",
                                            version, schema_version));
}

// Inside a transaction.
Result<void> bring_up(Connection& connection) {
  const auto locked = connection.run("SELECT pg_advisory_xact_lock($1)", Parameters().add(migration_lock));
  if (!locked) return std::unexpected(locked.error());
  const auto version = version_of(connection);  // another may have been here meanwhile
  if (!version) return std::unexpected(version.error());
  if (auto refused = refuse_newer(*version); !refused) return refused;
  if (*version == schema_version) return {};
  if (*version == 0) {
    if (auto made = connection.run_all("CREATE SCHEMA IF NOT EXISTS flashbid; "
                                       "CREATE TABLE IF NOT EXISTS flashbid.schema_version(version bigint NOT NULL); "
                                       "INSERT INTO flashbid.schema_version VALUES (0)");
        !made) {
      return made;
    }
  }
  for (auto step = static_cast<std::size_t>(*version); step < steps.size(); ++step) {
    if (auto made = connection.run_all(steps.at(step)); !made) return made;
  }
  return connection.run_all(fmt::format("UPDATE flashbid.schema_version SET version = {}", schema_version));
}

}  // namespace

Result<void> migrate(Connection& connection) {
  const auto version = version_of(connection);
  if (!version) return std::unexpected(version.error());
  if (auto refused = refuse_newer(*version); !refused) return refused;
  if (*version == schema_version) return {};
  if (auto begun = connection.run_all("BEGIN"); !begun) return begun;
  if (auto made = bring_up(connection); !made) {
    connection.rollback();
    return made;
  }
  return connection.commit();
}

}  // namespace flashbid::archive
