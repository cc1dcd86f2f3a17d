// The WebSocket frames of events that were published together, joined once for all watchers of a loop: each then holds
// one piece instead of many. Belongs to one loop.
#pragma once

#include <cstddef>
#include <span>

#include "base/executor.hpp"
#include "feed/publication.hpp"
#include "wire/bidder_names.hpp"

namespace flashbid {

class JoinedFrames {
 public:
  explicit JoinedFrames(BidderNames names) : names_(names) {}

  // More are not worth joining: they go to one watcher that resumes.
  static constexpr std::size_t most_joined = 64;

  // 1 … most_joined events in sequence; the same events give the same bytes as long as no others come between.
  [[nodiscard]] const SharedBytes& of(std::span<PublishedEvent> events);

 private:
  BidderNames names_;
  SharedBytes first_json_;  // names the events that joined_ is of
  std::size_t count_ = 0;
  SharedBytes joined_;
};

}  // namespace flashbid
