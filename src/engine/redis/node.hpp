// What one node asks of Redis, and what it makes of the answers. It decides nothing: Redis does. Lives on the Redis
// thread: every method is called there, and every `done` comes there, exactly once.
//
// A call whose shard is at another epoch than we knew is surely not executed: it adopts the epoch, if the primary is
// the one that we admitted, and calls again. What was sent before, and its answer lost, stays in doubt through all
// calls.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.hpp"
#include "engine/history_reader.hpp"
#include "engine/redis/admission.hpp"
#include "engine/redis/durability.hpp"
#include "engine/redis/loss_watch.hpp"
#include "redis/client.hpp"

namespace flashbid {

// What a watcher is to be told of an auction, as one atomic look into Redis.
struct AuctionLook {
  AuctionView view;
  Sequence first;                      // the lowest sequence that Redis still has
  std::vector<PublishedEvent> events;  // after the sequence that was asked for, in order, up to the view's own
};

// Counted on the Redis thread, read by any.
struct NodeCounters {
  std::atomic<std::uint64_t> accepted{0};
  std::array<std::atomic<std::uint64_t>, 8> rejected_by_reason{};
  std::atomic<std::uint64_t> repeated{0};
  std::atomic<std::uint64_t> lost{0};  // accepted and acknowledged by this node, gone after a failover
  std::atomic<std::uint64_t> short_of_replicas{0};
};

class Node {
 public:
  struct Options {
    unsigned shards = redis::default_shards;
    RedisDurability durability;
    std::chrono::milliseconds replica_patience{500};  // how long an accepted bid waits for its replicas
    HistoryReader* archive = nullptr;                 // what has left Redis is read there; null = nowhere
    std::function<void(Task)> back_here;              // runs a task on the Redis thread; any thread may call
    std::function<Timestamp()> now;                   // Redis's clock
    std::function<std::uint32_t(AuctionId)> watchers;
    std::function<void(const std::string& line)> on_notice;
  };

  Node(redis::Client& client, Admission& admission, Options options);

  void bid(const BidRequest& request, BidDone done);
  void create(CreateRequest request, AuctionDone done);
  void cancel(CancelRequest request, AuctionDone done);
  // Opens and closes what is due on a shard; tells when the next boundary there is, by Redis's clock, if there is one.
  struct Ticked {
    std::optional<Timestamp> next;
    Timestamp now;
  };
  void tick(unsigned shard, std::move_only_function<void(Result<Ticked>)> done);
  // Whether a bid would be decided there now. A tick does not tell: it runs in a full Redis too.
  void may_write(unsigned shard, std::move_only_function<void(Result<void>)> done);

  void read(AuctionId auction, AuctionDone done);
  void list(const ListQuery& query, ListDone done);
  void events(const EventsQuery& query, EventsDone done);
  void actions(AuctionId auction, ActionsDone done);
  void rejections(AuctionId auction, RejectionsDone done);
  // `after`: none = no events; at most the newest longest_resume of them are worth asking for. What has been trimmed is
  // read in the archive; if that is away, `first` says what is missing.
  void look(AuctionId auction, std::optional<Sequence> after, std::move_only_function<void(Result<AuctionLook>)> done);

  // The shard has moved to a new epoch: what was acknowledged here and is not there will be counted and said, once it
  // can be asked for.
  void on_epoch(unsigned shard, Epoch epoch) { losses_.suspect(shard, epoch, options_.now()); }

  [[nodiscard]] unsigned shard_of(AuctionId id) const { return redis::shard_of(id, options_.shards); }
  [[nodiscard]] unsigned shards() const { return options_.shards; }
  [[nodiscard]] const NodeCounters& counters() const { return counters_; }
  [[nodiscard]] redis::Client& client() { return client_; }

 private:
  using Build = std::function<redis::Command(Epoch)>;  // the call under that epoch
  using Answered = std::move_only_function<void(Result<redis::Reply>)>;
  struct Call;
  // A list that is being put together.
  struct Gathering {
    ListQuery query;  // with one more than was asked for: tells whether there are more
    ListDone done;
    std::vector<AuctionView> views;
    std::size_t missing = 0;
    std::optional<Error> error;
  };

  // Calls, and again under the shard's new epoch if need be; `answered` gets no EPOCH and no NOSHARD reply.
  void call(unsigned shard, Build build, Answered answered);
  void call(const std::shared_ptr<Call>& call);
  void learn_epoch(const std::shared_ptr<Call>& call);
  void read_only(unsigned shard, redis::Command command, Answered answered);

  void on_bid_reply(const BidRequest& request, Epoch epoch, const redis::Reply& reply, BidDone& done);
  void create_under(AuctionId id, CreateRequest request, AuctionDone done);
  void refuse_creation(const CreateRequest& request, AuctionId id, Error why, AuctionDone done);

  // What has been accepted (node_accepted.cpp).
  struct Accepted {
    BidAnswer answer;
    Epoch epoch;  // in which it was accepted
    BidDone done;
  };
  // The way to learn what the replicas of a shard have received.
  struct Replicas {
    std::vector<Accepted> waiting;                 // not asked for yet
    unsigned asks = 0;                             // for the first of them, in vain
    bool asking = false;                           // for those before them
    std::shared_ptr<redis::Dedicated> connection;  // from the first bid on
  };
  void acknowledge(unsigned shard, Accepted bid);
  void ask_replicas(unsigned shard);
  void on_replicas(unsigned shard, std::vector<Accepted> asked, bool enough);
  void count_losses(unsigned shard);
  void ask_what_is_kept(unsigned shard, const LossWatch::Suspect& suspect);
  void count_loss(unsigned shard, const LossWatch::Suspect& suspect, const Result<Sequence>& kept);

  [[nodiscard]] Result<AuctionView> view_of(const redis::Reply& image, Epoch epoch) const;
  void finish(Gathering& gathering) const;
  void events(const EventsQuery& query, EventsPage page, EventsDone done);

  // What has left Redis (node_archive.cpp). Runs `ask` where the archive is read, then `tell` on the Redis thread.
  using LookDone = std::move_only_function<void(Result<AuctionLook>)>;
  template <class Value>
  void in_archive(std::move_only_function<Result<Value>(LedgerReader&)> ask,
                  std::move_only_function<void(Result<Value>)> tell);
  void bid_on_archived(const BidRequest& request, BidDone done);
  void create_unless_archived(AuctionId id, bool again, CreateRequest request, AuctionDone done);
  void create_again(AuctionId id, AuctionDone done);
  void archived_sequence(AuctionId id, std::move_only_function<void(Result<Sequence>)> done);  // 0 = not there
  void cancel_archived(const CancelRequest& request, AuctionDone done);
  void read_archived(AuctionId auction, AuctionDone done);
  void look_archived(AuctionId auction, std::optional<Sequence> after, LookDone done);
  void complete(AuctionLook look, Sequence after, LookDone done);
  void add_archived(const std::shared_ptr<Gathering>& gathering);
  void archived_actions(AuctionId auction, ActionsDone done);  // of one that is over, all of them
  void archived_actions(AuctionId auction, std::vector<Sequence> first, std::vector<OperatorAction> rest,
                        ActionsDone done);
  void archived_events(const EventsQuery& query, Sequence up_to, EventsPage page, EventsDone done);

  redis::Client& client_;
  Admission& admission_;
  Options options_;
  std::vector<std::string> meta_keys_;  // by shard
  struct Names {
    std::string bid, create, cancel, tick, view, events, actions, rejections, list, reserve_id, release_key, may_write;
  } names_;
  NodeCounters counters_;
  LossWatch losses_;
  std::size_t counting_ = 0;                           // suspects that are being asked for
  std::chrono::steady_clock::time_point count_again_;  // no sooner
  std::vector<Replicas> replicas_;                     // by shard
};

}  // namespace flashbid
