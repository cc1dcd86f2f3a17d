// decide + apply in process (quality.md S5), over 1, 10,000 and 1,000,000 auctions in random order, beside the same
// walk that only looks each auction up. Every bid is accepted. decide_any is no row: it shows the tests' own stream
// (tests/support/command_generator.hpp), in which every option of an auction and every reason to reject occurs.
#include <benchmark/benchmark.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "auction/decide.hpp"
#include "support/command_generator.hpp"

namespace flashbid {
namespace {

constexpr Timestamp opens_at{1'000};
constexpr Timestamp closes_at{100'000'000};
constexpr Timestamp now{2'000};

class House {
 public:
  explicit House(std::int64_t count) {
    auto terms = std::make_shared<Terms>();
    terms->title = "bench";
    terms->opening_price = Amount{1};
    terms->increment = Increment::fixed(Amount{1}).value();
    terms->opens_at = opens_at;
    terms->closes_at = closes_at;
    auctions_.reserve(static_cast<std::size_t>(count));
    for (std::uint64_t number = 1; number <= static_cast<std::uint64_t>(count); ++number) {
      auto auction = std::make_unique<Auction>();
      auction->id = AuctionId{number};
      for (const Event& event : create(terms, opens_at)) apply(*auction, event);
      auctions_.emplace(number, std::move(auction));
    }
    std::minstd_rand random(1);
    std::uniform_int_distribution<std::uint64_t> any(1, static_cast<std::uint64_t>(count));
    for (auto& id : order_) id = any(random);
  }

  Auction& next() {
    turn_ = (turn_ + 1) % order_.size();
    return *auctions_.find(order_[turn_])->second;
  }

 private:
  boost::unordered_flat_map<std::uint64_t, std::unique_ptr<Auction>> auctions_;
  std::vector<std::uint64_t> order_ = std::vector<std::uint64_t>(1U << 20U);
  std::size_t turn_ = 0;
};

void lookup(benchmark::State& state) {
  House house(state.range(0));
  while (state.KeepRunning()) benchmark::DoNotOptimize(house.next().bids);
  state.SetItemsProcessed(state.iterations());
}

void decide_and_apply(benchmark::State& state) {
  House house(state.range(0));
  const BidderId bidder = parse_bidder_id("Alice").value();
  std::int64_t rejected = 0;
  while (state.KeepRunning()) {
    Auction& auction = house.next();
    const Decision decision = decide(auction, Bid{bidder, auction.minimum_next().value()}, now);
    for (const Event& event : decision.events) apply(auction, event);
    rejected += decision.verdict == Verdict::rejected ? 1 : 0;
  }
  if (rejected != 0) state.SkipWithError("a bid was rejected");
  state.SetItemsProcessed(state.iterations());
}

// The tests' stream, made beforehand: which auction, which command, when.
class Stream {
 public:
  static constexpr std::size_t steps = 1U << 18U;
  struct Step {
    std::size_t auction;
    Command command;
    Timestamp now;
  };

  Stream() {
    std::vector<std::size_t> live(64);
    std::vector<Timestamp> moments(live.size());
    const auto start = [&](std::size_t lane) {
      live[lane] = made_.size();
      moments[lane] = Timestamp{1'800'000'000'000};
      made_.push_back(support::created(generator_.terms(moments[lane]), moments[lane]));
      auctions_.push_back(made_.back());
    };
    for (std::size_t lane = 0; lane < live.size(); ++lane) start(lane);
    while (steps_.size() < steps) {
      const std::size_t lane = generator_.pick(live.size());
      Auction& auction = auctions_[live[lane]];
      moments[lane] = generator_.moment(auction, moments[lane]);
      steps_.push_back({live[lane], generator_.command(auction), moments[lane]});
      support::step(auction, steps_.back().command, moments[lane]);
      if (!auction.next_boundary() && generator_.random().percent(25)) start(lane);
    }
    auctions_ = made_;
  }

  [[nodiscard]] std::size_t auctions() const { return made_.size(); }
  // The next step; at the end of the stream all begin anew.
  const Step& next(benchmark::State& state) {
    if (turn_ == steps) {
      state.PauseTiming();
      auctions_ = made_;
      turn_ = 0;
      state.ResumeTiming();
    }
    return steps_[turn_++];
  }
  Auction& of(const Step& step) { return auctions_[step.auction]; }

 private:
  support::CommandGenerator generator_{1};
  std::vector<Auction> made_;
  std::vector<Auction> auctions_;
  std::vector<Step> steps_;
  std::size_t turn_ = 0;
};

void decide_any(benchmark::State& state) {
  Stream stream;
  std::int64_t rejected = 0;
  while (state.KeepRunning()) {
    const Stream::Step& step = stream.next(state);
    Auction& auction = stream.of(step);
    const Decision decision = decide(auction, step.command, step.now);
    for (const Event& event : decision.events) apply(auction, event);
    rejected += decision.verdict == Verdict::rejected ? 1 : 0;
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["rejected"] = static_cast<double>(rejected) / static_cast<double>(state.iterations());
  state.counters["auctions"] = static_cast<double>(stream.auctions());
}

BENCHMARK(lookup)->Arg(1)->Arg(10'000)->Arg(1'000'000);
BENCHMARK(decide_and_apply)->Arg(1)->Arg(10'000)->Arg(1'000'000);
BENCHMARK(decide_any);

}  // namespace
}  // namespace flashbid

BENCHMARK_MAIN();
