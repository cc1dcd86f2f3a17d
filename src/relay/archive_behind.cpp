#include "relay/archive_behind.hpp"

#include <utility>

namespace flashbid {
namespace {

constexpr std::chrono::milliseconds patience{1'000};

}  // namespace

ArchiveBehind::ArchiveBehind(ArchiveUrl url, std::function<void(const std::string& why)> on_trouble,
                             std::chrono::milliseconds quiet_after_failure)
    : archive_(std::move(url), patience),
      on_trouble_(std::move(on_trouble)),
      quiet_after_failure_(quiet_after_failure) {}

std::size_t ArchiveBehind::count(std::span<const Record> records) {
  if (records.empty() || Clock::now() < quiet_until_) return 0;
  const auto missing = archive_.first_missing(records);
  if (missing || missing.error().failure == Failure::corrupt) {
    if (std::exchange(in_trouble_, false)) on_trouble_({});
    return missing ? missing->value_or(records.size()) : 0;
  }
  quiet_until_ = Clock::now() + quiet_after_failure_;
  if (!std::exchange(in_trouble_, true)) on_trouble_(missing.error().detail);
  return 0;
}

}  // namespace flashbid
