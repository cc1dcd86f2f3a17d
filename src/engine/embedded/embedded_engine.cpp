#include "engine/embedded/embedded_engine.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"
#include "engine/embedded/directory.hpp"
#include "engine/embedded/shard.hpp"
#include "engine/history_reader.hpp"
#include "ledger/event_codec.hpp"

namespace flashbid {

// Everything the engine owns, in the order in which it is built.
struct EmbeddedEngine::Parts {
  class LoopEngine;

  EmbeddedOptions options;
  Epoch epoch;
  std::unique_ptr<HistoryReader> history;
  std::unique_ptr<Committer> committer;
  std::vector<std::unique_ptr<LoopEngine>> loop_engines;
  std::vector<std::unique_ptr<Shard>> shards;
  std::unique_ptr<Directory> directory;

  [[nodiscard]] std::size_t shard_of(AuctionId id) const { return id.value() % shards.size(); }
  [[nodiscard]] Executor& loop(std::size_t k) const { return *options.loops[k]; }
};

// One loop's view: runs a call at once if the auction's shard is this loop's, else there, and brings the answer back.
class EmbeddedEngine::Parts::LoopEngine final : public Engine, private EventSource {
 public:
  LoopEngine(Parts& parts, std::size_t index) : parts_(parts), index_(index), hub_(*this) {}

  void submit(const BidRequest& request, BidDone done) override {
    const std::size_t shard = parts_.shard_of(request.auction);
    if (shard == index_) return parts_.shards[shard]->bid(request, std::move(done));
    there(shard, [shard_ptr = parts_.shards[shard].get(), request, done = back_here(std::move(done))]() mutable {
      shard_ptr->bid(request, std::move(done));
    });
  }

  void submit(CreateRequest request, AuctionDone done) override {
    on_directory(
        [&directory = *parts_.directory, request = std::move(request), done = back_here(std::move(done))]() mutable {
          directory.create(std::move(request), std::move(done));
        });
  }

  void submit(CancelRequest request, AuctionDone done) override {
    on_shard(request.auction, [request, done = back_here(std::move(done))](Shard& shard) mutable {
      shard.cancel(request, std::move(done));
    });
  }

  void read(AuctionId auction, AuctionDone done) override {
    on_shard(auction, [auction, done = back_here(std::move(done))](Shard& shard) mutable {
      shard.read(auction, std::move(done));
    });
  }

  void events(const EventsQuery& query, EventsDone done) override {
    on_shard(query.auction, [query, done = back_here(std::move(done))](Shard& shard) mutable {
      shard.events(query, std::move(done));
    });
  }

  void actions(AuctionId auction, ActionsDone done) override {
    on_shard(auction, [auction, done = back_here(std::move(done))](Shard& shard) mutable {
      shard.actions(auction, std::move(done));
    });
  }

  void rejections(AuctionId auction, RejectionsDone done) override {
    on_shard(auction, [auction, done = back_here(std::move(done))](Shard& shard) mutable {
      shard.rejections(auction, std::move(done));
    });
  }

  void list(const ListQuery& query, ListDone done) override;

  [[nodiscard]] Hub& hub() override { return hub_; }
  [[nodiscard]] Timestamp now() override { return parts_.options.clock->now(); }
  [[nodiscard]] Health health() const override { return parts_.committer->health(); }
  [[nodiscard]] EngineCounters counters() const override {
    EngineCounters counters;
    for (const auto& shard : parts_.shards) shard->count_into(counters);
    parts_.committer->count_into(counters);
    return counters;
  }

  // For others on their own loops: runs `task` on loop k, at once if that is here.
  void there(std::size_t k, Task task) {
    if (k == index_) return task();
    parts_.loop(k).post(std::move(task));
  }

  // Wraps `done` so that it is called on this loop, wherever the answer comes from.
  template <class T>
  std::move_only_function<void(T)> back_here(std::move_only_function<void(T)> done) {
    return [&executor = parts_.loop(index_), done = std::move(done)](T answer) mutable {
      if (executor.here()) return done(std::move(answer));
      executor.post([done = std::move(done), answer = std::move(answer)]() mutable { done(std::move(answer)); });
    };
  }

 private:
  template <class Call>
  void on_shard(AuctionId auction, Call call) {
    const std::size_t shard = parts_.shard_of(auction);
    there(shard, [shard_ptr = parts_.shards[shard].get(), call = std::move(call)]() mutable { call(*shard_ptr); });
  }

  void on_directory(Task task) { there(0, std::move(task)); }

  // What is asked of all shards, gathered on this loop.
  struct Gathering {
    ListQuery query;
    ListDone done;
    std::vector<AuctionView> views;
    std::size_t missing = 0;
    bool more_in_history = false;
  };
  void add_history(const std::shared_ptr<Gathering>& gathering);
  static void finish(Gathering& gathering);

  void attach(AuctionId auction, std::optional<ResumePoint> from, AttachDone done) override {
    on_shard(auction, [auction, from, loop = index_, done = back_here(std::move(done))](Shard& shard) mutable {
      shard.attach(loop, auction, from, std::move(done));
    });
  }
  void detach(AuctionId auction) override {
    on_shard(auction, [auction, loop = index_](Shard& shard) { shard.detach(loop, auction); });
  }

  Parts& parts_;
  const std::size_t index_;
  Hub hub_;
};

void EmbeddedEngine::Parts::LoopEngine::list(const ListQuery& query, ListDone done) {
  auto gathering =
      std::make_shared<Gathering>(query, std::move(done), std::vector<AuctionView>{}, parts_.shards.size());
  ListQuery one_more = query;
  ++one_more.limit;  // tells whether there are more
  gathering->query = one_more;
  for (std::size_t k = 0; k < parts_.shards.size(); ++k) {
    std::move_only_function<void(std::vector<AuctionView>)> add = [this, gathering](std::vector<AuctionView> views) {
      gathering->views.insert(gathering->views.end(), views.begin(), views.end());
      if (--gathering->missing == 0) add_history(gathering);
    };
    there(k, [shard = parts_.shards[k].get(), one_more, add = back_here(std::move(add))]() mutable {
      add(shard->page(one_more));
    });
  }
}

// Auctions that are over may have left memory; every other one is in it, or will be in a moment, when its shard hears
// that it is durable: until then nobody is told of it (INV-3). Memory is asked first: what leaves it meanwhile is in
// history by then.
void EmbeddedEngine::Parts::LoopEngine::add_history(const std::shared_ptr<Gathering>& gathering) {
  const auto& state = gathering->query.state;
  const bool all_in_memory = state && (*state == AuctionState::scheduled || *state == AuctionState::open);
  if (all_in_memory) return finish(*gathering);
  std::move_only_function<void(Result<std::vector<Auction>>)> add = [this,
                                                                     gathering](Result<std::vector<Auction>> images) {
    if (!images) return gathering->done(std::unexpected(images.error()));
    std::vector<AuctionView> views = std::exchange(gathering->views, {});
    std::ranges::sort(views, {}, [](const AuctionView& view) { return view.auction.id; });
    gathering->more_in_history = images->size() >= gathering->query.limit;
    for (Auction& image : *images) {
      if (image.next_boundary()) continue;
      const auto in_memory =
          std::ranges::lower_bound(views, image.id, {}, [](const AuctionView& view) { return view.auction.id; });
      if (in_memory != views.end() && in_memory->auction.id == image.id) continue;
      gathering->views.push_back({std::move(image), parts_.epoch, 0});
    }
    gathering->views.insert(gathering->views.end(), std::make_move_iterator(views.begin()),
                            std::make_move_iterator(views.end()));
    finish(*gathering);
  };
  auto shared_add = std::make_shared<decltype(add)>(back_here(std::move(add)));
  const bool submitted = parts_.history->submit(
      [query = gathering->query, shared_add](LedgerReader& reader) { (*shared_add)(reader.list(query)); });
  if (!submitted) gathering->done(fail(Failure::unavailable, "too many reads of history wait; try again in a moment"));
}

void EmbeddedEngine::Parts::LoopEngine::finish(Gathering& gathering) {
  std::ranges::sort(gathering.views, {}, [](const AuctionView& view) { return view.auction.id; });
  AuctionPage page;
  const bool too_many = gathering.views.size() >= gathering.query.limit;
  page.more = too_many || gathering.more_in_history;
  if (too_many) gathering.views.resize(gathering.query.limit - 1);
  page.auctions = std::move(gathering.views);
  gathering.done(std::move(page));
}

EmbeddedEngine::EmbeddedEngine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

EmbeddedEngine::~EmbeddedEngine() { stop(); }

Result<std::unique_ptr<EmbeddedEngine>> EmbeddedEngine::start(const EmbeddedOptions& options) {
  auto parts = std::make_unique<Parts>();
  parts->options = options;
  LedgerWriter& writer = options.ledger->writer();

  // 1. Readers: one for long reads, one a shard, one for the directory.
  std::vector<std::unique_ptr<LedgerReader>> readers;
  for (std::size_t i = 0; i < options.loops.size() + 2; ++i) {
    Result<std::unique_ptr<LedgerReader>> reader = options.ledger->reader();
    if (!reader) return std::unexpected(reader.error());
    readers.push_back(std::move(*reader));
  }
  const auto next_reader = [&readers] {
    auto reader = std::move(readers.back());
    readers.pop_back();
    return reader;
  };
  parts->history = std::make_unique<HistoryReader>(next_reader());
  parts->committer = std::make_unique<Committer>(writer, *options.clock, options.committer);

  // 2. Each loop's view with its hub, then the shards, which publish to every hub.
  std::vector<LoopPort> ports;
  for (std::size_t k = 0; k < options.loops.size(); ++k) {
    parts->loop_engines.push_back(std::make_unique<Parts::LoopEngine>(*parts, k));
    ports.push_back({options.loops[k], &parts->loop_engines[k]->hub()});
  }
  std::vector<Committer::Shard*> shards;
  for (std::size_t k = 0; k < options.loops.size(); ++k) {
    parts->shards.push_back(std::make_unique<Shard>(
        Shard::Ports{k, ports, parts->committer.get(), options.clock, next_reader(), parts->history.get(), Epoch{0}}));
    shards.push_back(parts->shards.back().get());
  }
  parts->directory = std::make_unique<Directory>(
      next_reader(),
      Directory::Shards{[raw = parts.get()](AuctionId id, CreateRequest request, AuctionDone done) {
                          auto& home = *raw->loop_engines[0];
                          home.there(raw->shard_of(id), [raw, id, request = std::move(request),
                                                         done = home.back_here(std::move(done))]() mutable {
                            raw->shards[raw->shard_of(id)]->create(id, request, std::move(done));
                          });
                        },
                        [raw = parts.get()](AuctionId id, AuctionDone done) {
                          auto& home = *raw->loop_engines[0];
                          home.there(raw->shard_of(id), [raw, id, done = home.back_here(std::move(done))]() mutable {
                            raw->shards[raw->shard_of(id)]->read_as_created(id, std::move(done));
                          });
                        }});

  // 3. What the ledger holds.
  Recovery recovery;
  recovery.on_image = [raw = parts.get()](Auction image) -> Result<void> {
    raw->directory->restore(image.id, std::nullopt);
    return raw->shards[raw->shard_of(image.id)]->restore(std::move(image));
  };
  recovery.on_record = [raw = parts.get()](const Record& record) -> Result<void> {
    if (record.sequence == Sequence{1}) {
      Result<Secret> secret = record.secret.empty() ? Result<Secret>(Secret{}) : decode_secret(record.secret);
      if (!secret) return std::unexpected(secret.error());
      raw->directory->restore(record.auction, secret->key_use);
    }
    return raw->shards[raw->shard_of(record.auction)]->restore(record);
  };
  const Result<RecoveryReport> report = writer.recover(recovery);
  if (!report) return std::unexpected(report.error());
  parts->epoch = report->epoch;
  parts->directory->restore(report->last_auction_id, std::nullopt);
  options.clock->raise(report->last_at);
  for (const auto& shard : parts->shards) shard->set_epoch(report->epoch);

  // 4. Who writes, who reads history.
  parts->committer->set_shards(std::move(shards));
  parts->committer->on_sync_failed(options.on_failed);
  if (options.own_threads) {
    parts->committer->start();
    parts->history->start();
  }
  return std::unique_ptr<EmbeddedEngine>(new EmbeddedEngine(std::move(parts)));
}

Engine& EmbeddedEngine::on_loop(std::size_t k) { return *parts_->loop_engines[k]; }

Timestamp EmbeddedEngine::tick(std::size_t k) { return parts_->shards[k]->tick(); }

Committer& EmbeddedEngine::committer() { return *parts_->committer; }

HistoryReader& EmbeddedEngine::history() { return *parts_->history; }

void EmbeddedEngine::stop() {
  parts_->history->stop();
  parts_->committer->stop();
}

}  // namespace flashbid
