// Storing what comes out of a queue: anything may lie in it.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "archive/archive_writer.hpp"
#include "archive/parameters.hpp"
#include "ledger/event_codec.hpp"

namespace flashbid {

using archive::Connection;
using archive::Parameters;

Result<std::vector<ArchiveRefusal>> ArchiveWriter::store_queued(const ArchiveLease& lease,
                                                                std::span<const Record> records,
                                                                std::string_view position) {
  Plan plan;
  Refusals refused;
  const auto stored = session_.transact([&](Connection& connection) -> Result<void> {
    plan = {};
    refused.clear();
    if (auto checked = check_lease(connection, lease, std::nullopt); !checked) return checked;
    if (auto loaded = load_images(connection, lease, records, plan); !loaded) return loaded;
    for (std::size_t k = 0; k < records.size(); ++k) {
      if (auto planned = plan_queued(connection, lease.shard, records[k], k, plan, refused); !planned) return planned;
    }
    if (auto done = put(connection, lease.shard, plan); !done) return done;
    if (auto compared = compare_queued(connection, plan, refused); !compared) return compared;
    const auto told =
        connection.run("UPDATE flashbid.shards SET position = $2, stored_at = clock_timestamp() WHERE shard = $1",
                       Parameters().add(lease.shard).add(position));
    if (!told) return std::unexpected(told.error());
    return {};
  });
  if (!stored) {
    images_.clear();
    tokens_.clear();
    return std::unexpected(stored.error());
  }
  keep_images(lease, std::move(plan));
  std::ranges::sort(refused, {}, &ArchiveRefusal::record);
  return refused;
}

Result<void> ArchiveWriter::plan_queued(Connection& connection, std::uint64_t shard, const Record& record,
                                        std::size_t index, Plan& plan, Refusals& refused) {
  const auto refuse = [&](std::string why, bool early = false) -> Result<void> {
    refused.push_back({index, early, std::move(why)});
    return {};
  };
  auto step = read_step(record);
  if (!step) return refuse(step.error().detail);
  const auto decoded = decode_event(*record.payload, record.secret);
  if (!decoded) return refuse(decoded.error().detail);
  Image& image = plan.images.at(record.auction);
  const Row row{&record, decoded->epoch, step->event->body.index() + 1, index};
  const Sequence reached = image.auction.sequence;
  // Repeated, or lost when a later epoch began.
  if (decoded->epoch < image.epoch || (record.sequence <= reached && decoded->epoch == image.epoch)) {
    plan.repeated.push_back(row);
    return {};
  }
  if (record.sequence > reached.next()) {
    return refuse(fmt::format("the event before it is missing: the archive has {} of this auction", reached.value()),
                  true);
  }
  Auction next = image.auction;
  if (record.sequence <= reached) {
    if (auto flushed = put(connection, shard, plan); !flushed) return flushed;
    auto before = image_before(connection, record.auction, record.sequence);
    if (!before) return std::unexpected(std::move(before.error()));
    next = std::move(*before);
  }
  if (const auto advanced = advance(next, record.auction, *step->event); !advanced) {
    return refuse(fmt::format("it does not follow the event before it: {}", advanced.error().detail));
  }
  if (record.sequence <= reached) {
    if (auto moved = supersede(connection, record); !moved) return moved;
  }
  image = {std::move(next), decoded->epoch};
  plan.fresh.push_back(row);
  if (step->key) plan.keys.push_back(std::move(*step->key));
  if (is_over(image.auction.state)) plan.endings.emplace_back(record.auction, record.at);
  return {};
}

// Before an event of a later epoch stands in their place.
Result<void> ArchiveWriter::supersede(Connection& connection, const Record& first) {
  const auto values = [&] { return Parameters().add(first.auction.value()).add(first.sequence.value()); };
  for (const char* sql :
       {"WITH gone AS (DELETE FROM flashbid.events WHERE auction = $1 AND sequence >= $2 RETURNING *) INSERT INTO "
        "flashbid.lost SELECT * FROM gone ON CONFLICT DO NOTHING",
        "DELETE FROM flashbid.answers WHERE auction = $1 AND sequence >= $2"}) {
    if (const auto done = connection.run(sql, values()); !done) return std::unexpected(done.error());
  }
  const auto ended =
      connection.run("DELETE FROM flashbid.endings WHERE auction = $1", Parameters().add(first.auction.value()));
  if (!ended) return std::unexpected(ended.error());
  return {};
}

Result<Auction> ArchiveWriter::image_before(Connection& connection, AuctionId auction, Sequence sequence) {
  constexpr std::int64_t page = 1'000;
  Auction image;
  for (;;) {
    const auto rows = connection.run(
        "SELECT payload, secret FROM flashbid.events WHERE auction = $1 AND sequence > $2 AND sequence < $3 ORDER BY "
        "sequence LIMIT $4",
        Parameters().add(auction.value()).add(image.sequence.value()).add(sequence.value()).add(page));
    if (!rows) return std::unexpected(rows.error());
    if (rows->count() == 0) return image;
    for (int row = 0; row < rows->count(); ++row) {
      const auto decoded = decode_event(rows->text(row, 0), rows->text(row, 1));
      if (!decoded) return std::unexpected(decoded.error());
      if (auto advanced = advance(image, auction, decoded->event); !advanced) {
        return std::unexpected(std::move(advanced.error()));
      }
    }
  }
}

// What is planned, but for the comparison.
Result<void> ArchiveWriter::put(Connection& connection, std::uint64_t shard, Plan& plan) {
  if (auto inserted = insert_events(connection, plan); !inserted) return inserted;
  if (auto put = put_images(connection, shard, plan); !put) return put;
  if (auto put = put_answers(connection, plan); !put) return put;
  plan.fresh.clear();
  plan.keys.clear();
  plan.endings.clear();
  return {};
}

// An event that is there already, also among the lost ones, is a repetition; another in its place is not.
Result<void> ArchiveWriter::compare_queued(Connection& connection, const Plan& plan, Refusals& refused) {
  if (plan.repeated.empty()) return {};
  const auto other = connection.run(
      fmt::format("SELECT u.i FROM {} WHERE NOT EXISTS (SELECT FROM flashbid.events v WHERE v.auction = u.a AND "
                  "v.sequence = u.s AND v.epoch = u.e AND v.payload = u.p AND v.secret = u.x) AND NOT EXISTS (SELECT "
                  "FROM flashbid.lost w WHERE w.auction = u.a AND w.sequence = u.s AND w.epoch = u.e AND w.payload = "
                  "u.p AND w.secret = u.x)",
                  repeated_rows),
      repeated_columns(plan));
  if (!other) return std::unexpected(other.error());
  for (int row = 0; row < other->count(); ++row) {
    refused.push_back({other->number(row, 0), false,
                       "the archive has another event in its place, or has gone on without it in a later epoch"});
  }
  return {};
}

}  // namespace flashbid
