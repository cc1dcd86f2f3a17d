// A good embedded ledger to be damaged: a folder that is put back before every input, and what its auctions were at
// every event. Made once, by the real engine. One thread.
#pragma once

#include <fmt/format.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/embedded/embedded_engine.hpp"
#include "fuzz.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "support/command_generator.hpp"
#include "support/manual_clock.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::fuzz {

// Runs what is posted when it is told to.
class QueueLoop final : public Executor {
 public:
  void post(Task task) override { tasks_.push_back(std::move(task)); }
  [[nodiscard]] bool here() const override { return true; }
  bool run() {
    if (tasks_.empty()) return false;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }

 private:
  std::deque<Task> tasks_;
};

// An engine on a folder, in this thread.
class House {
 public:
  explicit House(const std::filesystem::path& folder) {
    auto ledger = open_sqlite_ledger({.folder = folder, .durability = Durability::fsync, .vfs = "", .max_pages = 0});
    if (!ledger) {
      refuse(ledger.error());
      return;
    }
    ledger_ = std::move(*ledger);
    EmbeddedOptions options;
    options.ledger = ledger_.get();
    options.clock = &clock_;
    options.loops = {&loop_};
    options.committer.idle_before_moving = Duration{0};
    options.committer.move_slice = 64;
    options.own_threads = false;
    auto engine = EmbeddedEngine::start(options);
    if (!engine) {
      refuse(engine.error());
      return;
    }
    engine_ = std::move(*engine);
  }

  [[nodiscard]] bool open() const { return engine_ != nullptr; }
  [[nodiscard]] EmbeddedEngine& engine() { return *engine_; }
  [[nodiscard]] test::ManualClock& clock() { return clock_; }

  // The answer to what `ask` submits, once the engine has come to rest.
  template <class T, class Ask>
  std::optional<Result<T>> answer(Ask ask) {
    auto kept = std::make_shared<std::optional<Result<T>>>();
    ask(engine_->on_loop(0), [kept](Result<T> answer) { kept->emplace(std::move(answer)); });
    rest();
    return std::move(*kept);
  }
  // Commits, and reads what is asked for.
  void rest() {
    engine_->tick(0);
    while (loop_.run() || engine_->history().turn() || commits()) {
    }
  }
  // Moves into history what it can.
  void move() {
    for (int i = 0; i < 40 && ledger_->writer().unmoved() > 0; ++i) {
      (void)engine_->committer().turn();
      rest();
    }
  }

 private:
  bool commits() {
    if (!engine_->committer().batch_waits()) return false;
    (void)engine_->committer().turn();
    return true;
  }
  static void refuse(const Error& error) { must(!error.detail.empty(), "a refusal says what is wrong"); }

  test::ManualClock clock_{Timestamp{1'800'000'000'000}};
  QueueLoop loop_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<EmbeddedEngine> engine_;  // goes before the ledger
};

class GoodLedger {
 public:
  static constexpr std::uint64_t auctions = 6;

  GoodLedger() {
    make();
    for (std::size_t i = 0; i < names.size(); ++i) files_[i] = bytes_of(work_.path() / names[i]);
    must(!files_[0].empty() && !files_[1].empty(), "the ledger has a database and a log");
    learn();
  }

  static constexpr std::array<const char*, 2> names{"flashbid.db", "flashbid.db-wal"};

  [[nodiscard]] const std::filesystem::path& folder() const { return work_.path(); }
  [[nodiscard]] const std::string& file(std::size_t i) const { return files_[i]; }
  // The folder as it was.
  void restore() const {
    for (const auto& entry : std::filesystem::directory_iterator(work_.path())) std::filesystem::remove(entry.path());
    for (std::size_t i = 0; i < names.size(); ++i) write(i, files_[i]);
  }
  void write(std::size_t i, const std::string& bytes) const {
    std::ofstream(work_.path() / names[i], std::ios::binary | std::ios::trunc) << bytes;
  }

  // Whether the auction was this at that event, and whether this is the text of its event.
  [[nodiscard]] bool was(const Auction& auction) const {
    std::string image;
    encode_image(auction, image);
    const auto known = images_.find(auction.id.value());
    if (known == images_.end()) return false;
    const auto at = known->second.find(auction.sequence.value());
    return at != known->second.end() && at->second == image;
  }
  [[nodiscard]] bool was(AuctionId id, Sequence sequence, const std::string& event) const {
    const auto known = events_.find(id.value());
    return known != events_.end() && sequence.value() >= 1 && sequence.value() <= known->second.size() &&
           known->second[sequence.value() - 1] == event;
  }
  [[nodiscard]] std::size_t newest(std::uint64_t id) const { return events_.at(id).size(); }

 private:
  static std::string bytes_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  // Some of it history, some in the journal; auctions of every state, bids with keys, rejections with keys. The files
  // are taken while the engine runs, so that the log is there as after a kill.
  void make() {
    House house(folder_.path());
    must(house.open(), "a new ledger opens");
    support::CommandGenerator generator(8);
    for (std::uint64_t id = 1; id <= auctions; ++id) create(house, generator, AuctionId{id});
    bid(house, generator, 30);
    house.move();
    bid(house, generator, 20);
    copy_to(work_.path());
    house.move();
  }

  static void create(House& house, support::CommandGenerator& generator, AuctionId id) {
    Terms terms = generator.terms(house.clock().now());
    terms.opens_at = house.clock().now() + Duration{id.value() == auctions ? 5'000 : 0};
    terms.closes_at = terms.opens_at + Duration{id.value() % 3 == 0 ? 100 : 9'000};
    terms.opening_price = Amount{100};
    terms.increment = Increment::fixed(Amount{5}).value();
    CreateRequest request{.terms = std::make_shared<const Terms>(std::move(terms)), .id = id, .key_use = {}};
    request.key_use = KeyUse{Operation::create, *BidderId::from("op"), *IdempotencyKey::from("c"), "body"};
    request.key_use->key = *IdempotencyKey::from("c" + std::to_string(id.value()));
    (void)house.answer<AuctionView>([&](Engine& engine, auto done) { engine.submit(request, std::move(done)); });
  }

  static void bid(House& house, support::CommandGenerator& generator, int bids) {
    for (int i = 0; i < bids; ++i) {
      const AuctionId id{1 + generator.pick(auctions)};
      const auto view = house.answer<AuctionView>([&](Engine& engine, auto done) { engine.read(id, std::move(done)); });
      must(view && view->has_value(), "an auction can be read");
      BidRequest request{id, generator.bid((*view)->auction), {}};
      if (i % 2 == 0) request.key = *IdempotencyKey::from(fmt::format("k{}-{}", bids, house.clock().now().ms));
      (void)house.answer<BidAnswer>([&](Engine& engine, auto done) { engine.submit(request, std::move(done)); });
      house.clock().advance(Duration{7});
    }
  }

  void copy_to(const std::filesystem::path& to) const {
    for (const char* name : names) std::filesystem::copy_file(folder_.path() / name, to / name);
  }

  // What it says while it is good.
  void learn() {
    House house(work_.path());
    must(house.open(), "the good ledger opens");
    for (std::uint64_t id = 1; id <= auctions; ++id) {
      const EventsQuery query{.auction = AuctionId{id}, .after = Sequence{0}, .limit = 1000};
      const auto page =
          house.answer<EventsPage>([&](Engine& engine, auto done) { engine.events(query, std::move(done)); });
      must(page && page->has_value(), "the good ledger's events can be read");
      Auction auction;
      auction.id = AuctionId{id};
      for (const SharedBytes& json : (*page)->events) {
        const auto decoded = decode_event(*json, "");
        must(decoded.has_value(), "they are events");
        apply(auction, decoded->event);
        events_[id].push_back(*json);
      }
      const auto view =
          house.answer<AuctionView>([&](Engine& engine, auto done) { engine.read(AuctionId{id}, std::move(done)); });
      must(view && view->has_value(), "its auctions can be read");
      // The public's events lack the reserve.
      Auction replayed;
      replayed.id = auction.id;
      for (const std::string& json : events_[id]) {
        Event event = decode_event(json, "")->event;
        if (auto* created = std::get_if<Created>(&event.body)) created->terms = (*view)->auction.terms;
        apply(replayed, event);
        encode_image(replayed, images_[id][replayed.sequence.value()]);
      }
      must(was((*view)->auction), "it is what its events make of it");
    }
  }

  testing::TemporaryFolder folder_;
  testing::TemporaryFolder work_;
  std::array<std::string, 2> files_;
  std::map<std::uint64_t, std::map<std::uint64_t, std::string>> images_;  // by auction and sequence
  std::map<std::uint64_t, std::vector<std::string>> events_;
};

}  // namespace flashbid::fuzz
