// A message of the socket as the frame that it is. What is left out here shows as a gap and is asked for again, so
// nothing behind this line looks at a frame's form any more. One thread.
#pragma once

#include <simdjson.h>

#include <string>
#include <variant>

#include "client/follower.hpp"

namespace flashbid::client {

struct BidResultFrame {
  std::string id;
  BidResult result;
};
struct TimeFrame {
  std::string id;
  Time server_time;
};
struct ErrorFrame {
  std::string id;                // of the bid or question that it answers; empty = of none
  std::uint64_t auction_id = 0;  // whose subscription it answers; 0 = of none
  Problem problem;
};

// std::monostate: none that this client knows.
using Frame = std::variant<std::monostate, SnapshotFrame, ResetFrame, EventFrame, StateFrame, BidResultFrame, TimeFrame,
                           ErrorFrame>;

class FrameReader {
 public:
  [[nodiscard]] Frame read(std::string_view text);

 private:
  simdjson::dom::parser parser_;
};

}  // namespace flashbid::client
