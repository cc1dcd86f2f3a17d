// What every engine does to the refused bids that it remembers before it tells them. Pure; any thread.
#pragma once

#include <algorithm>
#include <tuple>

#include "engine/engine.hpp"

namespace flashbid {

// Puts them in order, and lets go of the oldest if there are too many: what is missing then is no longer promised.
inline void keep_latest(Rejections& told) {
  const auto place = [](const BidAnswer& one) { return std::tie(one.decided_at, one.as_of_sequence, one.bidder); };
  std::ranges::sort(told.answers, {}, place);
  if (told.answers.size() < most_rejections_told) return;
  const auto too_many = static_cast<std::ptrdiff_t>(told.answers.size() - most_rejections_told);
  told.answers.erase(told.answers.begin(), told.answers.begin() + too_many);
  told.since = std::max(told.since, told.answers.front().decided_at + Duration{1});
}

}  // namespace flashbid
