// The watched auctions of one shard on this node: a mirror of each, moved on by the shard's stream, and who watches
// it on which loop. Lives on the Redis thread; tells the loops by posting to them, in order.
//
// A watcher is first told what one look into Redis shows, but no sooner than the mirror has come as far: from then on
// the stream's every later event is published behind it (INV-10). A new epoch, or a gap, makes everyone start over
// from a new look. Who comes back is told what the mirror's tail holds, if that is all that it missed; else a look is
// to show it, and there is one such look at a time.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/loop_port.hpp"
#include "engine/redis/node.hpp"
#include "engine/redis/stream_tail.hpp"
#include "feed/tail.hpp"

namespace flashbid {

class ShardFeed {
 public:
  struct Ports {
    boost::asio::io_context* io = nullptr;
    Node* node = nullptr;
    std::vector<LoopPort> loops;
    unsigned shard = 0;
  };

  explicit ShardFeed(Ports ports) : ports_(std::move(ports)) {}

  // `done` comes on the Redis thread; whatever is published later is posted later.
  void attach(std::size_t loop, AuctionId auction, std::optional<ResumePoint> from, AttachDone done);
  void detach(std::size_t loop, AuctionId auction);
  // The shard has moved to a new epoch: what watchers have may not be what goes on.
  void start_over();

  [[nodiscard]] std::uint32_t watchers(AuctionId auction) const;
  [[nodiscard]] std::size_t all_watchers() const { return all_watchers_; }

 private:
  // What the stream told while a look was under way: it may lie behind what the look will show.
  struct Early {
    Epoch epoch;
    Sequence sequence;
    std::string payload;
  };
  // Somebody who has been looked up and waits for the mirror to come as far.
  struct Waiting {
    std::size_t loop;
    std::optional<ResumePoint> from;
    AuctionLook look;
    AttachDone done;
  };
  struct Topic {
    SharedView mirror;  // null until the first look
    Tail tail;          // the newest events up to the mirror
    std::vector<std::uint32_t> watchers_by_loop;
    std::uint32_t watchers = 0;
    std::uint32_t asking = 0;  // looks under way
    std::vector<Waiting> waiting;
    std::vector<PublishedEvent> fresh;  // of the entries being read, not yet published
    std::vector<Early> early;
    bool is_stale = false;  // a new look is under way
  };
  struct Question {
    std::size_t loop;
    AuctionId auction;
    std::optional<ResumePoint> from;
    AttachDone done;
  };

  void ask(Question question);
  [[nodiscard]] bool continue_from_tail(Question& question);
  void look_back();
  void look(Question question);
  void on_positioned();
  void on_away(const Error& error);
  void on_look(Question question, Result<AuctionLook> look);
  void on_entries(std::span<const StreamEntry> entries);
  void take(AuctionId auction, Topic& topic, const StreamEntry& entry);
  void publish(AuctionId auction, Topic& topic);
  void look_again(AuctionId auction, Topic& topic);
  void look_later(AuctionId auction);
  void start_over(AuctionId auction, Topic& topic, const AuctionView& view);
  void take_early(AuctionId auction, Topic& topic);
  // `missed`: what came right before `view`, in sequence.
  void restart_from(AuctionId auction, Topic& topic, const AuctionView& view, std::span<const PublishedEvent> missed);
  void answer_waiting(AuctionId auction, Topic& topic);
  void answer(Topic& topic, Waiting waiting);
  void drop_if_unused(AuctionId auction);

  Ports ports_;
  std::unordered_map<AuctionId, Topic> topics_;
  std::unique_ptr<StreamTail> tail_;  // while anybody watches
  bool positioned_ = false;
  std::vector<Question> unasked_;     // until the tail knows where it stands
  std::deque<Question> coming_back_;  // until it is their turn
  bool looking_back_ = false;         // a look with what was missed is under way
  std::size_t all_watchers_ = 0;
};

}  // namespace flashbid
