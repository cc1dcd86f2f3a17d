// The one writer of its auctions: orders every command, decides, hands batches to the committer, and tells replies and
// watchers once they are durable. Everything here runs on the shard's loop; the committer's calls hop onto it.
//
// A slot's `durable` auction is what readers see; `ahead` is what commands are decided on while events are in flight.
// A reply rests on the last batch its slot has in flight, rejections included, and leaves with it; with nothing in
// flight it leaves at once. A failed batch drops every `ahead`: that is the whole undo.
#pragma once

#include <array>
#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <vector>

#include "auction/decide.hpp"
#include "base/executor.hpp"
#include "base/time.hpp"
#include "engine/embedded/batch.hpp"
#include "engine/embedded/committer.hpp"
#include "engine/embedded/slot.hpp"
#include "engine/engine.hpp"
#include "engine/history_reader.hpp"
#include "engine/loop_port.hpp"
#include "feed/hub.hpp"
#include "ledger/ledger.hpp"

namespace flashbid {

class Shard final : public Committer::Shard {
 public:
  struct Ports {
    std::size_t index;  // of this shard and of its loop in `loops`
    std::vector<LoopPort> loops;
    Committer* committer;
    Clock* clock;
    std::unique_ptr<LedgerReader> reader;  // short look-ups, on this loop
    HistoryReader* history;                // long reads, elsewhere
    Epoch epoch;
  };

  // Bounds, all per shard.
  static constexpr std::size_t max_waiting_replies = 200'000;  // above: unavailable
  static constexpr std::size_t max_remembered_rejections = 100'000;
  static constexpr Duration rejection_memory{600'000};
  static constexpr Duration retry_pause{1'000};             // before a due boundary that failed is tried again
  static constexpr std::size_t max_cold_auctions = 10'000;  // over and in history, kept for readers
  static constexpr std::size_t watched_tail = 1'024;        // events kept for watchers that resume

  explicit Shard(Ports ports);

  // Start-up, before any thread runs: images first, then the journal's records in order.
  [[nodiscard]] Result<void> restore(Auction image);
  [[nodiscard]] Result<void> restore(const Record& record);

  void set_epoch(Epoch epoch) { ports_.epoch = epoch; }

  // Commands. `done` is called on this loop.
  void bid(const BidRequest& request, BidDone done);
  void create(AuctionId id, const CreateRequest& request, AuctionDone done);
  void cancel(const CancelRequest& request, AuctionDone done);
  // Opens and closes what is due; returns when to call again at the latest.
  Timestamp tick();

  // Reads.
  void read(AuctionId id, AuctionDone done);
  [[nodiscard]] std::vector<AuctionView> page(const ListQuery& query) const;
  void events(const EventsQuery& query, EventsDone done);
  void actions(AuctionId id, ActionsDone done);
  void rejections(AuctionId id, RejectionsDone done);
  // The auction as its creation left it, for a repeated create.
  void read_as_created(AuctionId id, AuctionDone done);
  void attach(std::size_t loop, AuctionId id, std::optional<ResumePoint> from, AttachDone done);
  void detach(std::size_t loop, AuctionId id);

  // From the committer's thread.
  void committed(std::shared_ptr<Batch> batch) override;
  void failed(std::shared_ptr<Batch> batch, Error error) override;
  void moved(std::vector<Moved> moved) override;

  // Any thread.
  void count_into(EngineCounters& counters) const;

 private:
  struct RejectedKey {
    Timestamp decided_at;
    AuctionId auction;
    CallerKey key;
  };
  struct Boundary {
    Timestamp at;
    AuctionId auction;
    friend bool operator>(const Boundary& a, const Boundary& b) { return a.at > b.at; }
  };
  struct Collect {
    EventsQuery query;
    std::vector<PublishedEvent> events;  // so far
  };
  using CollectDone = std::move_only_function<void(Result<std::vector<PublishedEvent>>)>;
  // One total of this loop, read by any thread.
  class Counter {
   public:
    void add(std::uint64_t n = 1) {
      value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    void set(std::uint64_t n) { value_.store(n, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<std::uint64_t> value_{0};
  };

  // The slot, loaded from history if it is not in memory; null = no such auction.
  [[nodiscard]] Result<Slot*> find(AuctionId id);
  [[nodiscard]] Slot* in_memory(AuctionId id) const;
  Slot& insert(AuctionId id);
  void erase(Slot& slot);
  void keep_cold(Slot& slot);

  // shard_commit.cpp
  Batch& open_batch();
  Batch& batch_in_flight(std::uint64_t number);
  // 0 = recovered, or none: durable.
  [[nodiscard]] bool is_durable(std::uint64_t batch) const;
  // Says no for what the batch holds, once that is durable (INV-2); if it never will be, tells that instead.
  template <class T>
  void refuse_when_durable(std::uint64_t batch, Error refusal, std::move_only_function<void(Result<T>)> done) {
    if (is_durable(batch)) return done(std::unexpected(std::move(refusal)));
    ++waiting_replies_;
    batch_in_flight(batch).others.emplace_back(
        [done = std::move(done), refusal = std::move(refusal)](const Error* failure) mutable {
          done(std::unexpected(failure != nullptr ? *failure : refusal));
        });
  }
  // What a command brings with it that only the ledger learns.
  struct Hidden {
    std::optional<KeyUse> key_use;
    BidderId by{};  // the operator; empty = none, or unknown
  };
  void append(Slot& slot, const Events& events, const Hidden& hidden);
  void append_answer(Slot& slot, const BidAnswer& answer, const KeyUse& key_use);
  void flush();
  void on_committed(const std::shared_ptr<Batch>& batch);
  void on_failed(const std::shared_ptr<Batch>& batch, const Error& error);
  void undo(Batch& batch);
  void fail_replies(Batch& batch, const Error& error);
  void on_moved(const std::vector<Moved>& moved);
  void publish(Slot& slot, Sequence before);
  void recycle(std::shared_ptr<Batch> batch);
  void watch_boundary(const Auction& auction);

  // shard_answers.cpp
  // True if the key was used before and `done` has been or will be answered by that.
  bool answer_again(Slot& slot, const BidRequest& request, BidDone& done);
  bool answer_again(Slot& slot, const CancelRequest& request, AuctionDone& done);
  [[nodiscard]] Result<std::optional<Remembered>> recall(Slot& slot, const CallerKey& key);
  [[nodiscard]] Result<Event> stored_event(Slot& slot, Sequence sequence);
  [[nodiscard]] Result<BidAnswer> answer_from_events(Slot& slot, Sequence bid);
  void remember(Slot& slot, Batch& batch, const CallerKey& key, Remembered remembered);
  void forget_old_rejections();
  [[nodiscard]] RememberedAnswers& remembered_of(Slot& slot);
  void restore_key(Slot& slot, const Event& event, const std::optional<KeyUse>& key_use);

  // shard_read.cpp
  [[nodiscard]] AuctionView view_of(const Slot& slot) const;
  [[nodiscard]] Rejections merged(const Slot& slot, std::vector<StoredRejection> stored) const;
  void collect(Collect collecting, CollectDone done);
  void collect_from_history(Collect collecting, CollectDone done);
  void finish_attach(Slot& slot, std::size_t loop);

  [[nodiscard]] Executor& loop() const { return *ports_.loops[ports_.index].executor; }

  Ports ports_;
  boost::unordered_flat_map<AuctionId, std::unique_ptr<Slot>, std::hash<AuctionId>> slots_;
  std::array<std::set<AuctionId>, 4> by_state_;  // durable auctions in memory, by AuctionState
  std::priority_queue<Boundary, std::vector<Boundary>, std::greater<>>
      boundaries_;  // at least one entry a live auction
  std::deque<AuctionId> cold_;
  std::deque<RejectedKey> rejected_keys_;  // remembered rejections, oldest first

  std::shared_ptr<Batch> open_;                   // what this round has decided; null = nothing yet
  std::deque<std::shared_ptr<Batch>> in_flight_;  // with the committer, oldest first
  std::vector<std::shared_ptr<Batch>> spare_;
  std::uint64_t next_batch_ = 1;
  std::uint64_t generation_ = 0;
  std::size_t waiting_replies_ = 0;
  bool stopped_ = false;  // a sync has failed: nothing is decided any more

  std::pair<Slot*, CallerKey> last_restored_bid_{};  // restore(): its `extended` may be the next record

  Counter accepted_;
  std::array<Counter, 8> rejected_by_reason_;
  Counter repeated_;
  Counter events_;
  Counter auctions_in_memory_;
  Counter watchers_;
};

}  // namespace flashbid
