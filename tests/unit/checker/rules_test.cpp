// For each rule of the checker a small history that breaks it and nothing else; and what looks broken and is not.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "checker/checker.hpp"
#include "checker/report_text.hpp"
#include "sample_run.hpp"

namespace flashbid::checker {
namespace {

HistoryEvent& event(History& history, std::uint64_t sequence) {
  return history.auctions.front().events.at(sequence - 1);
}

// Watchers were told the events as they stand now.
void retell(History& history) {
  for (WatcherRecord& watcher : history.watchers) {
    for (EventSeen& seen : watcher.events) seen.digest = digest_of(event(history, seen.sequence.value()));
  }
}

// One bid of Alice's, accepted as event 3 under k1; then the auction ends.
History one_bid() {
  SampleRun run;
  run.pass(2000);
  run.bid("Alice", 1000, "k1");
  run.pass(100'000);
  return run.finish();
}

History two_bids() {
  SampleRun run;
  run.pass(2000);
  run.bid("Alice", 1000);
  run.bid("Bob", 1100);
  run.pass(100'000);
  return run.finish();
}

// Created, opened, closed; nobody watches or reads.
History no_bid() {
  SampleRun run;
  run.pass(2000);
  run.tick();
  run.pass(100'000);
  History history = run.finish();
  history.watchers.clear();
  history.auctions[0].reads.clear();
  history.auctions[0].must_be_closed = false;
  return history;
}

void drop_event(History& history, std::uint64_t sequence) {
  auto& events = history.auctions.front().events;
  events.erase(events.begin() + static_cast<std::ptrdiff_t>(sequence - 1));
  for (std::size_t i = 0; i < events.size(); ++i) events[i].sequence = Sequence(i + 1);
}

struct Breach {
  const char* name;
  std::set<Rule> rules;  // exactly these
  std::function<History()> make;
};

// The usual history, spoiled.
std::function<History()> spoiled(std::function<void(History&)> spoil) {
  return [spoil = std::move(spoil)] {
    History history = sample_history();
    spoil(history);
    return history;
  };
}

std::vector<Breach> event_breaches() {
  return {
      {"a gap in the sequences",
       {Rule::sequence_gap},
       [] {
         History h = one_bid();
         h.watchers.clear();
         h.auctions[0].reads.clear();
         event(h, 4).sequence = Sequence(5);
         return h;
       }},
      {"closed twice", {Rule::event_order}, spoiled([](History& h) {
         HistoryEvent again = event(h, 9);
         again.sequence = Sequence(10);
         h.auctions[0].events.push_back(again);
       })},
      {"created twice",
       {Rule::event_order},
       [] {
         History h = no_bid();
         auto& events = h.auctions[0].events;
         events.push_back(events[2]);
         events[2] = events[0];
         events[2].at = events[1].at;
         events[2].sequence = Sequence(3);
         events[3].sequence = Sequence(4);
         return h;
       }},
      {"closed without having opened",
       {Rule::event_order},
       [] {
         History h = no_bid();
         drop_event(h, 2);
         return h;
       }},
      {"a bid before it opened",
       {Rule::event_order},
       [] {
         History h = one_bid();
         h.watchers.clear();
         h.auctions[0].reads.clear();
         h.auctions[0].must_be_closed = false;
         drop_event(h, 4);
         drop_event(h, 2);
         h.operations[0].sequence = h.operations[0].quote.as_of_sequence = h.auctions[0].bids[0].sequence = Sequence(2);
         return h;
       }},
      {"called off after its end",
       {Rule::event_time},
       [] {
         History h = no_bid();
         event(h, 3).kind = EventKind::cancelled;
         return h;
       }},
      {"the seller's own bid is accepted",
       {Rule::wrong_reason},
       [] {
         History h = two_bids();
         h.auctions[0].terms.seller = *BidderId::from("Bob");
         return h;
       }},
      {"opened early", {Rule::event_time}, spoiled([](History& h) {
         event(h, 2).at = h.auctions[0].terms.opens_at - Duration{1};
         retell(h);
       })},
      {"the first bid is below the opening price",
       {Rule::price_step},
       [] {
         History h = one_bid();
         h.watchers.clear();
         h.auctions[0].terms.opening_price = Amount(1001);
         return h;
       }},
      {"an increment table's step is not kept",
       {Rule::price_step},
       [] {
         History h = two_bids();
         h.watchers.clear();
         h.auctions[0].terms.increment = *Increment::table({{Amount(1001), Amount(101)}, {std::nullopt, Amount(100)}});
         event(h, 3).minimum_next = h.operations[0].quote.minimum_next = Amount(1101);
         return h;
       }},
      {"a bid's event with another end", {Rule::event_fields}, spoiled([](History& h) {
         event(h, 4).closes_at.ms += 1;
         retell(h);
       })},
      {"accepted at closes_at",
       {Rule::late_bid},
       [] {
         History h = one_bid();
         event(h, 3).at = h.auctions[0].bids[0].at = h.operations[0].quote.decided_at = event(h, 3).closes_at;
         retell(h);
         return h;
       }},
      {"another extension's number", {Rule::extension}, spoiled([](History& h) {
         event(h, 8).extensions = 2;
         retell(h);
       })},
      {"another closing price", {Rule::close}, spoiled([](History& h) {
         event(h, 9).price = Amount(1501);
         retell(h);
       })},
      {"it never closes",
       {Rule::not_closed},
       [] {
         SampleRun run;
         run.pass(2000);
         run.bid("Alice", 1000);
         return run.finish();
       }},
  };
}

std::vector<Breach> answer_breaches() {
  return {
      {"what cannot be read", {Rule::malformed}, spoiled([](History& h) { h.malformed.emplace_back("no JSON"); })},
      {"accepted as what is no bid", {Rule::lost_bid}, spoiled([](History& h) {
         h.operations.push_back(h.operations[3]);
         h.operations.back().sequence = Sequence(2);
       })},
      {"decided at another time", {Rule::changed_bid}, spoiled([](History& h) {
         h.operations[3].quote.decided_at.ms += 1;
       })},
      {"two bids accepted as one event", {Rule::double_effect}, spoiled([](History& h) {
         h.operations.push_back(h.operations[3]);
       })},
      {"an event that nobody asked for", {Rule::invented_bid}, spoiled([](History& h) {
         h.operations.erase(h.operations.begin() + 7);
       })},
      {"a rejection quotes what was lost", {Rule::lost_state}, spoiled([](History& h) {
         h.operations[2].quote.as_of_sequence = Sequence(100);
       })},
      {"a rejection quotes another price", {Rule::answer_state}, spoiled([](History& h) {
         h.operations[2].quote.price = Amount(1001);
       })},
      {"another reason than the first", {Rule::wrong_reason}, spoiled([](History& h) {
         h.operations[4].reason = Reason::amount_above_limit;
       })},
      {"a rejection from before its state", {Rule::decided_at}, spoiled([](History& h) {
         h.operations[2].quote.decided_at.ms -= 1;
       })},
      {"the later event was told before the earlier bid was sent",
       {Rule::real_time},
       [] {
         History h = two_bids();
         std::swap(h.operations[0].sent_ns, h.operations[1].sent_ns);
         std::swap(h.operations[0].answered_ns, h.operations[1].answered_ns);
         return h;
       }},
      {"rejected on older state than was known", {Rule::stale_answer}, spoiled([](History& h) {
         h.operations[2].sent_ns = h.operations[3].answered_ns + 1;
         h.operations[2].answered_ns = h.operations[3].answered_ns + 2;
       })},
      {"a retry is answered otherwise", {Rule::same_key}, spoiled([](History& h) {
         h.operations[8].quote.price = Amount(1100);
       })},
  };
}

std::vector<Breach> sight_breaches() {
  return {
      {"a read shows another number of bids", {Rule::read_state}, spoiled([](History& h) {
         ++h.auctions[0].reads[1].bids;
       })},
      {"a read is older than what was known", {Rule::stale_read}, spoiled([](History& h) {
         h.auctions[0].reads[0].asked_ns = h.auctions[0].reads[1].asked_ns;
       })},
      {"the list lacks a line", {Rule::bids_list}, spoiled([](History& h) { h.auctions[0].bids.pop_back(); })},
      // Never alone: the last price is also that of a state, and the highest accepted bid an event.
      {"another last price", {Rule::final_price, Rule::read_state}, spoiled([](History& h) {
         h.auctions[0].reads.back().price = Amount(1400);
       })},
      {"a watcher sees an event twice", {Rule::watcher_gap}, spoiled([](History& h) {
         auto& events = h.watchers[0].events;
         events.insert(events.begin() + 3, events[3]);
       })},
      {"a watcher sees another event", {Rule::watcher_event}, spoiled([](History& h) {
         h.watchers[0].events[3].digest ^= 1;
       })},
      {"a snapshot shows another price", {Rule::watcher_state}, spoiled([](History& h) {
         h.watchers[1].states[0].seen.price = Amount(1);
       })},
      {"a watcher misses the end", {Rule::watcher_end}, spoiled([](History& h) { h.watchers[0].events.pop_back(); })},
  };
}

std::vector<Breach> breaches() {
  std::vector<Breach> all = event_breaches();
  for (auto& more : {answer_breaches(), sight_breaches()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::set<Rule> broken(const Report& report) {
  std::set<Rule> rules;
  for (std::size_t i = 0; i < rule_count; ++i) {
    if (report.findings.count(static_cast<Rule>(i)) > 0) rules.insert(static_cast<Rule>(i));
  }
  return rules;
}

TEST(Rules, EachIsBrokenAlone) {
  for (const auto history : {&no_bid, &one_bid, &two_bids, &sample_history}) {
    const Report report = check((*history)());
    EXPECT_TRUE(report.clean()) << describe(report);
  }
  std::set<Rule> seen;
  for (const Breach& breach : breaches()) {
    const Report report = check(breach.make());
    EXPECT_EQ(broken(report), breach.rules) << breach.name << "\n" << describe(report);
    seen.insert(breach.rules.begin(), breach.rules.end());
  }
  EXPECT_EQ(seen.size(), rule_count) << "a rule has no breach of its own";
}

// --- What looks broken and is not, beside what is.

// Alice's bid of 1000 took effect as event 3 under k1; of what was sent only these are known.
History known_of_it(std::vector<Operation> operations) {
  History history = one_bid();
  const Operation of_it = history.operations[0];
  history.operations.clear();
  for (Operation& operation : operations) {
    operation.auction = of_it.auction;
    operation.bidder = of_it.bidder;
    operation.sent_ns = of_it.sent_ns;
    history.operations.push_back(operation);
  }
  return history;
}

constexpr KeyIndex k1 = 0;

TEST(Rules, AnOpenOutcomeMayHaveTakenEffectWithItsOwnAmount) {
  const auto refused = [](std::int64_t amount, KeyIndex key) {
    return Operation{
        .key = key, .amount = Amount(amount), .answered_ns = 1, .outcome = Outcome::refused, .status = 429};
  };
  const auto open = [](std::int64_t amount, KeyIndex key) { return Operation{.key = key, .amount = Amount(amount)}; };
  const auto broken_by = [&](std::vector<Operation> operations) {
    return broken(check(known_of_it(std::move(operations))));
  };
  const std::set<Rule> none;
  const std::set<Rule> invented{Rule::invented_bid};
  EXPECT_EQ(broken_by({open(1000, no_key)}), none);
  EXPECT_EQ(broken_by({open(1001, no_key)}), invented);
  EXPECT_EQ(broken_by({refused(1000, no_key)}), invented);
  // Another body was turned away under the key before, and after.
  EXPECT_EQ(broken_by({refused(1200, k1), open(1000, k1), refused(1200, k1)}), none);
  EXPECT_EQ(broken_by({open(1200, k1), open(1000, k1)}), none);
  EXPECT_EQ(broken_by({open(1200, k1), refused(1000, k1)}), invented);
}

// Two keys, three amounts, all open: which key is behind which event is found out.
TEST(Rules, AKeyIsBehindOneEventOnly) {
  const auto accepted_twice = [](const std::vector<std::pair<const char*, std::int64_t>>& sent) {
    SampleRun run;
    run.pass(2000);
    run.lose_answer_of("Alice", 1000);
    run.bid("Bob", 1100);
    run.lose_answer_of("Alice", 1200);
    run.pass(100'000);
    History history = run.finish();
    const Operation first = history.operations[0];
    std::erase_if(history.operations, [](const Operation& o) { return o.outcome == Outcome::unknown; });
    for (const auto& [key, amount] : sent) {
      Operation operation = first;
      operation.key = history.keys.index_of(key);
      operation.amount = Amount(amount);
      history.operations.push_back(operation);
    }
    return broken(check(history));
  };
  const std::set<Rule> none;
  const std::set<Rule> invented{Rule::invented_bid};
  EXPECT_EQ(accepted_twice({{"a", 1000}, {"b", 1200}}), none);
  EXPECT_EQ(accepted_twice({{"a", 1000}, {"a", 1200}}), invented);
  EXPECT_EQ(accepted_twice({{"a", 1000}, {"a", 1200}, {"b", 1000}, {"b", 1300}}), none);
  EXPECT_EQ(accepted_twice({{"a", 1000}, {"a", 1300}, {"b", 1000}, {"b", 1200}}), none);
  EXPECT_EQ(accepted_twice({{"b", 1000}, {"b", 1200}, {"a", 1000}, {"a", 1300}}), none);
  EXPECT_EQ(accepted_twice({{"a", 1000}, {"a", 1300}, {"b", 1000}, {"b", 1300}}), invented);
}

TEST(Rules, ARejectionIsForgottenAfterTenMinutes) {
  const auto repeated_after = [](std::int64_t ms, std::string_view first_bidder_key) {
    SampleRun run;
    run.pass(2000);
    run.bid("Bob", 500, first_bidder_key);  // too little
    run.bid("Alice", 1000, "k2");
    run.pass(ms);
    run.bid("Bob", 500, first_bidder_key);  // closed
    return broken(check(run.finish()));
  };
  EXPECT_EQ(repeated_after(600'000, "k1"), std::set<Rule>{});
  EXPECT_EQ(repeated_after(599'999, "k1"), std::set<Rule>{Rule::same_key});

  // The same of a bid that took effect unseen, whose key has a rejection.
  const auto effect_after = [](std::int64_t ms) {
    SampleRun run;
    run.bid("Bob", 1000, "k1");  // not open yet
    run.pass(ms);
    run.lose_answer_of("Bob", 1000, "k1");
    History history = run.finish();
    history.auctions.front().must_be_closed = false;
    return broken(check(history));
  };
  EXPECT_EQ(effect_after(2'000), std::set<Rule>{Rule::invented_bid});
}

TEST(Rules, AResumedWatcherGoesOnOrStartsOver) {
  const auto watched = [](std::optional<std::uint64_t> after, std::uint64_t first_event, bool reset) {
    History history = one_bid();
    WatcherRecord watcher{.auction = history.auctions[0].id};
    if (after) watcher.resumed_after = Sequence(*after);
    if (reset) watcher.states.push_back({0, history.watchers[1].states[0].seen});  // the state at event 2
    for (std::uint64_t i = first_event; i <= 4; ++i) {
      watcher.events.push_back({Sequence(i), digest_of(event(history, i)), 1'000'000'000});
    }
    history.watchers.assign({watcher});
    return broken(check(history));
  };
  const std::set<Rule> none;
  const std::set<Rule> gap{Rule::watcher_gap};
  EXPECT_EQ(watched(2, 3, false), none);
  EXPECT_EQ(watched(0, 1, false), none);
  EXPECT_EQ(watched(2, 4, false), gap);
  EXPECT_EQ(watched(3, 3, false), gap);
  EXPECT_EQ(watched(std::nullopt, 3, false), gap);
  // It claimed what it cannot have seen, and was told to start over.
  EXPECT_EQ(watched(17, 3, true), none);
  EXPECT_EQ(watched(1, 4, true), gap);
}

TEST(Rules, AClockThatRanBackExcusesLateRejectionsOnly) {
  const auto dated = [](std::int64_t off_ms, bool ran_back) {
    History history = sample_history();
    history.clock_ran_back = ran_back;
    history.operations[2].quote.decided_at.ms += off_ms;
    return broken(check(history));
  };
  EXPECT_EQ(dated(1, false), std::set<Rule>{Rule::decided_at});
  EXPECT_EQ(dated(1, true), std::set<Rule>{});
  EXPECT_EQ(dated(-1, true), std::set<Rule>{Rule::decided_at});
}

TEST(Rules, TheLastPriceIsHeldAgainstWhatWasAnsweredBefore) {
  History history = one_bid();
  StateSeen& last = history.auctions[0].reads.back();
  // Read while the bid was under way, before it counted.
  last = history.watchers[1].states[0].seen;
  ASSERT_EQ(last.sequence, Sequence(2));
  history.watchers.clear();
  history.auctions[0].bids.clear();
  last.asked_ns = history.operations[0].answered_ns - 1;
  last.seen_ns = last.asked_ns + 5;
  EXPECT_EQ(broken(check(history)), std::set<Rule>{});
  last.asked_ns = history.operations[0].answered_ns + 1;
  EXPECT_EQ(broken(check(history)), (std::set<Rule>{Rule::final_price, Rule::stale_read}));
}

}  // namespace
}  // namespace flashbid::checker
