// What the checker of recorded histories costs: judge_bench [OPERATIONS...] judges correct histories of several shapes
// at each size (250000 and 1000000 if none is given), each in a process of its own, and prints CPU seconds and memory.
//
//   {"shape","operations","events","frames","cpu_seconds","us_per_operation","history_mb","peak_mb","violations"}   a
//   line each
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "checker/checker.hpp"

namespace {

using namespace flashbid;
using namespace flashbid::checker;

constexpr std::int64_t start_ms = 1'800'000'000'000;

// Makes correct histories quickly: English auctions that are open, opening price 1, increment 1.
class Maker {
 public:
  Maker(std::size_t auctions, std::size_t bidders) : state_(0x9e3779b97f4a7c15) {
    history_.auctions.resize(auctions);
    now_.resize(auctions);
    for (std::size_t i = 0; i < auctions; ++i) open(i);
    for (std::size_t i = 0; i < bidders; ++i) history_.bidders.index_of("bidder-" + std::to_string(i));
  }

  std::uint64_t below(std::uint64_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ % bound;
  }
  // How long an operation is under way before its decision, and after.
  std::int64_t reach_ns = 1'000;
  Names& keys() { return history_.keys; }
  [[nodiscard]] Amount minimum(std::size_t auction) const { return *now_[auction].minimum_next; }

  // Decides a bid now; with `is_told` off the answer is lost.
  void bid(std::size_t auction, BidderIndex bidder, Amount amount, KeyIndex key = no_key, bool is_told = true) {
    Operation operation = sent(auction, bidder, amount, key);
    StateSeen& now = now_[auction];
    const bool accepted = amount >= *now.minimum_next;
    if (accepted) accept(auction, bidder, amount);
    if (is_told) {
      operation.answered_ns = ns_ + 1 + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(reach_ns)));
      operation.outcome = accepted ? Outcome::accepted : Outcome::rejected;
      operation.reason = accepted ? Reason::none : Reason::amount_below_minimum;
      if (accepted) operation.sequence = now.sequence;
      operation.quote = {now.price, now.leader, now.minimum_next, now.closes_at, now.sequence, {start_ms}};
    }
    history_.operations.push_back(operation);
  }
  // Nothing comes of it: refused, or lost on its way.
  void without_effect(std::size_t auction, BidderIndex bidder, Amount amount, KeyIndex key, Outcome outcome) {
    Operation operation = sent(auction, bidder, amount, key);
    operation.outcome = outcome;
    history_.operations.push_back(operation);
  }

  History finish(std::size_t watchers) {
    ns_ += reach_ns;
    for (std::size_t i = 0; i < history_.auctions.size(); ++i) {
      AuctionRecord& auction = history_.auctions[i];
      now_[i].asked_ns = ++ns_;
      now_[i].seen_ns = ++ns_;
      auction.reads.push_back(now_[i]);
      for (std::size_t w = 0; w < watchers; ++w) {
        WatcherRecord watcher{.auction = auction.id, .resumed_after = Sequence(0)};
        for (const HistoryEvent& event : auction.events) {
          watcher.events.push_back({event.sequence, digest_of(event), ns_});
        }
        history_.watchers.push_back(std::move(watcher));
      }
    }
    return std::move(history_);
  }

 private:
  void open(std::size_t i) {
    AuctionRecord& auction = history_.auctions[i];
    auction.id = AuctionId(i + 1);
    auction.terms.opening_price = Amount(1);
    auction.terms.increment = *Increment::fixed(Amount(1));
    auction.terms.opens_at = {start_ms};
    auction.terms.closes_at = {start_ms + 1'000'000};
    auction.terms.seller = *BidderId::from("seller");
    auction.reserve_known = auction.only_ours = true;
    now_[i].state = AuctionState::open;
    now_[i].minimum_next = Amount(1);
    now_[i].closes_at = auction.terms.closes_at;
    append(i, {.kind = EventKind::created, .closes_at = now_[i].closes_at});
    append(i, {.kind = EventKind::opened});
  }

  Operation sent(std::size_t auction, BidderIndex bidder, Amount amount, KeyIndex key) {
    ns_ += 10;
    Operation operation{.auction = AuctionId(auction + 1), .bidder = bidder, .key = key, .amount = amount};
    operation.sent_ns = ns_ - static_cast<std::int64_t>(below(static_cast<std::uint64_t>(reach_ns)));
    return operation;
  }

  void accept(std::size_t auction, BidderIndex bidder, Amount amount) {
    StateSeen& now = now_[auction];
    now.price = amount;
    now.leader = bidder;
    now.minimum_next = Amount(amount.value() + 1);
    ++now.bids;
    append(auction, {.kind = EventKind::bid_accepted,
                     .bidder = bidder,
                     .leader = bidder,
                     .amount = amount,
                     .price = amount,
                     .minimum_next = now.minimum_next,
                     .closes_at = now.closes_at});
    history_.auctions[auction].bids.push_back({now.sequence, bidder, amount, {start_ms}});
  }

  void append(std::size_t auction, HistoryEvent event) {
    event.sequence = now_[auction].sequence = now_[auction].sequence.next();
    event.at = {start_ms};
    history_.auctions[auction].events.push_back(event);
  }

  History history_;
  std::vector<StateSeen> now_;
  std::uint64_t state_;
  std::int64_t ns_ = 1'000'000'000;
};

BidderIndex any_bidder(Maker& maker) { return static_cast<BidderIndex>(maker.below(500)); }

// A third wins; every fourth has a key.
void usual_bid(Maker& maker, std::size_t auction) {
  const std::int64_t minimum = maker.minimum(auction).value();
  const bool wins = maker.below(3) == 0;
  const auto amount = wins ? minimum : static_cast<std::int64_t>(maker.below(static_cast<std::uint64_t>(minimum)));
  const bool keyed = maker.below(4) == 0;
  const KeyIndex key = keyed ? maker.keys().index_of("k" + std::to_string(maker.keys().size())) : no_key;
  maker.bid(auction, any_bidder(maker), Amount(amount), key);
}

History usual(std::size_t count, std::size_t auctions, std::size_t watchers, std::int64_t reach_ns) {
  Maker maker(auctions, 500);
  maker.reach_ns = reach_ns;
  for (std::size_t i = 0; i < count; ++i) usual_bid(maker, maker.below(auctions));
  return maker.finish(watchers);
}

History one_each(std::size_t count) {
  Maker maker(count, 500);
  for (std::size_t i = 0; i < count; ++i) usual_bid(maker, i);
  return maker.finish(0);
}

// Nine of ten are lost on their way, all of one bidder and few amounts; of the others half are lost on their way back.
History open_outcomes(std::size_t count) {
  Maker maker(1, 500);
  for (std::size_t i = 0; i < count; ++i) {
    if (maker.below(10) != 0) {
      maker.without_effect(0, 0, Amount(static_cast<std::int64_t>(maker.below(100))), no_key, Outcome::unknown);
    } else {
      maker.bid(0, 0, maker.minimum(0), no_key, maker.below(2) == 0);
    }
  }
  return maker.finish(0);
}

// A thousand keys of one bidder, each sent again and again with other amounts; nearly all of it lost.
History reused_keys(std::size_t count) {
  Maker maker(1, 500);
  for (std::size_t i = 0; i < 1'000; ++i) maker.keys().index_of("k" + std::to_string(i));
  for (std::size_t i = 0; i < count; ++i) {
    const auto key = static_cast<KeyIndex>(maker.below(1'000));
    const bool first_effect = i % (count / 1'000) == 0;
    const auto effect_key = static_cast<KeyIndex>(i / (count / 1'000) % 1'000);
    if (first_effect) {
      maker.bid(0, 0, maker.minimum(0), effect_key, false);
    } else {
      const Outcome outcome = maker.below(2) == 0 ? Outcome::refused : Outcome::unknown;
      maker.without_effect(0, 0, Amount(static_cast<std::int64_t>(1 + maker.below(1'000))), key, outcome);
    }
  }
  return maker.finish(0);
}

// Every other event is missing: each is searched for, and nothing fits.
History full_of_gaps(std::size_t count) {
  History history = usual(count, 1, 1, 1'000);
  std::vector<HistoryEvent> kept;
  for (const HistoryEvent& event : history.auctions[0].events) {
    if (event.sequence.value() % 2 == 1 || event.sequence.value() < 10) kept.push_back(event);
  }
  history.auctions[0].events = std::move(kept);
  return history;
}

// Whoever is not told his own is told a mask.
History masked(std::size_t count) {
  History history = usual(count, 64, 1, 1'000);
  const auto mask = [&](BidderIndex& shown) {
    if (shown == nobody) return;
    const std::string_view name = history.bidders[shown];
    shown = history.bidders.index_of(fmt::format("{}***{}", name.front(), name.back()));
  };
  for (AuctionRecord& auction : history.auctions) {
    for (HistoryEvent& event : auction.events) {
      mask(event.bidder);
      mask(event.leader);
    }
    for (BidRow& row : auction.bids) mask(row.bidder);
    for (StateSeen& read : auction.reads) mask(read.leader);
  }
  for (WatcherRecord& watcher : history.watchers) {
    const auto& events = history.auctions[watcher.auction.value() - 1].events;
    for (std::size_t i = 0; i < events.size(); ++i) watcher.events[i].digest = digest_of(events[i]);
  }
  for (Operation& operation : history.operations) {
    if (operation.quote.leader != operation.bidder) mask(operation.quote.leader);
  }
  return history;
}

struct Shape {
  std::string_view name;
  std::function<History(std::size_t)> make;
};

std::vector<Shape> shapes() {
  return {{"64 auctions, 4 watchers each", [](std::size_t n) { return usual(n, 64, 4, 1'000); }},
          {"one auction", [](std::size_t n) { return usual(n, 1, 0, 1'000); }},
          {"one auction each", one_each},
          {"a thousand at once", [](std::size_t n) { return usual(n, 1, 0, 10'000); }},
          {"most outcomes open", open_outcomes},
          {"a thousand keys, reused", reused_keys},
          {"full of gaps", full_of_gaps},
          {"masked", masked}};
}

rusage used() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage;
}

double peak_mb() { return static_cast<double>(used().ru_maxrss) / 1024; }

double cpu_seconds() {
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  const rusage usage = used();
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void measure(const Shape& shape, std::size_t count) {
  const History history = shape.make(count);
  const double history_mb = peak_mb();
  const double begin = cpu_seconds();
  const Report report = check(history);
  const double seconds = cpu_seconds() - begin;
  fmt::print(R"({{"shape":"{}","operations":{},"events":{},"frames":{},"cpu_seconds":{:.3f},"us_per_operation":{:.3f},)"
             R"("history_mb":{:.0f},"peak_mb":{:.0f},"violations":{}}})"
             "\n",
             shape.name, report.tally.operations, report.tally.events, report.tally.frames, seconds,
             seconds * 1e6 / static_cast<double>(report.tally.operations), history_mb, peak_mb(),
             report.findings.total());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::size_t> counts;
  for (const std::string_view text : std::vector<std::string_view>(argv + 1, argv + argc)) {
    std::size_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size() || count < 1'000) {
      fmt::print(stderr, "judge_bench [OPERATIONS...]: at least 1000 each\n");
      return 2;
    }
    counts.push_back(count);
  }
  if (counts.empty()) counts = {250'000, 1'000'000};
  for (const Shape& shape : shapes()) {
    for (const std::size_t count : counts) {
      std::fflush(stdout);
      const pid_t child = fork();
      if (child == 0) {
        measure(shape, count);
        std::fflush(stdout);
        _exit(0);
      }
      int status = 0;
      if (child < 0 || waitpid(child, &status, 0) != child || status != 0) return 1;
    }
  }
  return 0;
}
