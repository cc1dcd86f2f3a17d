#include "archive/verify.hpp"

#include <fmt/format.h>

#include <utility>

#include "ledger/replay.hpp"

namespace flashbid {
namespace {

constexpr std::size_t page = 1'000;

std::unexpected<Error> about(AuctionId id, std::string_view why) {
  return fail(Failure::corrupt, fmt::format("auction {}: {}", id.value(), why));
}

// Plays what has been stored since `replay` stood still.
Result<std::uint64_t> play_rest(ArchiveReader& archive, Replay& replay, AuctionId id) {
  std::uint64_t played = 0;
  for (;;) {
    const auto records = archive.records(id, replay.auction().sequence, page);
    if (!records) return std::unexpected(records.error());
    for (const Record& record : *records) {
      if (auto done = replay.play(record); !done) return std::unexpected(std::move(done.error()));
    }
    played += records->size();
    if (records->size() < page) return played;
  }
}

// The image is the state after the events; events stored after they were read are played too.
Result<std::uint64_t> end_of(ArchiveReader& archive, Replay& replay, AuctionId id) {
  const auto image = archive.auction(id);
  if (!image) return std::unexpected(image.error());
  if (!*image) return about(id, "it has events and no image");
  const auto more = play_rest(archive, replay, id);
  if (!more) return more;
  if (replay.auction().sequence < (*image)->sequence) return about(id, "its image is ahead of its events");
  if (replay.auction() == **image) return more;
  const auto again = archive.auction(id);  // a relay may have stored meanwhile
  if (!again) return std::unexpected(again.error());
  if (*again && **again == replay.auction()) return more;
  if (*again && (*again)->sequence > (*image)->sequence) return more;
  return about(id, "its image is not the state after its events");
}

}  // namespace

Result<VerifiedArchive> verify_archive(ArchiveReader& archive) {
  VerifiedArchive verified;
  std::optional<Replay> replay;
  AuctionId auction;
  const auto end = [&]() -> Result<void> {
    if (!replay) return {};
    const auto more = end_of(archive, *replay, auction);
    if (!more) return std::unexpected(more.error());
    verified.events += *more;
    ++verified.auctions;
    return {};
  };
  Sequence sequence;
  for (;;) {
    const auto records = archive.all_records(auction, sequence, page);
    if (!records) return std::unexpected(records.error());
    for (const Record& record : *records) {
      if (!replay || record.auction != auction) {
        if (auto ended = end(); !ended) return std::unexpected(std::move(ended.error()));
        auction = record.auction;
        replay.emplace(auction);
      }
      if (auto played = replay->play(record); !played) return std::unexpected(std::move(played.error()));
      sequence = record.sequence;
      ++verified.events;
    }
    if (records->size() < page) break;
  }
  if (auto ended = end(); !ended) return std::unexpected(std::move(ended.error()));
  const auto images = archive.count_images_without_events();
  if (!images) return std::unexpected(images.error());
  if (*images == 0) return verified;
  return fail(Failure::corrupt, fmt::format("{} auctions have an image and no events", *images));
}

}  // namespace flashbid
