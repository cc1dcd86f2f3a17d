#include "archive/archive_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "archive/key_columns.hpp"
#include "ledger/event_codec.hpp"

namespace flashbid {

using archive::Connection;
using archive::CopyRows;
using archive::NumberArray;
using archive::Parameters;
using archive::TextArray;

namespace {

std::unexpected<Error> taken_over(const ArchiveLease& lease) {
  return fail(Failure::conflict, fmt::format("the lease of shard {} (token {}) was taken over: acquire it again",
                                             lease.shard, lease.token));
}

std::unexpected<Error> alarm(AuctionId auction, Sequence sequence, std::string_view why) {
  return fail(Failure::corrupt,
              fmt::format("auction {}, sequence {}: {}; nothing of this batch is stored, run `flashbid verify`",
                          auction.value(), sequence.value(), why));
}

template <class Outcome>
Result<void> nothing_of(const Result<Outcome>& outcome) {
  if (!outcome) return std::unexpected(outcome.error());
  return {};
}

}  // namespace

Result<void> ArchiveWriter::connect() { return nothing_of(session_.get()); }

Result<void> ArchiveWriter::claim(std::string_view kind, std::uint64_t shards) {
  const auto put = session_.run("INSERT INTO flashbid.origin(kind, shards) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                                Parameters().add(kind).add(shards));
  if (!put) return std::unexpected(put.error());
  const auto is = session_.run("SELECT kind, shards FROM flashbid.origin");
  if (!is) return std::unexpected(is.error());
  if (is->count() == 1 && is->text(0, 0) == kind && is->number(0, 1) == shards) return {};
  return fail(Failure::invalid,
              fmt::format("the archive at {} is of a ledger of kind {} with {} shards, not {} with {}: give it a "
                          "database of its own",
                          session_.url().shown, is->text(0, 0), is->number(0, 1), kind, shards));
}

Result<std::uint64_t> ArchiveWriter::beat(std::string_view owner, Duration alive) {
  std::uint64_t living = 0;
  const auto done = session_.transact([&](Connection& connection) -> Result<void> {
    const auto put = connection.run(
        "INSERT INTO flashbid.workers VALUES ($1, clock_timestamp() + $2 * interval '1 ms') "
        "ON CONFLICT (owner) DO UPDATE SET alive_until = excluded.alive_until",
        Parameters().add(owner).add(alive.ms));
    if (!put) return std::unexpected(put.error());
    const auto gone = connection.run(
        "DELETE FROM flashbid.workers WHERE owner IN (SELECT owner FROM flashbid.workers WHERE alive_until < "
        "clock_timestamp() FOR UPDATE SKIP LOCKED)");
    if (!gone) return std::unexpected(gone.error());
    const auto count = connection.run("SELECT count(*) FROM flashbid.workers");
    if (!count) return std::unexpected(count.error());
    living = count->number(0, 0);
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return living;
}

Result<std::optional<ArchiveLease>> ArchiveWriter::acquire(std::uint64_t shard, std::string_view owner,
                                                           Duration length) {
  const auto there =
      session_.run("INSERT INTO flashbid.shards(shard) VALUES ($1) ON CONFLICT DO NOTHING", Parameters().add(shard));
  if (!there) return std::unexpected(there.error());
  const auto taken = session_.run(
      "UPDATE flashbid.shards SET token = token + 1, owner = $2, leased_until = clock_timestamp() + $3 * interval "
      "'1 ms' WHERE shard = $1 AND (owner IN ('', $2) OR leased_until < clock_timestamp()) RETURNING token, position",
      Parameters().add(shard).add(owner).add(length.ms));
  if (!taken) {
    std::ignore = end_who_stands_still();  // who holds the row is no longer in the way of the next try
    return std::unexpected(taken.error());
  }
  if (taken->count() == 0) return std::nullopt;
  return ArchiveLease{shard, taken->number(0, 0), std::string(taken->text(0, 1))};
}

// A worker that was stopped in the middle of a COPY holds its shard's row, and no time limit of PostgreSQL's ends that.
// One that lives has given up whatever has waited for it for so long.
Result<void> ArchiveWriter::end_who_stands_still() {
  return nothing_of(
      session_.run("SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a JOIN pg_locks l ON l.pid = a.pid "
                   "WHERE l.relation = 'flashbid.shards'::regclass AND l.granted AND a.pid <> pg_backend_pid() AND "
                   "a.wait_event = 'ClientRead' AND a.state_change < clock_timestamp() - $1 * interval '1 ms'",
                   Parameters().add(std::int64_t{session_.timeout().count()})));
}

Result<void> ArchiveWriter::renew(const ArchiveLease& lease, Duration length) {
  const auto renewed = session_.run(
      "UPDATE flashbid.shards SET leased_until = clock_timestamp() + $3 * interval '1 ms' WHERE shard = $1 AND token = "
      "$2",
      Parameters().add(lease.shard).add(lease.token).add(length.ms));
  if (!renewed) return std::unexpected(renewed.error());
  if (renewed->affected() == 0) return taken_over(lease);
  return {};
}

Result<void> ArchiveWriter::release(const ArchiveLease& lease) {
  return nothing_of(
      session_.run("UPDATE flashbid.shards SET owner = '', leased_until = '-infinity' WHERE shard = $1 AND token = $2",
                   Parameters().add(lease.shard).add(lease.token)));
}

Result<void> ArchiveWriter::raise_epoch(std::uint64_t shard, Epoch epoch) {
  return nothing_of(
      session_.run("INSERT INTO flashbid.shards(shard, epoch) VALUES ($1, $2) ON CONFLICT (shard) DO UPDATE SET epoch "
                   "= greatest(shards.epoch, excluded.epoch)",
                   Parameters().add(shard).add(epoch.value())));
}

Result<void> ArchiveWriter::store(const ArchiveLease& lease, Epoch epoch, std::span<const Record> records,
                                  std::string_view position) {
  Plan plan;
  const auto stored = session_.transact([&](Connection& connection) -> Result<void> {
    if (auto checked = check_lease(connection, lease, epoch); !checked) return checked;
    if (auto loaded = load_images(connection, lease, records, plan); !loaded) return loaded;
    for (const Record& record : records) {
      if (auto planned = plan_record(record, epoch, plan); !planned) return planned;
    }
    if (auto inserted = insert_events(connection, plan); !inserted) return inserted;
    if (auto compared = compare_events(connection, plan); !compared) return compared;
    if (auto put = put_images(connection, lease.shard, plan); !put) return put;
    if (auto put = put_answers(connection, plan); !put) return put;
    return nothing_of(connection.run(
        "UPDATE flashbid.shards SET position = $2, epoch = $3, stored_at = clock_timestamp() WHERE shard = $1",
        Parameters().add(lease.shard).add(position).add(epoch.value())));
  });
  if (stored) {
    keep_images(lease, std::move(plan));
  } else {
    images_.clear();
    tokens_.clear();
  }
  return stored;
}

// Holds the shard's row until the transaction ends: nobody takes the lease over, and no epoch rises, in the middle.
Result<void> ArchiveWriter::check_lease(Connection& connection, const ArchiveLease& lease, std::optional<Epoch> epoch) {
  const auto row = connection.run("SELECT token, epoch FROM flashbid.shards WHERE shard = $1 FOR UPDATE",
                                  Parameters().add(lease.shard));
  if (!row) return std::unexpected(row.error());
  if (row->count() == 0 || row->number(0, 0) != lease.token) return taken_over(lease);
  if (epoch && row->number(0, 1) > epoch->value()) {
    return fail(Failure::conflict, fmt::format("shard {} is at epoch {}; what was read at epoch {} is of an old ledger",
                                               lease.shard, row->number(0, 1), epoch->value()));
  }
  return {};
}

Result<void> ArchiveWriter::load_images(Connection& connection, const ArchiveLease& lease,
                                        std::span<const Record> records, Plan& plan) {
  // Images rest on the token under which they were read or written.
  const auto known = tokens_.find(lease.shard);
  if (known == tokens_.end() || known->second != lease.token) images_.clear();
  NumberArray missing;
  for (const Record& record : records) {
    const auto [place, is_new] = plan.images.try_emplace(record.auction);
    if (!is_new) continue;
    if (const auto kept = images_.find(record.auction); kept != images_.end()) {
      place->second = kept->second;
    } else {
      missing.add(record.auction.value());
    }
  }
  if (missing.size() == 0) return {};
  const auto rows =
      connection.run("SELECT image, epoch FROM flashbid.auctions WHERE id = ANY($1)", Parameters().add(missing));
  if (!rows) return std::unexpected(rows.error());
  for (int row = 0; row < rows->count(); ++row) {
    auto image = decode_image(rows->text(row, 0));
    if (!image) return std::unexpected(image.error());
    const AuctionId id = image->id;
    plan.images[id] = {std::move(*image), Epoch{rows->number(row, 1)}};
  }
  return {};
}

Result<void> ArchiveWriter::plan_record(const Record& record, Epoch epoch, Plan& plan) {
  if (record.kind != RecordKind::event) return {};  // a rejection: nobody may ask for it for long
  auto step = read_step(record);
  if (!step) return std::unexpected(step.error());
  const auto decoded = decode_event(*record.payload, record.secret);
  if (!decoded) return std::unexpected(decoded.error());
  Image& image = plan.images.at(record.auction);
  const Row row{&record, decoded->epoch, step->event->body.index() + 1};
  if (record.sequence <= image.auction.sequence) {
    plan.repeated.push_back(row);
    return {};
  }
  if (decoded->epoch > epoch || decoded->epoch < image.epoch) {
    return alarm(record.auction, record.sequence, "its epoch does not follow the one before it");
  }
  if (const auto advanced = advance(image.auction, record.auction, *step->event); !advanced) {
    return alarm(record.auction, record.sequence,
                 fmt::format("the event before it in the archive is {}", image.auction.sequence.value()));
  }
  image.epoch = decoded->epoch;
  plan.fresh.push_back(row);
  if (step->key) plan.keys.push_back(std::move(*step->key));
  if (is_over(image.auction.state)) plan.endings.emplace_back(record.auction, record.at);
  return {};
}

// The images say that none of them is there; the primary key proves it.
Result<void> ArchiveWriter::insert_events(Connection& connection, const Plan& plan) {
  if (plan.fresh.empty()) return {};
  CopyRows rows;
  for (const Row& row : plan.fresh) {
    rows.row(7).add(row.record->auction.value()).add(row.record->sequence.value()).add(row.epoch.value());
    rows.add_small(static_cast<std::int16_t>(row.event)).add(row.record->at.ms);
    rows.add(*row.record->payload).add(row.record->secret);
  }
  const auto inserted = connection.copy(
      "COPY flashbid.events(auction, sequence, epoch, event, at, payload, secret) FROM STDIN (FORMAT binary)", rows);
  if (inserted) return {};
  if (inserted.error().failure != Failure::corrupt) return std::unexpected(inserted.error());
  const Record& first = *plan.fresh.front().record;
  return alarm(first.auction, first.sequence,
               fmt::format("the archive has events that the auction's image has not ({})", inserted.error().detail));
}

Parameters ArchiveWriter::repeated_columns(const Plan& plan) {
  NumberArray indexes, auctions, sequences, epochs;
  TextArray payloads, secrets;
  for (const Row& row : plan.repeated) {
    indexes.add(row.index);
    auctions.add(row.record->auction.value());
    sequences.add(row.record->sequence.value());
    epochs.add(row.epoch.value());
    payloads.add(*row.record->payload);
    secrets.add(row.record->secret);
  }
  return Parameters().add(indexes).add(auctions).add(sequences).add(epochs).add(payloads).add(secrets);
}

// What was there already is what is to be stored.
Result<void> ArchiveWriter::compare_events(Connection& connection, const Plan& plan) {
  if (plan.repeated.empty()) return {};
  const auto other =
      connection.run(fmt::format("SELECT u.a, u.s FROM {} LEFT JOIN flashbid.events v "
                                 "ON v.auction = u.a AND v.sequence = u.s AND v.epoch = u.e "
                                 "WHERE v.payload IS DISTINCT FROM u.p OR v.secret IS DISTINCT FROM u.x LIMIT 1",
                                 repeated_rows),
                     repeated_columns(plan));
  if (!other) return std::unexpected(other.error());
  if (other->count() == 0) return {};
  return alarm(AuctionId{other->number(0, 0)}, Sequence{other->number(0, 1)},
               "the archive has another event under this key");
}

Result<void> ArchiveWriter::put_images(Connection& connection, std::uint64_t shard, const Plan& plan) {
  if (plan.fresh.empty()) return {};
  NumberArray ids;
  NumberArray states;
  NumberArray sequences;
  NumberArray epochs;
  TextArray images;
  std::string text;
  for (const auto& [id, image] : plan.images) {
    if (image.auction.sequence == Sequence{0}) continue;
    text.clear();
    encode_image(image.auction, text);
    ids.add(id.value());
    states.add(static_cast<std::uint64_t>(image.auction.state));
    sequences.add(image.auction.sequence.value());
    epochs.add(image.epoch.value());
    images.add(text);
  }
  return nothing_of(connection.run(
      "INSERT INTO flashbid.auctions SELECT i, $1, t, s, e, m FROM unnest($2, $3, $4, $5, $6) AS u(i, t, s, e, m) "
      "ON CONFLICT (id) DO UPDATE SET shard = excluded.shard, state = excluded.state, sequence = excluded.sequence, "
      "epoch = excluded.epoch, image = excluded.image",
      Parameters().add(shard).add(ids).add(states).add(sequences).add(epochs).add(images)));
}

Result<void> ArchiveWriter::put_answers(Connection& connection, const Plan& plan) {
  if (!plan.keys.empty()) {
    // A key that was forgotten may have been used again: the last use counts, and one batch may hold both.
    const auto put = connection.run(
        fmt::format("INSERT INTO flashbid.answers SELECT DISTINCT ON (o, c, r, k) o, c, r, k, f, a, s FROM {} "
                    "ORDER BY o, c, r, k, n DESC ON CONFLICT (operation, scope, caller, key) DO UPDATE SET "
                    "fingerprint = excluded.fingerprint, auction = excluded.auction, sequence = excluded.sequence",
                    archive::key_rows),
        archive::key_columns(plan.keys));
    if (!put) return std::unexpected(put.error());
  }
  if (plan.endings.empty()) return {};
  NumberArray auctions;
  NumberArray times;
  for (const auto& [auction, at] : plan.endings) {
    auctions.add(auction.value());
    times.add(at.ms);
  }
  return nothing_of(connection.run("INSERT INTO flashbid.endings SELECT t, a FROM unnest($1, $2) AS u(t, a)",
                                   Parameters().add(times).add(auctions)));
}

void ArchiveWriter::keep_images(const ArchiveLease& lease, Plan plan) {
  if (images_.size() + plan.images.size() > max_images) images_.clear();
  tokens_[lease.shard] = lease.token;
  for (auto& [id, image] : plan.images) {
    if (image.auction.sequence == Sequence{0} || is_over(image.auction.state)) {
      images_.erase(id);
    } else {
      images_.insert_or_assign(id, std::move(image));
    }
  }
}

Result<bool> ArchiveWriter::forget_answers(Timestamp now) {
  constexpr std::int64_t most = 100;
  bool more = false;
  const auto done = session_.transact([&](Connection& connection) -> Result<void> {
    const auto over = connection.run(
        "DELETE FROM flashbid.endings WHERE (at, auction) IN (SELECT at, auction FROM flashbid.endings WHERE at <= $1 "
        "ORDER BY at, auction LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING auction",
        Parameters().add((now - effect_kept).ms).add(most));
    if (!over) return std::unexpected(over.error());
    NumberArray auctions;
    for (int row = 0; row < over->count(); ++row) auctions.add(over->number(row, 0));
    more = over->count() == most;
    for (const char* sql : {"DELETE FROM flashbid.answers WHERE operation IN (1, 3) AND scope = ANY($1)",
                            "DELETE FROM flashbid.answers WHERE operation = 2 AND auction = ANY($1)"}) {
      if (const auto deleted = connection.run(sql, Parameters().add(auctions)); !deleted) {
        return std::unexpected(deleted.error());
      }
    }
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return more;
}

}  // namespace flashbid
