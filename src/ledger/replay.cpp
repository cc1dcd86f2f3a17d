#include "ledger/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"
#include "ledger/text_difference.hpp"

namespace flashbid {
namespace {

// The command that must have caused an event; none for one that only follows another.
struct Cause {
  std::optional<Command> operator()(const Created&) const { return std::nullopt; }
  std::optional<Command> operator()(const Opened&) const { return Tick{}; }
  std::optional<Command> operator()(const BidAccepted& bid) const { return Bid{bid.bidder, bid.amount}; }
  std::optional<Command> operator()(const Extended&) const { return std::nullopt; }
  std::optional<Command> operator()(const Closed&) const { return Tick{}; }
  std::optional<Command> operator()(const Cancelled&) const { return Cancel{}; }
};

std::string text_of(const BidAnswer& answer) {
  std::string json;
  encode_answer(answer, json);
  return json;
}

std::string text_of(AuctionId id, Epoch epoch, const Event& event) {
  std::string json;
  encode_event(id, epoch, event, json);
  return json;
}

}  // namespace

std::unexpected<Error> Replay::violation(Sequence sequence, std::string_view why) const {
  return fail(Failure::corrupt, fmt::format("auction {}, sequence {}: {}", id_.value(), sequence.value(), why));
}

Result<void> Replay::play(const Record& record) {
  Result<HistoryStep> step = read_step(record);
  if (!step) return violation(record.sequence, step.error().detail);
  if (!step->event || record.auction != id_) return violation(record.sequence, "not an event of this auction");
  const Event& event = *step->event;
  if (event.sequence != auction_.sequence.next()) {
    return violation(event.sequence, fmt::format("the event before it is {}", auction_.sequence.value()));
  }
  if (event.at < last_at_) {
    return violation(event.sequence, fmt::format("at: {} is earlier than the event before it, of {}", to_text(event.at),
                                                 to_text(last_at_)));
  }
  if (step->epoch < epoch_) {
    return violation(event.sequence, fmt::format("epoch: {} is lower than that of the event before it, {}",
                                                 step->epoch.value(), epoch_.value()));
  }
  if (expected_.empty()) {
    if (const auto decided = expect_decision(event); !decided) return decided;
  }
  const std::string expected = text_of(id_, step->epoch, expected_.front());
  if (const auto difference = first_difference(*record.payload, expected)) {
    return violation(event.sequence, describe(*difference, "the rules say"));
  }
  expected_.erase(expected_.begin());
  if (const auto moved = advance(auction_, id_, event); !moved) return moved;
  epoch_ = step->epoch;
  last_at_ = event.at;
  step_ = std::move(*step);
  return {};
}

Result<void> Replay::expect_decision(const Event& event) {
  if (const auto* created = std::get_if<Created>(&event.body)) {
    if (auction_.sequence != Sequence{0}) return violation(event.sequence, "created, but not the first event");
    // Whoever created it was let in a little earlier: its end may have passed since.
    const Timestamp let_in = std::min(event.at, created->terms->closes_at - Duration{1});
    if (const auto wrong = check_terms(*created->terms, let_in)) return violation(event.sequence, wrong->detail);
    // `opened` is checked as an event of its own.
    expected_ = {create(created->terms, event.at).front()};
    return {};
  }
  if (auction_.sequence == Sequence{0}) return violation(event.sequence, "the first event is not created");
  const std::optional<Command> cause = std::visit(Cause{}, event.body);
  if (!cause) return violation(event.sequence, "it does not follow the bid that it belongs to");
  const Decision decision = decide(auction_, *cause, event.at);
  if (decision.verdict == Verdict::rejected || decision.events.empty()) {
    const auto* bid = std::get_if<BidAccepted>(&event.body);
    const std::string whose =
        bid == nullptr ? "" : fmt::format(" (of {}, {})", bid->bidder.view(), bid->amount.value());
    return violation(event.sequence,
                     fmt::format("{}{} at this moment is against the rules{}{}", name_of(event.body), whose,
                                 decision.reason == Reason::none ? "" : ": ", to_text(decision.reason)));
  }
  expected_ = decision.events;
  return {};
}

Result<void> Replay::check_rejection(const BidAnswer& answer, std::string_view stored) const {
  const auto wrong = [](std::string why) { return fail(Failure::corrupt, std::move(why)); };
  if (answer.as_of_sequence != auction_.sequence || auction_.sequence == Sequence{0}) {
    return wrong(fmt::format("as_of_sequence: it rests on event {}, where the auction was at event {}",
                             answer.as_of_sequence.value(), auction_.sequence.value()));
  }
  if (in_the_middle()) return wrong("as_of_sequence: it rests on the middle of a decision");
  if (answer.decided_at < last_at_) {
    return wrong(fmt::format("decided_at: {} is earlier than the event that it rests on, of {}",
                             to_text(answer.decided_at), to_text(last_at_)));
  }
  const Decision decision = decide(auction_, Bid{answer.bidder, answer.amount}, answer.decided_at);
  if (decision.verdict == Verdict::accepted) return wrong("the rules accept this bid");
  if (!decision.events.empty()) {
    return wrong(fmt::format("it does not rest on {}, which was due", name_of(decision.events.front().body)));
  }
  BidAnswer right = answer;
  right.auction = id_;
  right.verdict = Verdict::rejected;
  right.reason = decision.reason;
  right.price = auction_.standing_price();
  right.leader = auction_.leader;
  right.minimum_next = auction_.minimum_next();
  right.closes_at = auction_.closes_at;
  if (const auto difference = first_difference(stored, text_of(right))) {
    return wrong(describe(*difference, "the rules say"));
  }
  return {};
}

}  // namespace flashbid
