// The checker passes a correct history, and each of its rules catches at least one planted violation.
#include "checker/checker.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>
#include <set>

#include "sample_run.hpp"

namespace flashbid::checker {
namespace {

std::string sentences(const Report& report) {
  std::string all;
  for (const Violation& violation : report.findings.kept()) {
    all += fmt::format("{}: {}\n", to_text(violation.rule), violation.sentence);
  }
  return all;
}

HistoryEvent& event(History& history, std::uint64_t sequence) {
  return history.auctions.front().events.at(sequence - 1);
}

struct Plant {
  const char* name;
  Rule rule;
  std::function<void(History&)> spoil;
};

std::vector<Plant> plants() {
  return {
      {"a frame that cannot be read", Rule::malformed, [](History& h) { h.malformed.push_back("no JSON"); }},
      {"an answer to another bid", Rule::malformed, [](History& h) { h.operations[2].echo_differs = true; }},
      {"operations of an auction without a history", Rule::malformed,
       [](History& h) { h.operations[2].auction = AuctionId(99); }},
      {"an event is missing", Rule::sequence_gap,
       [](History& h) { h.auctions[0].events.erase(h.auctions[0].events.begin() + 4); }},
      {"an event is there twice", Rule::sequence_gap,
       [](History& h) { h.auctions[0].events.insert(h.auctions[0].events.begin() + 4, event(h, 4)); }},
      {"closed twice", Rule::event_order,
       [](History& h) {
         HistoryEvent again = event(h, 9);
         again.sequence = Sequence(10);
         h.auctions[0].events.push_back(again);
       }},
      {"opened twice", Rule::event_order,
       [](History& h) { event(h, 5) = {Sequence(5), Epoch(1), event(h, 5).at, EventKind::opened}; }},
      {"a bid before opening", Rule::event_order, [](History& h) { event(h, 2).kind = EventKind::bid_accepted; }},
      {"time runs back", Rule::event_time, [](History& h) { event(h, 5).at.ms -= 1; }},
      {"opened early", Rule::event_time,
       [](History& h) { event(h, 2).at = h.auctions[0].terms.opens_at - Duration{1}; }},
      {"closed early", Rule::event_time, [](History& h) { event(h, 9).at = event(h, 8).closes_at - Duration{1}; }},
      {"an equal amount wins", Rule::price_step,
       [](History& h) { event(h, 4).amount = event(h, 4).price = h.operations[3].amount = Amount(1000); }},
      {"the step is too small", Rule::price_step,
       [](History& h) { event(h, 4).amount = event(h, 4).price = h.operations[3].amount = Amount(1099); }},
      {"the first bid is below the opening price", Rule::price_step,
       [](History& h) { event(h, 3).amount = event(h, 3).price = h.operations[1].amount = Amount(999); }},
      {"a bid's event with another price", Rule::event_fields, [](History& h) { event(h, 4).price = Amount(1101); }},
      {"a bid's event with another leader", Rule::event_fields,
       [](History& h) { event(h, 4).leader = event(h, 3).leader; }},
      {"a bid's event with another minimum", Rule::event_fields,
       [](History& h) { event(h, 4).minimum_next = Amount(1201); }},
      {"a bid's event with another end", Rule::event_fields, [](History& h) { event(h, 4).closes_at.ms += 1; }},
      {"accepted at closes_at", Rule::late_bid,
       [](History& h) { event(h, 7).at = event(h, 8).at = h.operations[14].quote.decided_at = event(h, 7).closes_at; }},
      {"the end moves too far", Rule::extension, [](History& h) { event(h, 8).closes_at.ms += 1; }},
      {"the end does not move", Rule::extension, [](History& h) { h.auctions[0].events.resize(7); }},
      {"the end moves for nothing", Rule::extension, [](History& h) { h.auctions[0].terms.soft_close.reset(); }},
      {"another extension's number", Rule::extension, [](History& h) { event(h, 8).extensions = 2; }},
      {"another winner", Rule::close, [](History& h) { event(h, 9).leader = event(h, 3).leader; }},
      {"another closing price", Rule::close, [](History& h) { event(h, 9).price = Amount(1501); }},
      {"sold below the reserve", Rule::close, [](History& h) { h.auctions[0].terms.reserve = Amount(1501); }},
      {"an acknowledged bid is not there", Rule::lost_bid, [](History& h) { h.auctions[0].events.resize(6); }},
      {"another event stands there", Rule::lost_bid, [](History& h) { h.operations[3].sequence = Sequence(2); }},
      {"an acknowledged bid is there otherwise", Rule::changed_bid,
       [](History& h) { h.operations[3].amount = Amount(1101); }},
      {"decided at another time", Rule::changed_bid, [](History& h) { h.operations[3].quote.decided_at.ms += 1; }},
      {"two bids accepted as one event", Rule::double_effect,
       [](History& h) { h.operations.push_back(h.operations[3]); }},
      {"a retry took effect again", Rule::double_effect, [](History& h) { h.operations[8].sequence = Sequence(5); }},
      {"an event that nobody asked for", Rule::invented_bid,
       [](History& h) { h.operations.erase(h.operations.begin() + 7); }},
      {"a refused bid took effect", Rule::invented_bid, [](History& h) { h.operations[7].outcome = Outcome::refused; }},
      {"a bid took effect before it was sent", Rule::invented_bid,
       [](History& h) { h.operations[7].sent_ns = h.operations[16].sent_ns; }},
      {"a rejected retry whose bid took effect", Rule::invented_bid,
       [](History& h) {  // no dedupe: the first attempt was applied, its answer lost, the retry decided anew
         Operation retry = h.operations[12];
         retry.bidder = h.operations[11].bidder;
         retry.key = h.operations[11].key;
         retry.amount = h.operations[11].amount;
         retry.reason = Reason::already_leading;
         h.operations.push_back(retry);
       }},
      {"a rejection quotes what was lost", Rule::lost_state,
       [](History& h) { h.operations[2].quote.as_of_sequence = Sequence(100); }},
      {"a watcher saw what was lost", Rule::lost_state,
       [](History& h) { h.watchers[0].events.push_back({Sequence(10), 1, h.watchers[0].events.back().seen_ns}); }},
      {"a read showed what was lost", Rule::lost_state,
       [](History& h) { h.auctions[0].reads.back().sequence = Sequence(10); }},
      {"a rejection quotes another price", Rule::answer_state,
       [](History& h) { h.operations[2].quote.price = Amount(1001); }},
      {"a rejection quotes another leader", Rule::answer_state,
       [](History& h) { h.operations[2].quote.leader = h.operations[2].bidder; }},
      {"a rejection quotes another minimum", Rule::answer_state,
       [](History& h) { h.operations[2].quote.minimum_next.reset(); }},
      {"an acceptance quotes another end", Rule::answer_state,
       [](History& h) { h.operations[14].quote.closes_at = event(h, 7).closes_at; }},
      {"an acceptance rests on a later event", Rule::answer_state,
       [](History& h) { h.operations[1].quote.as_of_sequence = Sequence(4); }},
      {"another reason than the first", Rule::wrong_reason,
       [](History& h) { h.operations[4].reason = Reason::amount_above_limit; }},
      {"rejected though nothing refuses it", Rule::wrong_reason,
       [](History& h) { h.operations[2].amount = Amount(1100); }},
      {"rejected at closes_at, but not as closed", Rule::wrong_reason,
       [](History& h) { h.operations[15].quote.decided_at = event(h, 8).closes_at; }},
      {"not yet open though it was time", Rule::wrong_reason,
       [](History& h) { h.operations[0].quote.decided_at = h.auctions[0].terms.opens_at; }},
      {"the seller's bid is accepted", Rule::wrong_reason,
       [](History& h) { h.auctions[0].terms.seller = *BidderId::from("Bob"); }},
      {"a rejection from before its state", Rule::decided_at,
       [](History& h) { h.operations[2].quote.decided_at.ms -= 1; }},
      {"a rejection from after the next event", Rule::decided_at,
       [](History& h) { h.operations[2].quote.decided_at.ms += 1; }},
      {"decided before what was known", Rule::real_time,
       [](History& h) {
         h.operations[1].key = no_key;
         h.operations[1].sent_ns = h.operations[3].answered_ns + 1;
         h.operations[1].answered_ns = h.operations[3].answered_ns + 2;
       }},
      {"known before it was asked", Rule::real_time, [](History& h) { h.watchers[0].events[2].seen_ns = 1; }},
      {"rejected on older state than was known", Rule::stale_answer,
       [](History& h) {
         h.operations[2].sent_ns = h.operations[3].answered_ns + 1;
         h.operations[2].answered_ns = h.operations[3].answered_ns + 2;
       }},
      {"a retry gets another verdict", Rule::same_key, [](History& h) { h.operations[8].outcome = Outcome::rejected; }},
      {"a retry gets another state", Rule::same_key, [](History& h) { h.operations[8].quote.price = Amount(1100); }},
      {"another body under the same key", Rule::same_key, [](History& h) { h.operations[8].amount = Amount(1001); }},
      {"a read shows another price", Rule::read_state, [](History& h) { h.auctions[0].reads[1].price = Amount(1); }},
      {"a read shows another number of bids", Rule::read_state, [](History& h) { ++h.auctions[0].reads[1].bids; }},
      {"a read shows another winner", Rule::read_state,
       [](History& h) { h.auctions[0].reads.back().winner = h.operations[1].bidder; }},
      {"a read is older than what was known", Rule::stale_read,
       [](History& h) { h.auctions[0].reads[0].asked_ns = h.auctions[0].reads[1].asked_ns; }},
      {"the list has a wrong line", Rule::bids_list, [](History& h) { h.auctions[0].bids[1].amount = Amount(1101); }},
      {"the list has too many lines", Rule::bids_list,
       [](History& h) { h.auctions[0].bids.push_back(h.auctions[0].bids.back()); }},
      {"the list has too few lines", Rule::bids_list, [](History& h) { h.auctions[0].bids.pop_back(); }},
      {"another last price", Rule::final_price, [](History& h) { h.auctions[0].reads.back().price = Amount(1400); }},
      {"a higher bid was accepted", Rule::final_price, [](History& h) { h.operations[14].amount = Amount(1600); }},
      {"it never closes", Rule::not_closed, [](History& h) { h.auctions[0].events.pop_back(); }},
      {"a watcher misses an event", Rule::watcher_gap,
       [](History& h) { h.watchers[0].events.erase(h.watchers[0].events.begin() + 3); }},
      {"a watcher sees an event twice", Rule::watcher_gap,
       [](History& h) { h.watchers[0].events.insert(h.watchers[0].events.begin() + 3, h.watchers[0].events[3]); }},
      {"a watcher starts without a snapshot", Rule::watcher_gap, [](History& h) { h.watchers[1].states.clear(); }},
      {"a watcher sees another event", Rule::watcher_event, [](History& h) { h.watchers[0].events[3].digest ^= 1; }},
      {"a snapshot shows another price", Rule::watcher_state,
       [](History& h) { h.watchers[1].states[0].seen.price = Amount(1); }},
      {"a late state frame", Rule::watcher_state,
       [](History& h) { std::swap(h.watchers[2].states[0], h.watchers[2].states[1]); }},
      {"a snapshot older than what was known", Rule::watcher_state,
       [](History& h) { h.watchers[0].states[0].seen.asked_ns = h.operations[3].sent_ns; }},
      {"a watcher misses the end", Rule::watcher_end, [](History& h) { h.watchers[0].events.pop_back(); }},
      {"a latest watcher misses the end", Rule::watcher_end, [](History& h) { h.watchers[2].states.pop_back(); }},
  };
}

TEST(Checker, PassesACorrectHistory) {
  const History history = sample_history();
  const Report report = check(history);
  EXPECT_TRUE(report.clean()) << sentences(report);
  EXPECT_EQ(report.tally.operations, 17U);
  EXPECT_EQ(report.tally.accepted, 4U);
  EXPECT_EQ(report.tally.refused, 1U);
  EXPECT_EQ(report.tally.unknown, 3U);
  EXPECT_EQ(report.tally.retries, 1U);
  EXPECT_EQ(report.tally.events, 9U);
}

TEST(Checker, CatchesEveryPlantedViolation) {
  for (const Plant& plant : plants()) {
    History history = sample_history();
    plant.spoil(history);
    const Report report = check(history);
    EXPECT_GT(report.findings.count(plant.rule), 0U)
        << plant.name << " should break " << to_text(plant.rule) << "; found only:\n"
        << sentences(report);
  }
}

// The history as it is recorded of a server that masks: whole names only of who bids, in the answers to his bids.
History masked(History history) {
  const auto mask = [&](BidderIndex& shown) {
    if (shown == nobody) return;
    const std::string name(history.bidders[shown]);
    shown = history.bidders.index_of(name.substr(0, 1) + "***" + (name.size() > 1 ? name.substr(name.size() - 1) : ""));
  };
  const auto mask_state = [&](StateSeen& seen) {
    mask(seen.leader);
    mask(seen.winner);
  };
  AuctionRecord& auction = history.auctions.front();
  for (HistoryEvent& shown : auction.events) {
    const std::uint64_t whole = digest_of(shown);
    mask(shown.bidder);
    mask(shown.leader);
    for (WatcherRecord& watcher : history.watchers) {
      for (EventSeen& seen : watcher.events) {
        if (seen.sequence == shown.sequence && seen.digest == whole) seen.digest = digest_of(shown);
      }
    }
  }
  for (BidRow& row : auction.bids) mask(row.bidder);
  for (StateSeen& read : auction.reads) mask_state(read);
  for (WatcherRecord& watcher : history.watchers) {
    for (auto& state : watcher.states) mask_state(state.seen);
  }
  for (Operation& operation : history.operations) {
    if (operation.quote.leader != operation.bidder) mask(operation.quote.leader);
  }
  return history;
}

TEST(Checker, PassesACorrectHistoryUnderMasks) {
  const History history = masked(sample_history());
  EXPECT_EQ(history.bidders[history.auctions.front().bids.front().bidder], "A***e");
  const Report report = check(history);
  EXPECT_TRUE(report.clean()) << sentences(report);
}

TEST(Checker, CatchesEveryPlantedViolationUnderMasks) {
  for (const Plant& plant : plants()) {
    History history = sample_history();
    plant.spoil(history);
    const Report report = check(masked(std::move(history)));
    EXPECT_GT(report.findings.count(plant.rule), 0U)
        << plant.name << " should break " << to_text(plant.rule) << "; found only:\n"
        << sentences(report);
  }
}

TEST(Checker, TellsBiddersOfOneMaskApart) {
  SampleRun run;
  run.pass(2000);
  std::int64_t amount = 1000;
  for (const std::string_view name : {"Ann", "Aaron", "An", "A", "Ann", "Aden"}) run.bid(name, amount += 100);
  run.lose_answer_of("Alan", 9000);
  run.pass(100'000);
  const History history = masked(run.finish());
  const Report report = check(history);
  EXPECT_TRUE(report.clean()) << sentences(report);
}

TEST(Checker, CatchesAnotherMask) {
  const auto spoiled = [](const std::function<void(History&)>& spoil) {
    History history = masked(sample_history());
    spoil(history);
    return check(history).findings;
  };
  const auto carol = [](History& h) { return h.bidders.index_of("C***l"); };
  EXPECT_GT(spoiled([&](History& h) { h.auctions[0].bids[0].bidder = carol(h); }).count(Rule::bids_list), 0U);
  EXPECT_GT(spoiled([&](History& h) {
              h.auctions[0].reads.back().winner = h.bidders.index_of("B***b");
            }).count(Rule::read_state),
            0U);
  EXPECT_GT(spoiled([&](History& h) { h.operations[12].quote.leader = carol(h); }).count(Rule::answer_state), 0U);
  EXPECT_GT(spoiled([&](History& h) { event(h, 3).bidder = event(h, 3).leader = carol(h); }).count(Rule::changed_bid),
            0U);
  EXPECT_GT(spoiled([&](History& h) { event(h, 4).leader = carol(h); }).count(Rule::event_fields), 0U);
  EXPECT_GT(spoiled([&](History& h) { event(h, 9).leader = h.bidders.index_of("A***e"); }).count(Rule::close), 0U);
}

TEST(Checker, HasAPlantForEveryRule) {
  std::set<Rule> planted;
  for (const Plant& plant : plants()) planted.insert(plant.rule);
  for (std::size_t i = 0; i < rule_count; ++i) {
    EXPECT_TRUE(planted.contains(static_cast<Rule>(i))) << to_text(static_cast<Rule>(i));
    EXPECT_FALSE(to_text(static_cast<Rule>(i)).empty());
  }
}

TEST(Checker, LeavesStrangersAlone) {
  History history = sample_history();
  history.auctions[0].only_ours = false;
  // A stranger's bid that no operation of ours is behind.
  const BidderIndex stranger = history.bidders.index_of("stranger");
  event(history, 5).bidder = event(history, 5).leader = stranger;
  history.auctions[0].bids[2].bidder = stranger;
  for (WatcherRecord& watcher : history.watchers) {
    for (EventSeen& seen : watcher.events) seen.digest = digest_of(event(history, seen.sequence.value()));
  }
  const Report strange = check(history);
  EXPECT_EQ(strange.findings.count(Rule::invented_bid), 0U) << sentences(strange);
  history.auctions[0].only_ours = true;
  EXPECT_EQ(check(history).findings.count(Rule::invented_bid), 1U);
}

TEST(Checker, NeedsNoOperationBehindWhatWasBeforeTheRun) {
  History history = sample_history();
  history.operations.erase(history.operations.begin() + 7);
  history.auctions[0].before_run = Sequence(4);
  EXPECT_EQ(check(history).findings.count(Rule::invented_bid), 1U);
  history.auctions[0].before_run = Sequence(5);
  EXPECT_EQ(check(history).findings.count(Rule::invented_bid), 0U);
}

TEST(Checker, KeepsTheFirstSentencesAndCountsTheRest) {
  History history = sample_history();
  for (int i = 0; i < 1000; ++i) history.malformed.emplace_back("x");
  const Report report = check(history);
  EXPECT_EQ(report.findings.count(Rule::malformed), 1000U);
  EXPECT_EQ(report.findings.kept().size(), Findings::kept_per_rule);
}

// A million concurrent operations, correct; then one bit wrong in the middle.
TEST(Checker, JudgesAMillionOperations) {
  std::mt19937_64 random(20'261'124);
  SampleRun run;
  run.pass(2000);
  std::int64_t price = 1000;
  for (int i = 0; i < 1'000'000; ++i) {
    const std::string bidder = "bidder-" + std::to_string(random() % 500);
    run.overlap(static_cast<std::int64_t>(random() % 400), static_cast<std::int64_t>(random() % 400));
    if (random() % 3 != 0) price += 100;
    run.bid(bidder, price, random() % 4 == 0 ? "k" + std::to_string(i) : std::string());
    if (random() % 20 == 0) run.pass(1);
  }
  run.pass(1'000'000);
  History history = run.finish();
  const Report clean = check(history);
  EXPECT_TRUE(clean.clean()) << sentences(clean);
  EXPECT_GT(clean.tally.accepted, 100'000U);

  history.operations[500'000].quote.minimum_next = Amount(1);
  const Report caught = check(history);
  EXPECT_EQ(caught.findings.count(Rule::answer_state), 1U) << sentences(caught);
  EXPECT_EQ(caught.findings.total(), 1U);
}

}  // namespace
}  // namespace flashbid::checker
