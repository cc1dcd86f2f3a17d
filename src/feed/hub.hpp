// Broadcast on one loop: who watches which auction here, and what each is told. Lives on its loop's thread; owns the
// subscriptions, not the watchers; never blocks, never touches a socket.
//
// Order (INV-10): the source answers attach() and publishes through one channel per loop, first in first out. What a
// watcher is told on attaching holds everything up to then; every later publication reaches the hub after that answer.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/result.hpp"
#include "feed/publication.hpp"

namespace flashbid {

// Where a watcher wants to go on.
struct ResumePoint {
  std::optional<Epoch> epoch;  // none = whatever it is
  Sequence after;
};

// The first thing a watcher is told.
struct Snapshot {
  SharedView view;
  bool reset = false;  // the history that was asked for cannot be continued: start over from this
};
struct Continuation {
  Epoch epoch;
  std::vector<PublishedEvent> events;  // everything after the resume point, in sequence; may be empty
};
using Attached = std::variant<Snapshot, Continuation>;
using AttachDone = std::move_only_function<void(Result<Attached>)>;

// Port: where the hub gets its auctions from. Called on the hub's loop; answers arrive on it too.
class EventSource {
 public:
  virtual ~EventSource() = default;
  // From the answer on, the hub's publish() gets every later publication of `auction`. Failure::not_found if unknown.
  virtual void attach(AuctionId auction, std::optional<ResumePoint> from, AttachDone done) = 0;
  // One watcher less; once for every successful attach.
  virtual void detach(AuctionId auction) = 0;
};

enum class WatchMode : std::uint8_t {
  every,   // every event, in sequence
  latest,  // only ever the newest state
};

// Who watches. Called on the hub's loop. Must call unsubscribe() (or drop its Subscription) before it dies.
class Watcher {
 public:
  virtual ~Watcher() = default;
  virtual void on_snapshot(const Snapshot& snapshot) = 0;
  // In sequence, without gaps after the snapshot or the resume point. `events` may be encoded in place (frames).
  virtual void on_events(AuctionId auction, Epoch epoch, std::span<PublishedEvent> events) = 0;
  // The same for what was missed before the subscription, all at once: more than live ones ever are.
  virtual void on_missed(AuctionId auction, Epoch epoch, std::span<PublishedEvent> events) {
    on_events(auction, epoch, events);
  }
  // A newer state is there: fetch it by Hub::newest() when there is room to send it.
  virtual void on_newer_state(AuctionId auction) = 0;
  // The subscription could not be made (unknown auction, no ledger); it is over.
  virtual void on_refused(AuctionId auction, const Error& error) = 0;
};

class Hub {
 public:
  explicit Hub(EventSource& source) : source_(source) {}
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // Subscribes `watcher` to `auction`. Subscribing again replaces the subscription (a fresh snapshot or resume).
  void subscribe(Watcher& watcher, AuctionId auction, WatchMode mode, std::optional<ResumePoint> from);
  // False if it was not subscribed.
  bool unsubscribe(Watcher& watcher, AuctionId auction);

  // From the source, once the events are durable.
  void publish(Publication publication);
  // From the source, when the history that watchers have may not be the one that goes on (a new epoch): everyone who
  // watches that auction starts over from `view`.
  void reset(const SharedView& view);

  // The newest published state of an auction that somebody here watches; null if nobody does.
  [[nodiscard]] StateUpdate* newest(AuctionId auction);

  [[nodiscard]] std::size_t subscriptions() const { return subscriptions_; }

 private:
  struct Subscription {
    Watcher* watcher;  // null = unsubscribed during a publish(), swept after it
    WatchMode mode;
    bool attached = false;     // false: waiting for the source's answer
    std::uint64_t serial = 0;  // tells a subscription from an earlier one of the same watcher
  };
  struct Topic {
    std::vector<Subscription> subscriptions;
    StateUpdate newest;
  };

  void on_attached(AuctionId auction, Watcher& watcher, std::uint64_t serial, Result<Attached> answer);
  [[nodiscard]] Subscription* find(AuctionId auction, const Watcher& watcher);
  void erase(AuctionId auction, const Watcher& watcher);
  void sweep(AuctionId auction);

  EventSource& source_;
  std::unordered_map<AuctionId, Topic> topics_;  // nodes stay where they are while publish() walks one
  std::uint64_t next_serial_ = 1;
  std::size_t subscriptions_ = 0;
  bool publishing_ = false;
};

}  // namespace flashbid
