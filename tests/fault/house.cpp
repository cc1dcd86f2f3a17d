#include "fault/house.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "ledger/event_codec.hpp"
#include "ledger/sqlite/ordered_reader.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"

namespace flashbid::fault {
namespace {

constexpr int checkpoint_pages = 24;
constexpr std::size_t move_slice = 5;

bool same(const Record& a, const Record& b) {
  return a.auction == b.auction && a.sequence == b.sequence && a.kind == b.kind && a.at == b.at &&
         *a.payload == *b.payload && a.secret == b.secret;
}

bool same(std::span<const Record> a, std::span<const Record> b) {
  return std::ranges::equal(a, b, [](const Record& x, const Record& y) { return same(x, y); });
}

std::vector<Record> events_of(std::span<const Record> records) {
  std::vector<Record> events;
  std::ranges::copy_if(records, std::back_inserter(events),
                       [](const Record& record) { return record.kind == RecordKind::event; });
  return events;
}

std::string place_of(const Record& record) {
  return fmt::format("event {} of auction {}", record.sequence.value(), record.auction.value());
}

// What the first difference is.
std::string difference(std::span<const Record> promised, std::span<const Record> there) {
  for (std::size_t i = 0; i < promised.size(); ++i) {
    if (i == there.size()) return place_of(promised[i]) + " was acknowledged and is lost";
    if (!same(promised[i], there[i])) return place_of(promised[i]) + " is not what was acknowledged";
  }
  return place_of(there[promised.size()]) + " is there, and nobody was told that it may be";
}

}  // namespace

std::string text_of(const BidAnswer& answer) {
  std::string text;
  encode_answer(answer, text);
  return text;
}

// Notes what append() promises, and what recovery tells.
class House::ToldLedger final : public Ledger, private LedgerWriter {
 public:
  ToldLedger(House& house, std::unique_ptr<Ledger> inner) : house_(house), inner_(std::move(inner)) {}

  [[nodiscard]] LedgerWriter& writer() override { return *this; }
  [[nodiscard]] Result<std::unique_ptr<LedgerReader>> reader() override { return inner_->reader(); }

 private:
  [[nodiscard]] Result<RecoveryReport> recover(const Recovery& recovery) override {
    house_.journal_.clear();
    Recovery noted = recovery;
    noted.on_record = [&](const Record& record) -> Result<void> {
      house_.journal_.push_back(record);
      return recovery.on_record(record);
    };
    return inner_->writer().recover(noted);
  }

  [[nodiscard]] Result<void> append(std::span<const Record> records) override {
    Told& told = house_.told_;
    const auto batch = std::make_shared<const std::vector<Record>>(records.begin(), records.end());
    if (!house_.ledger_has_failed_) told.in_flight = batch;
    auto appended = inner_->writer().append(records);
    if (house_.ledger_has_failed_) return appended;
    if (appended) told.records.insert(told.records.end(), batch->begin(), batch->end());
    if (appended || appended.error().failure == Failure::unavailable) told.in_flight.reset();
    return appended;
  }

  [[nodiscard]] Result<std::vector<Moved>> move(std::size_t most) override { return inner_->writer().move(most); }
  [[nodiscard]] std::size_t unmoved() const override { return inner_->writer().unmoved(); }
  [[nodiscard]] Result<bool> forget_answers(Timestamp now) override { return inner_->writer().forget_answers(now); }

  House& house_;
  std::unique_ptr<Ledger> inner_;
};

House::~House() {
  if (runs()) die();
}

void House::violated(std::string what) {
  if (violation_.empty()) violation_ = std::move(what);
}

void House::violated(const std::string& what, const Error& error) {
  if (violation_.empty()) said_so_ = true;
  violated(what + ": " + error.detail);
}

bool House::start() {
  ledger_has_failed_ = false;
  loops_.clear();
  loops_.resize(loop_count);
  clock_ = std::make_unique<simulation::SimulatedClock>(machine_);
  if (start_engine() && check_recovered()) {
    const auto recovered = told_.records;
    for (const Record& record : recovered) {
      if (record.sequence == Sequence{1}) watch(record.auction);
    }
    settle();
    return runs();
  }
  if (runs() || ledger_ != nullptr) die();
  return false;
}

bool House::start_engine() {
  auto ledger =
      open_sqlite_ledger({.folder = disk_.folder(), .vfs = disk_.vfs(), .checkpoint_pages = checkpoint_pages});
  if (!ledger) {
    failed_starts_.push_back(ledger.error());
    return false;
  }
  ledger_ = std::make_unique<ToldLedger>(*this, std::move(*ledger));
  EmbeddedOptions options;
  options.ledger = ledger_.get();
  options.clock = clock_.get();
  for (simulation::SimulatedLoop& loop : loops_) options.loops.push_back(&loop);
  options.committer.move_slice = move_slice;
  options.own_threads = false;
  options.on_failed = [this](const Error& error) {
    ledger_has_failed_ = true;
    failed(error);
  };
  auto engine = EmbeddedEngine::start(options);
  if (!engine) {
    failed_starts_.push_back(engine.error());
    return false;
  }
  engine_ = std::move(*engine);
  return true;
}

// INV-1: all that was promised is there in its order, byte for byte; what was in flight is there whole or not at all.
bool House::check_recovered() {
  auto reader = OrderedReader::open(disk_.folder());
  auto all = reader ? (*reader)->read(0, std::numeric_limits<std::int32_t>::max())
                    : Result<OrderedSlice>(std::unexpected(reader.error()));
  if (!all) {
    failed_starts_.push_back(all.error());
    return false;
  }
  std::vector<Record> with_in_flight = told_.records;
  if (told_.in_flight) with_in_flight.insert(with_in_flight.end(), told_.in_flight->begin(), told_.in_flight->end());
  const auto fits = [&](std::span<const Record> promised) {
    const std::size_t unmoved = journal_.size();
    return same(events_of(promised), all->records) && unmoved <= promised.size() &&
           same(promised.subspan(promised.size() - unmoved), journal_);
  };
  if (fits(with_in_flight)) {
    told_.records = std::move(with_in_flight);
  } else if (!fits(told_.records)) {
    const std::vector<Record> events = events_of(told_.records);
    violated("INV-1: " + (same(events, all->records) ? "the journal has not the answers that were acknowledged"
                                                     : difference(events, all->records)));
    return false;
  }
  told_.in_flight.reset();
  return true;
}

bool House::start_if_needed() {
  if (runs() && !ledger_has_failed_) return true;
  if (runs()) die();
  return start();
}

void House::end_process() {
  for (simulation::SimulatedLoop& loop : loops_) loop.drop_all();
  engine_.reset();
  ledger_.reset();
}

void House::stop() { end_process(); }

void House::die() {
  disk_.kill();
  end_process();
  disk_.revive();
}

void House::create(std::uint64_t id, const Terms& terms, std::string_view key) {
  CreateRequest request;
  request.terms = std::make_shared<const Terms>(terms);
  if (id != 0) request.id = AuctionId{id};
  if (!key.empty())
    request.key_use = KeyUse{Operation::create, *BidderId::from("operator"), *IdempotencyKey::from(key), "f"};
  loops_[0].run([&] {
    engine_->on_loop(0).submit(std::move(request), [this](const Result<AuctionView>& view) {
      shown(view);
      if (view) watch(view->auction.id);
    });
  });
}

void House::cancel(std::uint64_t id, std::string_view key) {
  CancelRequest request{AuctionId{id},
                        KeyUse{Operation::cancel, *BidderId::from("operator"), *IdempotencyKey::from(key), "f"}};
  loops_[0].run([&] { engine_->on_loop(0).submit(request, [this](const Result<AuctionView>& view) { shown(view); }); });
}

void House::bid(std::uint64_t id, std::string_view bidder, std::int64_t amount, std::string_view key) {
  ask({AuctionId{id}, {*BidderId::from(bidder), Amount{amount}}, *IdempotencyKey::from(key)});
}

void House::ask(const BidRequest& request) {
  told_.refused.erase(std::string(request.key.view()));
  loops_[0].run([&] {
    engine_->on_loop(0).submit(request,
                               [this, request](const Result<BidAnswer>& answer) { answered(request, answer); });
  });
}

void House::answered(const BidRequest& request, const Result<BidAnswer>& answer) {
  if (answer) {
    told_.bids.push_back({request, *answer});
    told_.quotes.push_back({request.auction, answer->as_of_sequence, nullptr});
    return;
  }
  if (answer.error().failure == Failure::not_found) return;  // its creation has failed before
  failed(answer.error());
  if (answer.error().failure == Failure::unavailable && !request.key.empty()) {
    told_.refused.emplace(std::string(request.key.view()), answer.error());
  }
}

void House::shown(const Result<AuctionView>& view) {
  if (view) {
    told_.quotes.push_back({view->auction.id, view->auction.sequence, nullptr});
  } else if (view.error().failure != Failure::not_found && view.error().failure != Failure::conflict) {
    failed(view.error());
  }
}

void House::watch(AuctionId id) {
  engine_->on_loop(1).hub().unsubscribe(*this, id);
  loops_[1].post([this, id] { engine_->on_loop(1).hub().subscribe(*this, id, WatchMode::every, std::nullopt); });
}

void House::on_snapshot(const Snapshot& snapshot) {
  told_.quotes.push_back({snapshot.view->auction.id, snapshot.view->auction.sequence, nullptr});
}

void House::on_events(AuctionId auction, Epoch, std::span<PublishedEvent> events) {
  for (const PublishedEvent& event : events) told_.quotes.push_back({auction, event.sequence, event.json});
}

bool House::is_idle() const {
  return !engine_->committer().batch_waits() && !engine_->history().read_waits() &&
         std::ranges::none_of(loops_, [](const auto& loop) { return loop.has_tasks(); });
}

void House::settle() {
  while (!is_idle()) {
    for (simulation::SimulatedLoop& loop : loops_) {
      while (loop.has_tasks()) loop.run_one();
    }
    while (engine_->history().turn()) {
    }
    if (engine_->committer().batch_waits()) (void)engine_->committer().turn();
  }
}

void House::idle() {
  settle();
  (void)engine_->committer().turn();
  settle();
}

void House::move_all() {
  for (int turns = 0; turns < 100 && ledger_->writer().unmoved() > 0 && !ledger_has_failed_; ++turns) idle();
}

void House::pass(Duration time) {
  machine_.pass(time);
  for (std::size_t k = 0; k < loop_count; ++k) {
    loops_[k].run([&] { (void)engine_->tick(k); });
  }
  settle();
}

Result<AuctionView> House::read(AuctionId id) {
  Result<AuctionView> read = fail(Failure::internal, "not answered");
  loops_[0].run([&] { engine_->on_loop(0).read(id, [&](Result<AuctionView> view) { read = std::move(view); }); });
  settle();
  return read;
}

Result<EventsPage> House::events(AuctionId id) {
  Result<EventsPage> page = fail(Failure::internal, "not answered");
  loops_[0].run([&] {
    engine_->on_loop(0).events({id, Sequence{0}, 1'000, false},
                               [&](Result<EventsPage> events) { page = std::move(events); });
  });
  settle();
  return page;
}

}  // namespace flashbid::fault
