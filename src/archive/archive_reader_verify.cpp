// What proving an archive consistent needs of it. Each statement sees one moment of it, also while a relay stores.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "archive/archive_reader.hpp"
#include "archive/key_columns.hpp"

namespace flashbid {

using archive::Parameters;

Result<std::vector<ArchivedEvent>> ArchiveReader::rows(AuctionId auction, Sequence after, std::size_t limit,
                                                       bool only) {
  const auto rows = session_.run(
      fmt::format("SELECT auction, sequence, at, payload, secret, epoch, event FROM flashbid.events WHERE {} "
                  "ORDER BY auction, sequence LIMIT $3",
                  only ? "auction = $1 AND sequence > $2" : "(auction, sequence) > ($1, $2)"),
      Parameters().add(auction.value()).add(after.value()).add(std::uint64_t{limit}));
  if (!rows) return std::unexpected(rows.error());
  std::vector<ArchivedEvent> events;
  events.reserve(static_cast<std::size_t>(rows->count()));
  for (int row = 0; row < rows->count(); ++row) {
    events.push_back({{AuctionId{rows->number(row, 0)}, Sequence{rows->number(row, 1)}, RecordKind::event,
                       Timestamp{rows->integer(row, 2)}, std::make_shared<const std::string>(rows->text(row, 3)),
                       std::string(rows->text(row, 4))},
                      Epoch{rows->number(row, 5)},
                      rows->number(row, 6)});
  }
  return events;
}

Result<std::uint64_t> ArchiveReader::count_images_without_events() {
  const auto rows = session_.run(
      "SELECT count(*) FROM flashbid.auctions a WHERE NOT EXISTS (SELECT FROM "
      "flashbid.events e WHERE e.auction = a.id)");
  if (!rows) return std::unexpected(rows.error());
  return rows->number(0, 0);
}

Result<std::vector<ArchivedKey>> ArchiveReader::remembered(const RememberedKey& after, std::size_t limit) {
  const auto rows = session_.run(
      "SELECT k.operation, k.scope, k.caller, k.key, k.fingerprint, k.auction, k.sequence, coalesce(e.secret, '') "
      "FROM flashbid.answers k LEFT JOIN flashbid.events e ON e.auction = k.auction AND e.sequence = k.sequence "
      "WHERE (k.operation, k.scope, k.caller, k.key) > ($1, $2, $3, $4) "
      "ORDER BY k.operation, k.scope, k.caller, k.key LIMIT $5",
      Parameters()
          .add(after.use.key.empty() ? std::uint64_t{0} : static_cast<std::uint64_t>(after.use.operation))
          .add(after.scope.value())
          .add(after.use.caller.view())
          .add(after.use.key.view())
          .add(std::uint64_t{limit}));
  if (!rows) return std::unexpected(rows.error());
  std::vector<ArchivedKey> keys;
  for (int row = 0; row < rows->count(); ++row) {
    const auto caller = BidderId::from(rows->text(row, 2));  // may be empty
    const auto key = parse_idempotency_key(rows->text(row, 3));
    if (!caller || !key) return fail(Failure::corrupt, "the archive remembers a damaged key");
    StoredAnswer answer{
        std::string(rows->text(row, 4)), AuctionId{rows->number(row, 5)}, Sequence{rows->number(row, 6)}, {}};
    KeyUse use{static_cast<Operation>(rows->integer(row, 0)), *caller, *key, answer.fingerprint};
    keys.push_back({{std::move(use), AuctionId{rows->number(row, 1)}, std::move(answer), std::nullopt},
                    std::string(rows->text(row, 7))});
  }
  return keys;
}

Result<std::optional<std::size_t>> ArchiveReader::first_forgotten(std::span<const RememberedKey> keys) {
  const auto rows = session_.run(
      fmt::format("SELECT u.n FROM {} JOIN flashbid.auctions x ON x.id = u.a LEFT JOIN flashbid.answers w "
                  "ON w.operation = u.o AND w.scope = u.c AND w.caller = u.r AND w.key = u.k "
                  "WHERE (w.fingerprint, w.auction, w.sequence) IS DISTINCT FROM (u.f, u.a, u.s) "
                  "AND (x.state < 2 OR (u.o <> 2 AND EXISTS (SELECT FROM flashbid.events l JOIN flashbid.endings e "
                  "ON e.at = l.at AND e.auction = l.auction WHERE l.auction = x.id AND l.sequence = x.sequence))) "
                  "ORDER BY u.n LIMIT 1",
                  archive::key_rows),
      archive::key_columns(keys));
  if (!rows) return std::unexpected(rows.error());
  if (rows->count() == 0) return std::nullopt;
  return static_cast<std::size_t>(rows->number(0, 0)) - 1;
}

Result<bool> ArchiveReader::has_ending(AuctionId auction, Timestamp at) {
  const auto rows = session_.run("SELECT count(*) FROM flashbid.endings WHERE at = $1 AND auction = $2",
                                 Parameters().add(at.ms).add(auction.value()));
  if (!rows) return std::unexpected(rows.error());
  return rows->number(0, 0) == 1;
}

Result<std::optional<AuctionId>> ArchiveReader::wrong_ending() {
  const auto rows = session_.run(
      "SELECT e.auction FROM flashbid.endings e LEFT JOIN flashbid.auctions a ON a.id = e.auction "
      "LEFT JOIN flashbid.events l ON l.auction = a.id AND l.sequence = a.sequence "
      "WHERE a.state IS NULL OR a.state < 2 OR l.at IS DISTINCT FROM e.at LIMIT 1");
  if (!rows) return std::unexpected(rows.error());
  if (rows->count() == 0) return std::nullopt;
  return AuctionId{rows->number(0, 0)};
}

}  // namespace flashbid
