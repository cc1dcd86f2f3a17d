#include "bots/frame_memory.hpp"

#include <functional>

#include "checker/reading.hpp"

namespace flashbid::bots {

std::size_t FrameMemory::slot_of(std::string_view text) { return std::hash<std::string_view>{}(text) % 4096; }

const FrameMemory::Event* FrameMemory::find(std::string_view text) const {
  const Slot& slot = slots_[slot_of(text)];
  return slot.text == text ? &slot.event : nullptr;
}

Result<FrameMemory::Event> FrameMemory::keep(std::string_view text, simdjson::dom::element json) {
  const auto read = read_event(json, bidders_);
  if (!read) return std::unexpected(read.error());
  checker::Fields fields(json);
  const Event event{AuctionId(fields.number("auction_id")), read->epoch, read->sequence, digest_of(*read)};
  if (!fields.good()) return fail(Failure::invalid, fields.error());
  slots_[slot_of(text)] = {std::string(text), event};
  return event;
}

}  // namespace flashbid::bots
