// The event frames read lately: a thousand watchers get the same bytes, which are parsed once. Lives on the
// simulation's thread.
#pragma once

#include <simdjson.h>

#include <array>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "checker/history.hpp"

namespace flashbid::bots {

class FrameMemory {
 public:
  struct Event {
    AuctionId auction;
    Epoch epoch;
    Sequence sequence;
    std::uint64_t digest = 0;
  };
  explicit FrameMemory(checker::Names& bidders) : bidders_(bidders) {}
  // What the frame is about; none if it is not an event frame, or an error if it is a bad one.
  [[nodiscard]] const Event* find(std::string_view text) const;
  [[nodiscard]] Result<Event> keep(std::string_view text, simdjson::dom::element json);
  [[nodiscard]] simdjson::dom::parser& parser() { return parser_; }

 private:
  struct Slot {
    std::string text;
    Event event;
  };
  [[nodiscard]] static std::size_t slot_of(std::string_view text);
  checker::Names& bidders_;
  simdjson::dom::parser parser_;
  std::array<Slot, 4096> slots_;
};

}  // namespace flashbid::bots
