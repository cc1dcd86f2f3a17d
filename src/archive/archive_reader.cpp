#include "archive/archive_reader.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "ledger/event_codec.hpp"

namespace flashbid {

using archive::NumberArray;
using archive::Parameters;
using archive::Rows;
using archive::TextArray;

namespace {

constexpr std::string_view record_columns = "auction, sequence, at, payload, secret";

Record record_of(const Rows& rows, int row) {
  return {AuctionId{rows.number(row, 0)},
          Sequence{rows.number(row, 1)},
          RecordKind::event,
          Timestamp{rows.integer(row, 2)},
          std::make_shared<const std::string>(rows.text(row, 3)),
          std::string(rows.text(row, 4))};
}

std::vector<Record> records_of(const Rows& rows) {
  std::vector<Record> records;
  for (int row = 0; row < rows.count(); ++row) records.push_back(record_of(rows, row));
  return records;
}

StoredAnswer answer_of(const Rows& rows, int row, int column) {
  return {std::string(rows.text(row, column)),
          AuctionId{rows.number(row, column + 1)},
          Sequence{rows.number(row, column + 2)},
          {}};
}

}  // namespace

Result<std::vector<StoredEvent>> ArchiveReader::events(AuctionId auction, Sequence after, std::size_t limit,
                                                       bool bids_only) {
  const auto rows =
      session_.run(fmt::format("SELECT sequence, payload FROM flashbid.events WHERE auction = $1 AND sequence > $2 {} "
                               "ORDER BY sequence LIMIT $3",
                               bids_only ? "AND event = 3" : ""),
                   Parameters().add(auction.value()).add(after.value()).add(std::uint64_t{limit}));
  if (!rows) return std::unexpected(rows.error());
  std::vector<StoredEvent> events;
  for (int row = 0; row < rows->count(); ++row) {
    events.push_back(
        {Sequence{rows->number(row, 0)}, RecordKind::event, std::make_shared<const std::string>(rows->text(row, 1))});
  }
  return events;
}

Result<std::optional<Auction>> ArchiveReader::auction(AuctionId id) {
  const auto rows = session_.run("SELECT image FROM flashbid.auctions WHERE id = $1", Parameters().add(id.value()));
  if (!rows) return std::unexpected(rows.error());
  if (rows->count() == 0) return std::nullopt;
  auto image = decode_image(rows->text(0, 0));
  if (!image) return std::unexpected(image.error());
  return std::move(*image);
}

Result<std::vector<Auction>> ArchiveReader::list(const ListQuery& query) {
  Parameters parameters;
  parameters.add(query.after.value()).add(std::uint64_t{query.limit});
  if (query.state) parameters.add(static_cast<std::uint64_t>(*query.state));
  const auto rows =
      session_.run(fmt::format("SELECT image FROM flashbid.auctions WHERE id > $1 {} ORDER BY id LIMIT $2",
                               query.state ? "AND state = $3" : ""),
                   parameters);
  if (!rows) return std::unexpected(rows.error());
  std::vector<Auction> auctions;
  for (int row = 0; row < rows->count(); ++row) {
    auto image = decode_image(rows->text(row, 0));
    if (!image) return std::unexpected(image.error());
    auctions.push_back(std::move(*image));
  }
  return auctions;
}

Result<std::optional<StoredAnswer>> ArchiveReader::answer(Operation operation, AuctionId auction,
                                                          const BidderId& caller, const IdempotencyKey& key) {
  const auto rows = session_.run(
      "SELECT fingerprint, auction, sequence FROM flashbid.answers WHERE operation = $1 AND scope = $2 AND caller = $3 "
      "AND key = $4",
      Parameters().add(static_cast<std::uint64_t>(operation)).add(auction.value()).add(caller.view()).add(key.view()));
  if (!rows) return std::unexpected(rows.error());
  if (rows->count() == 0) return std::nullopt;
  return answer_of(*rows, 0, 0);
}

Result<std::vector<Record>> ArchiveReader::records(AuctionId auction, Sequence after, std::size_t limit) {
  const auto rows =
      session_.run(fmt::format("SELECT {} FROM flashbid.events WHERE auction = $1 AND sequence > $2 ORDER BY sequence "
                               "LIMIT $3",
                               record_columns),
                   Parameters().add(auction.value()).add(after.value()).add(std::uint64_t{limit}));
  if (!rows) return std::unexpected(rows.error());
  return records_of(*rows);
}

Result<std::vector<RememberedKey>> ArchiveReader::keys(AuctionId auction) {
  const auto rows = session_.run(
      "SELECT operation, scope, caller, key, fingerprint, auction, sequence FROM flashbid.answers "
      "WHERE operation IN (1, 3) AND scope = $1 UNION ALL "
      "SELECT operation, scope, caller, key, fingerprint, auction, sequence FROM flashbid.answers "
      "WHERE operation = 2 AND auction = $1",
      Parameters().add(auction.value()));
  if (!rows) return std::unexpected(rows.error());
  std::vector<RememberedKey> keys;
  for (int row = 0; row < rows->count(); ++row) {
    const auto caller = BidderId::from(rows->text(row, 2));  // may be empty
    const auto key = parse_idempotency_key(rows->text(row, 3));
    if (!caller || !key) return fail(Failure::corrupt, fmt::format("auction {} has a damaged key", auction.value()));
    const StoredAnswer answer = answer_of(*rows, row, 4);
    keys.push_back({{static_cast<Operation>(rows->integer(row, 0)), *caller, *key, answer.fingerprint},
                    AuctionId{rows->number(row, 1)},
                    answer,
                    std::nullopt});
  }
  return keys;
}

Result<std::optional<ArchivePosition>> ArchiveReader::position(std::uint64_t shard) {
  const auto rows = session_.run(
      "SELECT epoch, position, CASE WHEN leased_until > clock_timestamp() THEN owner ELSE '' END FROM flashbid.shards "
      "WHERE shard = $1",
      Parameters().add(shard));
  if (!rows) return std::unexpected(rows.error());
  if (rows->count() == 0) return std::nullopt;
  return ArchivePosition{Epoch{rows->number(0, 0)}, std::string(rows->text(0, 1)), std::string(rows->text(0, 2))};
}

Result<std::optional<std::size_t>> ArchiveReader::first_missing(std::span<const Record> records) {
  NumberArray auctions;
  NumberArray sequences;
  TextArray payloads;
  TextArray secrets;
  for (const Record& record : records) {
    auctions.add(record.auction.value());
    sequences.add(record.sequence.value());
    payloads.add(*record.payload);
    secrets.add(record.secret);
  }
  const auto rows = session_.run(
      "SELECT u.n, v.payload IS NULL FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS u(a, s, p, x, n) LEFT JOIN "
      "flashbid.events v ON v.auction = u.a AND v.sequence = u.s WHERE v.payload IS DISTINCT FROM u.p OR "
      "v.secret IS DISTINCT FROM u.x ORDER BY v.payload IS NULL, u.n LIMIT 1",
      Parameters().add(auctions).add(sequences).add(payloads).add(secrets));
  if (!rows) return std::unexpected(rows.error());
  if (rows->count() == 0) return std::nullopt;
  const auto at = static_cast<std::size_t>(rows->number(0, 0)) - 1;
  if (rows->text(0, 1) == "t") return at;
  return fail(Failure::corrupt, fmt::format("auction {}, sequence {}: ledger and archive differ",
                                            records[at].auction.value(), records[at].sequence.value()));
}

}  // namespace flashbid
