#include "server/joined_frames.hpp"

#include <memory>
#include <string>
#include <utility>

#include "wire/encode.hpp"

namespace flashbid {

const SharedBytes& JoinedFrames::of(std::span<PublishedEvent> events) {
  if (events.size() == 1) return websocket_frame_of(events.front(), names_);
  if (first_json_ == events.front().json && count_ == events.size()) return joined_;
  auto joined = std::make_shared<std::string>();
  for (PublishedEvent& event : events) *joined += *websocket_frame_of(event, names_);
  first_json_ = events.front().json;
  count_ = events.size();
  joined_ = std::move(joined);
  return joined_;
}

}  // namespace flashbid
