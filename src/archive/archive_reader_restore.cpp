// What putting an auction back into Redis needs of the archive.
#include <fmt/format.h>

#include <utility>

#include "archive/archive_reader.hpp"
#include "ledger/event_codec.hpp"

namespace flashbid {

using archive::Parameters;

Result<std::optional<ArchiveOrigin>> ArchiveReader::origin() {
  const auto rows = session_.run("SELECT kind, shards FROM flashbid.origin");
  if (!rows) return std::unexpected(rows.error());
  if (rows->count() == 0) return std::nullopt;
  return ArchiveOrigin{std::string(rows->text(0, 0)), rows->number(0, 1)};
}

Result<AuctionId> ArchiveReader::last_id(AuctionId end) {
  const auto rows =
      session_.run("SELECT coalesce(max(id), 0) FROM flashbid.auctions WHERE id < $1", Parameters().add(end.value()));
  if (!rows) return std::unexpected(rows.error());
  return AuctionId{rows->number(0, 0)};
}

Result<std::vector<ArchivedPlace>> ArchiveReader::live(std::uint64_t shard, AuctionId after, std::size_t limit) {
  const auto rows = session_.run(
      "SELECT id, sequence, epoch FROM flashbid.auctions WHERE shard = $1 AND id > $2 AND state < 2 ORDER BY id "
      "LIMIT $3",
      Parameters().add(shard).add(after.value()).add(std::uint64_t{limit}));
  if (!rows) return std::unexpected(rows.error());
  std::vector<ArchivedPlace> places;
  for (int row = 0; row < rows->count(); ++row) {
    places.push_back(
        {AuctionId{rows->number(row, 0)}, Sequence{rows->number(row, 1)}, Epoch{rows->number(row, 2)}, {}});
  }
  return places;
}

Result<std::vector<ArchivedPlace>> ArchiveReader::over(std::uint64_t shard, Timestamp since, const ArchivedPlace& after,
                                                       std::size_t limit) {
  const auto rows = session_.run(
      "SELECT a.id, a.sequence, a.epoch, e.at FROM flashbid.endings e JOIN flashbid.auctions a ON a.id = e.auction "
      "WHERE a.shard = $1 AND e.at > $2 AND (e.at, e.auction) > ($3, $4) ORDER BY e.at, e.auction LIMIT $5",
      Parameters().add(shard).add(since.ms).add(after.over_at.ms).add(after.id.value()).add(std::uint64_t{limit}));
  if (!rows) return std::unexpected(rows.error());
  std::vector<ArchivedPlace> places;
  for (int row = 0; row < rows->count(); ++row) {
    places.push_back({AuctionId{rows->number(row, 0)}, Sequence{rows->number(row, 1)}, Epoch{rows->number(row, 2)},
                      Timestamp{rows->integer(row, 3)}});
  }
  return places;
}

Result<std::optional<ArchivedAuction>> ArchiveReader::archived(AuctionId id) {
  const auto rows = session_.run("SELECT image, epoch, shard, state, sequence FROM flashbid.auctions WHERE id = $1",
                                 Parameters().add(id.value()));
  if (!rows) return std::unexpected(rows.error());
  if (rows->count() == 0) return std::nullopt;
  auto image = decode_image(rows->text(0, 0));
  if (!image) return std::unexpected(image.error());
  return ArchivedAuction{std::move(*image), Epoch{rows->number(0, 1)}, rows->number(0, 2), rows->number(0, 3),
                         Sequence{rows->number(0, 4)}};
}

Result<std::optional<Epoch>> ArchiveReader::epoch_of(AuctionId auction, Sequence sequence) {
  const auto rows = session_.run("SELECT epoch FROM flashbid.events WHERE auction = $1 AND sequence = $2",
                                 Parameters().add(auction.value()).add(sequence.value()));
  if (!rows) return std::unexpected(rows.error());
  if (rows->count() == 0) return std::nullopt;
  return Epoch{rows->number(0, 0)};
}

Result<std::vector<ArchivedBid>> ArchiveReader::keyed_bids(AuctionId auction, Sequence after, std::size_t limit) {
  const auto rows = session_.run(
      "SELECT e.sequence, e.payload, e.secret, coalesce(n.payload, '') FROM flashbid.events e LEFT JOIN "
      "flashbid.events n ON n.auction = e.auction AND n.sequence = e.sequence + 1 WHERE e.auction = $1 AND "
      "e.sequence > $2 AND e.event = 3 AND e.secret <> '' ORDER BY e.sequence LIMIT $3",
      Parameters().add(auction.value()).add(after.value()).add(std::uint64_t{limit}));
  if (!rows) return std::unexpected(rows.error());
  std::vector<ArchivedBid> bids;
  for (int row = 0; row < rows->count(); ++row) {
    bids.push_back({Sequence{rows->number(row, 0)}, std::string(rows->text(row, 1)), std::string(rows->text(row, 2)),
                    std::string(rows->text(row, 3))});
  }
  return bids;
}

Result<std::vector<ArchivedCreation>> ArchiveReader::creations(const ArchivedCreation& after, std::size_t limit) {
  const auto rows = session_.run(
      "SELECT k.caller, k.key, k.fingerprint, k.auction, a.image FROM flashbid.answers k JOIN flashbid.auctions a ON "
      "a.id = k.auction WHERE k.operation = 2 AND k.scope = 0 AND (k.caller, k.key) > ($1, $2) ORDER BY k.caller, "
      "k.key LIMIT $3",
      Parameters().add(after.caller.view()).add(after.key.view()).add(std::uint64_t{limit}));
  if (!rows) return std::unexpected(rows.error());
  std::vector<ArchivedCreation> creations;
  for (int row = 0; row < rows->count(); ++row) {
    const auto caller = BidderId::from(rows->text(row, 0));  // may be empty: nobody had to say who it was
    const auto key = parse_idempotency_key(rows->text(row, 1));
    if (!caller || !key) return fail(Failure::corrupt, "the archive has a damaged key of a creation");
    auto image = decode_image(rows->text(row, 4));
    if (!image) return std::unexpected(image.error());
    creations.push_back(
        {*caller, *key, std::string(rows->text(row, 2)), AuctionId{rows->number(row, 3)}, image->closes_at});
  }
  return creations;
}

}  // namespace flashbid
