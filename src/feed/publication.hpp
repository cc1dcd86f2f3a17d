// What the engine publishes once it is durable, and how it looks to a watcher. Values only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "auction/auction.hpp"
#include "base/executor.hpp"
#include "base/ids.hpp"

namespace flashbid {

// A durable auction as a reader sees it.
struct AuctionView {
  Auction auction;
  Epoch epoch;
  std::uint32_t watchers = 0;
};
using SharedView = std::shared_ptr<const AuctionView>;

// The forms in which a loop sends an event; each is encoded on first use and then shared by all watchers of the loop.
enum class FrameForm : std::uint8_t { websocket, sse };
using Frames = std::array<SharedBytes, 2>;  // by FrameForm; null until first used

struct PublishedEvent {
  Sequence sequence;
  SharedBytes json;  // the event's one text form (ledger/event_codec.hpp)
  Frames frames;     // belongs to the loop that holds this copy
};

// The state of an auction after its newest published event, for watchers that want only the latest.
struct StateUpdate {
  SharedView view;
  SharedBytes frame;  // the WebSocket `state` frame; null until first used
};

// All events of one auction that became durable together, in sequence, for one loop.
struct Publication {
  AuctionId auction;
  Epoch epoch;
  std::vector<PublishedEvent> events;
  SharedView view;  // the state after the last of them
};

}  // namespace flashbid
