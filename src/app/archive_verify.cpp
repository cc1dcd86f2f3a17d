#include "app/archive_verify.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "archive/verify.hpp"
#include "ledger/sqlite/ordered_reader.hpp"

namespace flashbid {
namespace {

constexpr int violation = 1;
constexpr int unusable = 2;
constexpr int not_drained = 3;

int told(const Error& error) {
  fmt::print(stderr, "flashbid verify: {}\n", error.detail);
  return error.failure == Failure::corrupt ? violation : unusable;
}

// Every event of the ledger is in the archive, byte for byte; and no more are.
int compare(const std::string& data, ArchiveReader& archive, std::uint64_t archived) {
  constexpr std::size_t page = 1'000;
  auto ledger = OrderedReader::open(data);
  if (!ledger) return told(ledger.error());
  std::uint64_t events = 0;
  for (std::int64_t position = 0;;) {
    const auto slice = (*ledger)->read(position, page);
    if (!slice) return told(slice.error());
    const auto missing = archive.first_missing(slice->records);
    if (!missing) return told(missing.error());
    if (*missing) {
      const Record& record = slice->records.at(**missing);
      fmt::print(stderr, "flashbid verify: auction {}, sequence {} and what follows is not archived yet\n",
                 record.auction.value(), record.sequence.value());
      return not_drained;
    }
    events += slice->records.size();
    if (slice->position == position) break;
    position = slice->position;
  }
  if (events >= archived) return 0;
  fmt::print(stderr, "flashbid verify: the archive holds {} events, the ledger {}\n", archived, events);
  return violation;
}

}  // namespace

int verify_archive_of(const std::string& data, const std::string& url) {
  auto parsed = ArchiveUrl::parse(url);
  if (!parsed) return told({Failure::invalid, "--archive: " + parsed.error().detail});
  const std::string shown = parsed->shown;
  ArchiveReader archive(std::move(*parsed));
  const auto verified = verify_archive(archive);
  if (!verified) return told(verified.error());
  if (!data.empty()) {
    if (const int verdict = compare(data, archive, verified->events); verdict != 0) return verdict;
  }
  fmt::print("{}: consistent. {} auctions, {} events{}.\n", shown, verified->auctions, verified->events,
             data.empty() ? "" : ", equal to the ledger");
  return 0;
}

}  // namespace flashbid
