#include "bots/effects.hpp"

#include <algorithm>
#include <string>
#include <tuple>

namespace flashbid::bots {
namespace {

std::string text_of(std::optional<Amount> amount) { return amount ? std::to_string(amount->value()) : "none"; }

bool same_answer(const Operation& a, const Operation& b) {
  return a.outcome == b.outcome && a.reason == b.reason && a.amount == b.amount && a.sequence == b.sequence &&
         a.quote == b.quote;
}

}  // namespace

Effects::Effects(const History& history, const AuctionRecord& auction, std::span<const std::uint32_t> operations,
                 const Replay& replay, const Knowledge& knowledge, Findings& findings)
    : history_(history),
      auction_(auction),
      operations_(operations),
      replay_(replay),
      knowledge_(knowledge),
      findings_(findings) {}

void Effects::check() {
  gather();
  for (const Attempt& attempt : attempts_) {
    if (attempt.decided == no_operation) continue;
    if (history_.operations[attempt.decided].outcome == Outcome::accepted) {
      check_accepted(attempt);
    } else {
      check_rejected(attempt);
    }
  }
  check_origins();
}

std::string Effects::told(const Operation& operation) const {
  return fmt::format("{}'s bid of {}", history_.bidders[operation.bidder], operation.amount.value());
}

void Effects::gather() {
  attempts_.reserve(operations_.size());
  for (const std::uint32_t index : operations_) {
    const Operation& operation = history_.operations[index];
    bidders_.insert(operation.bidder);
    if (operation.key != no_key) {
      const std::uint64_t scope = std::uint64_t{operation.bidder} << 32 | operation.key;
      const auto [at, is_new] = by_key_.try_emplace(scope, static_cast<std::uint32_t>(attempts_.size()));
      if (!is_new) {
        ++retries_;
        merge(attempts_[at->second], index);
        continue;
      }
    }
    attempts_.push_back({index, no_operation, operation.sent_ns, false});
    merge(attempts_.back(), index);
  }
}

void Effects::merge(Attempt& attempt, std::uint32_t index) {
  const Operation& operation = history_.operations[index];
  attempt.first_sent_ns = std::min(attempt.first_sent_ns, operation.sent_ns);
  if (operation.outcome == Outcome::unknown) attempt.unknown = true;
  if (operation.outcome != Outcome::accepted && operation.outcome != Outcome::rejected) return;
  if (operation.echo_differs) {
    findings_.add(Rule::malformed, auction_.id, "{} was answered with another auction, bidder or amount",
                  told(operation));
  }
  if (attempt.decided == no_operation) {
    attempt.decided = index;
    return;
  }
  const Operation& before = history_.operations[attempt.decided];
  if (same_answer(before, operation)) return;
  findings_.add(Rule::same_key, auction_.id,
                "{} with key {} was {} ({}) as of {}, and {} of {} with the same key {} ({}) as of {}", told(before),
                history_.keys[before.key], to_text(before.outcome),
                before.outcome == Outcome::accepted ? std::to_string(before.sequence.value())
                                                    : std::string(flashbid::to_text(before.reason)),
                before.quote.as_of_sequence.value(), "the bid", operation.amount.value(), to_text(operation.outcome),
                operation.outcome == Outcome::accepted ? std::to_string(operation.sequence.value())
                                                       : std::string(flashbid::to_text(operation.reason)),
                operation.quote.as_of_sequence.value());
  // An effect of its own counts as one.
  if (operation.outcome == Outcome::accepted && operation.sequence != before.sequence) {
    claims_.try_emplace(operation.sequence.value(), index);
    findings_.add(Rule::double_effect, auction_.id, "{} and its retry with key {} took effect twice", told(before),
                  history_.keys[before.key]);
  }
}

void Effects::check_accepted(const Attempt& attempt) {
  const AuctionId id = auction_.id;
  const Operation& operation = history_.operations[attempt.decided];
  const std::uint64_t sequence = operation.sequence.value();
  const HistoryEvent* event = replay_.event(operation.sequence);
  if (event == nullptr || event->kind != EventKind::bid_accepted) {
    findings_.add(Rule::lost_bid, id, "{} was accepted as event {}, but the history has {} there", told(operation),
                  sequence, event == nullptr ? std::string_view("nothing") : to_text(event->kind));
    return;
  }
  if (event->bidder != operation.bidder || event->amount != operation.amount ||
      event->at != operation.quote.decided_at) {
    findings_.add(Rule::changed_bid, id, "{} was accepted as event {} at {}, but there stands {} by {} at {}",
                  told(operation), sequence, flashbid::to_text(operation.quote.decided_at), text_of(event->amount),
                  history_.bidders[event->bidder], flashbid::to_text(event->at));
  }
  if (const auto [claim, is_new] = claims_.try_emplace(sequence, attempt.decided); !is_new) {
    findings_.add(Rule::double_effect, id, "{} and {} were both accepted as event {}",
                  told(history_.operations[claim->second]), told(operation), sequence);
  }
  const Sequence known = knowledge_.known_before(attempt.first_sent_ns);
  if (known >= operation.sequence) {
    findings_.add(Rule::real_time, id, "{} was accepted as event {}, but event {} had been told before it was sent",
                  told(operation), sequence, known.value());
  }
  const Sequence batch_end = replay_.batch_end(operation.sequence);
  if (operation.quote.as_of_sequence != batch_end) {
    findings_.add(Rule::answer_state, id, "{} was accepted as event {}; its answer rests on {} instead of {}",
                  told(operation), sequence, operation.quote.as_of_sequence.value(), batch_end.value());
    return;
  }
  check_quote(operation, *replay_.at(batch_end));
}

void Effects::check_rejected(const Attempt& attempt) {
  const AuctionId id = auction_.id;
  const Operation& operation = history_.operations[attempt.decided];
  const Sequence as_of = operation.quote.as_of_sequence;
  const ReplayState* state = as_of.value() == 0 ? nullptr : replay_.at(as_of);
  if (state == nullptr) {
    findings_.add(Rule::lost_state, id, "{} was rejected on the state at event {}, but the history ends at {}",
                  told(operation), as_of.value(), replay_.last().value());
    return;
  }
  if (const Sequence known = knowledge_.known_before(attempt.first_sent_ns); known > as_of) {
    findings_.add(Rule::stale_answer, id,
                  "{} was rejected on the state at event {}, but event {} had been told before it was sent",
                  told(operation), as_of.value(), known.value());
  }
  check_quote(operation, *state);

  const Timestamp decided_at = operation.quote.decided_at;
  const HistoryEvent* next = replay_.event(as_of.next());
  if (decided_at < state->at || (next != nullptr && decided_at > next->at)) {
    findings_.add(Rule::decided_at, id, "{} was rejected at {} on the state at event {}, which held from {} to {}",
                  told(operation), flashbid::to_text(decided_at), as_of.value(), flashbid::to_text(state->at),
                  next == nullptr ? std::string("the end") : flashbid::to_text(next->at));
  }
  const bool boundary_missed = (state->state == AuctionState::scheduled && decided_at >= auction_.terms.opens_at) ||
                               (state->state == AuctionState::open && decided_at >= state->closes_at);
  if (boundary_missed) {
    findings_.add(Rule::wrong_reason, id, "{} was rejected at {} as if the auction were still {}", told(operation),
                  flashbid::to_text(decided_at), flashbid::to_text(state->state));
    return;
  }
  const Reason reason = replay_.reason_for(*state, operation.bidder, operation.amount);
  if (reason != operation.reason) {
    findings_.add(Rule::wrong_reason, id,
                  "{} was rejected as {} at event {} (price {}, minimum_next {}); it should be {}", told(operation),
                  flashbid::to_text(operation.reason), as_of.value(), text_of(state->price),
                  text_of(state->minimum_next),
                  reason == Reason::none ? std::string_view("accepted") : flashbid::to_text(reason));
  }
}

void Effects::check_quote(const Operation& operation, const ReplayState& state) {
  const Quote& quote = operation.quote;
  if (quote.price == state.price && quote.leader == state.leader && quote.minimum_next == state.minimum_next &&
      quote.closes_at == state.closes_at) {
    return;
  }
  findings_.add(
      Rule::answer_state, auction_.id,
      "{} was {} quoting price {}, leader {}, minimum_next {}, closes_at {} at event {}; it was {}, {}, {}, {}",
      told(operation), to_text(operation.outcome), text_of(quote.price), history_.bidders[quote.leader],
      text_of(quote.minimum_next), flashbid::to_text(quote.closes_at), quote.as_of_sequence.value(),
      text_of(state.price), history_.bidders[state.leader], text_of(state.minimum_next),
      flashbid::to_text(state.closes_at));
}

void Effects::check_origins() {
  for (const Attempt& attempt : attempts_) {
    if (!attempt.unknown || attempt.decided != no_operation) continue;
    const Operation& operation = history_.operations[attempt.first];
    unseen_.push_back({operation.bidder, operation.amount, knowledge_.known_before(attempt.first_sent_ns)});
  }
  std::ranges::sort(unseen_, {}, [](const Unseen& u) { return std::tuple(u.bidder, u.amount, u.after); });
  for (const HistoryEvent& event : auction_.events) {
    if (event.kind != EventKind::bid_accepted || event.sequence <= auction_.before_run) continue;
    if (claims_.contains(event.sequence.value()) || explain(event)) continue;
    if (!auction_.only_ours && !bidders_.contains(event.bidder)) continue;  // a stranger's
    findings_.add(Rule::invented_bid, auction_.id,
                  "event {} accepts {} by {}, but no operation that was accepted or left open is behind it",
                  event.sequence.value(), text_of(event.amount), history_.bidders[event.bidder]);
  }
}

bool Effects::explain(const HistoryEvent& event) {
  const std::tuple wanted(event.bidder, event.amount.value_or(Amount(0)));
  const auto behind =
      std::ranges::equal_range(unseen_, wanted, {}, [](const Unseen& u) { return std::tuple(u.bidder, u.amount); });
  for (Unseen& unseen : behind) {
    if (unseen.used || unseen.after >= event.sequence) continue;
    unseen.used = true;
    return true;
  }
  return false;
}

}  // namespace flashbid::bots
