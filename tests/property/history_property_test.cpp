// The checker against histories of the naive oracle: what is correct is never accused, however it overlaps and whatever
// was lost; and one lie in it is always caught. Only lies that no correct server could have told are told here; each
// says why.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checker/checker.hpp"
#include "checker/report_text.hpp"
#include "support/played_history.hpp"

namespace flashbid::checker {
namespace {

using support::PlayedHistory;
using support::Random;

struct Any {
  std::uint64_t seed;
  History history;
  Random random{seed};
};

Any history_of(std::uint64_t seed) {
  PlayedHistory played(seed);
  for (std::uint64_t id = 1; id <= 1 + seed % 2; ++id) played.play(AuctionId(id), 60);
  return {seed, played.take()};
}

Any any_history() { return history_of(*rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>()).as("seed")); }

// What `pick` finds in this history, or in the next one where it finds something.
template <class Pick>
auto found_in(Any& any, Pick pick) {
  for (int tries = 0; tries < 200; ++tries) {
    if (auto found = pick(any)) return found;
    any = history_of(any.seed + 1);
  }
  RC_FAIL("nothing to lie about in 200 histories");
}

// One of the operations for which `fits` holds; or none.
template <class Fits>
Operation* one_of(Any& any, Fits fits) {
  std::vector<Operation*> fitting;
  for (Operation& operation : any.history.operations) {
    if (fits(operation)) fitting.push_back(&operation);
  }
  if (fitting.empty()) return nullptr;
  return fitting[static_cast<std::size_t>(any.random.below(std::ssize(fitting)))];
}

bool is_accepted(const Operation& operation) { return operation.outcome == Outcome::accepted; }
bool is_decided(const Operation& operation) { return is_accepted(operation) || operation.outcome == Outcome::rejected; }

void expect_caught(const Any& any, const char* lie) {
  if (check(any.history).clean()) RC_FAIL(std::string("not caught: ") + lie);
}

RC_GTEST_PROP(Checker, NeverAccusesACorrectServer, ()) {
  const Any any = any_history();
  const Report report = check(any.history);
  if (!report.clean()) RC_FAIL(describe(report));
  RC_CLASSIFY(report.tally.unknown > 0);
  RC_CLASSIFY(report.tally.retries > 0);
}

// Prices rise, so no two events of an auction have one amount: at its own sequence stands another, and so does at every
// other sequence.
RC_GTEST_PROP(Checker, CatchesAnotherAmount, ()) {
  Any any = any_history();
  Operation* operation = found_in(any, [](Any& a) { return one_of(a, is_accepted); });
  operation->amount = Amount(operation->amount.value() == 0 ? 1 : operation->amount.value() - 1);
  expect_caught(any, "amount");
}

RC_GTEST_PROP(Checker, CatchesAnotherSequence, ()) {
  Any any = any_history();
  Operation* operation = found_in(any, [](Any& a) { return one_of(a, is_accepted); });
  const auto off = static_cast<std::uint64_t>(any.random.between(1, 3));
  operation->sequence = Sequence(operation->sequence.value() + (any.random.percent(50) ? off : 0 - off));
  expect_caught(any, "sequence");
}

// The two bids differ in amount, and each is told that it stands where the other does.
RC_GTEST_PROP(Checker, CatchesSwappedAnswers, ()) {
  Any any = any_history();
  const auto [one, other] = *found_in(any, [](Any& a) -> std::optional<std::pair<Operation*, Operation*>> {
    Operation* first = one_of(a, is_accepted);
    if (first == nullptr) return std::nullopt;
    Operation* second = one_of(a, [&](const Operation& o) { return is_accepted(o) && o.amount != first->amount; });
    return second == nullptr ? std::nullopt : std::optional(std::pair(first, second));
  });
  std::swap(one->sequence, other->sequence);
  std::swap(one->quote, other->quote);
  expect_caught(any, "swapped answers");
}

// What is quoted follows from the events up to as_of_sequence, which the history holds.
RC_GTEST_PROP(Checker, CatchesAnotherQuote, ()) {
  Any any = any_history();
  Operation* operation = found_in(any, [](Any& a) { return one_of(a, is_decided); });
  Quote& quote = operation->quote;
  switch (any.random.below(4)) {
    case 0:
      quote.price = Amount(quote.price ? quote.price->value() ^ 1 : 7);
      break;
    case 1:
      quote.leader = quote.leader == nobody ? 0 : nobody;
      break;
    case 2:
      quote.minimum_next = Amount(quote.minimum_next ? quote.minimum_next->value() ^ 1 : 7);
      break;
    default:
      quote.closes_at.ms += 1;
  }
  expect_caught(any, "quote");
}

// An accepted bid was decided when its event was.
RC_GTEST_PROP(Checker, CatchesAnotherTime, ()) {
  Any any = any_history();
  Operation* operation = found_in(any, [](Any& a) { return one_of(a, is_accepted); });
  operation->quote.decided_at.ms += any.random.percent(50) ? 1 : -1;
  expect_caught(any, "decided_at");
}

// Right after a bid the auction is open: no bid is too early, too late or called off.
RC_GTEST_PROP(Checker, CatchesARejectedAcceptance, ()) {
  Any any = any_history();
  Operation* operation = found_in(any, [](Any& a) { return one_of(a, is_accepted); });
  operation->outcome = Outcome::rejected;
  operation->sequence = Sequence();
  operation->reason = any.random.one_of({Reason::not_open_yet, Reason::closed, Reason::cancelled});
  expect_caught(any, "verdict");
}

// Harmless only where it might have been so: the event there is such a bid. Those are left out.
bool may_be_its_event(const History& history, const Operation& operation) {
  for (const AuctionRecord& auction : history.auctions) {
    if (auction.id != operation.auction) continue;
    const HistoryEvent& there = auction.events[operation.quote.as_of_sequence.value() - 1];
    return there.kind == EventKind::bid_accepted && there.bidder == operation.bidder &&
           there.amount == operation.amount;
  }
  return false;
}

RC_GTEST_PROP(Checker, CatchesAnAcceptedRejection, ()) {
  Any any = any_history();
  Operation* operation = found_in(any, [](Any& a) {
    return one_of(
        a, [&](const Operation& o) { return o.outcome == Outcome::rejected && !may_be_its_event(a.history, o); });
  });
  operation->outcome = Outcome::accepted;
  operation->reason = Reason::none;
  operation->sequence = operation->quote.as_of_sequence;
  expect_caught(any, "verdict");
}

// It was sent after a later event had been told.
RC_GTEST_PROP(Checker, CatchesADecisionOutOfOrder, ()) {
  Any any = any_history();
  const auto [early, late] = *found_in(any, [](Any& a) -> std::optional<std::pair<Operation*, Operation*>> {
    Operation* first = one_of(a, [](const Operation& o) { return is_accepted(o) && o.key == no_key; });
    if (first == nullptr) return std::nullopt;
    Operation* second = one_of(a, [&](const Operation& o) {
      return is_accepted(o) && o.auction == first->auction && o.sequence > first->sequence;
    });
    return second == nullptr ? std::nullopt : std::optional(std::pair(first, second));
  });
  early->sent_ns = late->answered_ns + 1;
  early->answered_ns = late->answered_ns + 2;
  expect_caught(any, "order");
}

std::optional<std::pair<std::size_t, std::size_t>> frame_between_frames(Any& any) {
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (std::size_t w = 0; w < any.history.watchers.size(); ++w) {
    const WatcherRecord& watcher = any.history.watchers[w];
    for (std::size_t i = 1; i + 1 < watcher.events.size(); ++i) {
      const auto is_between = [&](const WatcherRecord::State& s) {
        return s.events_before == i || s.events_before == i + 1;
      };
      if (std::ranges::none_of(watcher.states, is_between)) places.emplace_back(w, i);
    }
  }
  if (places.empty()) return std::nullopt;
  return places[static_cast<std::size_t>(any.random.below(std::ssize(places)))];
}

// Between two frames of events that follow one another there is no snapshot that would excuse a third one's absence.
RC_GTEST_PROP(Checker, CatchesADroppedFrame, ()) {
  Any any = any_history();
  const auto [w, i] = *found_in(any, frame_between_frames);
  auto& events = any.history.watchers[w].events;
  if (any.random.percent(50)) {
    events.erase(events.begin() + static_cast<std::ptrdiff_t>(i));
    for (auto& state : any.history.watchers[w].states) state.events_before -= state.events_before > i ? 1 : 0;
  } else {
    std::swap(events[i].sequence, events[i + 1].sequence);
    std::swap(events[i].digest, events[i + 1].digest);
  }
  expect_caught(any, "frame");
}

// Every event changes what an auction shows, so no state is also that of the next sequence.
RC_GTEST_PROP(Checker, CatchesAStateOfAnotherSequence, ()) {
  Any any = any_history();
  AuctionRecord& auction = any.history.auctions.front();
  StateSeen& read = auction.reads[static_cast<std::size_t>(any.random.below(std::ssize(auction.reads)))];
  read.sequence = any.random.percent(50) ? read.sequence.next() : Sequence(read.sequence.value() - 1);
  expect_caught(any, "state");
}

// Sequences are gapless, and nothing that was told of the last event is left out.
RC_GTEST_PROP(Checker, CatchesALostEvent, ()) {
  Any any = any_history();
  auto& events = any.history.auctions.front().events;
  events.erase(events.begin() + any.random.below(std::ssize(events)));
  expect_caught(any, "lost event");
}

}  // namespace
}  // namespace flashbid::checker
