#include "checker/effects.hpp"

#include <algorithm>
#include <string>
#include <tuple>

namespace flashbid::checker {
namespace {

std::string text_of(std::optional<Amount> amount) { return amount ? std::to_string(amount->value()) : "none"; }

constexpr std::int64_t never = INT64_MAX;
// api.md: a rejection is remembered under its key for at least so long.
constexpr Duration rejection_kept{600'000};

bool is_decided(const Operation& operation) {
  return operation.outcome == Outcome::accepted || operation.outcome == Outcome::rejected;
}

std::string ruling_of(const Operation& operation) {
  if (operation.outcome == Outcome::accepted) return std::to_string(operation.sequence.value());
  return std::string(flashbid::to_text(operation.reason));
}

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
    if (attempt.decided == none) continue;
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
    bidders_.insert(history_.operations[index].bidder);
    merge(attempt_of(index), index);
  }
  date_attempts();
}

std::uint64_t Effects::scope_of(const Operation& operation) {
  return std::uint64_t{operation.bidder} << 32 | operation.key;
}

std::uint32_t Effects::attempt_of(std::uint32_t index) {
  const Operation& operation = history_.operations[index];
  const auto next = static_cast<std::uint32_t>(attempts_.size());
  if (operation.key != no_key) {
    const auto [at, is_new] = by_key_.try_emplace(scope_of(operation), next);
    if (!is_new) {
      ++retries_;
      return at->second;
    }
  }
  attempts_.push_back({index, none, never});
  return next;
}

void Effects::merge(std::uint32_t attempt, std::uint32_t index) {
  const Operation& operation = history_.operations[index];
  if (!is_decided(operation)) return;
  if (operation.echo_differs) {
    findings_.add(Rule::malformed, auction_.id, "{} was answered with another auction, bidder or amount",
                  told(operation));
  }
  if (attempts_[attempt].decided == none) {
    attempts_[attempt].decided = index;
    return;
  }
  std::uint32_t other = none;
  for (std::uint32_t at = attempt; at != none; at = attempts_[at].before) {
    const Operation& before = history_.operations[attempts_[at].decided];
    if (same_answer(before, operation)) return;
    if (!may_be_forgotten(before, operation)) other = attempts_[at].decided;
  }
  if (other != none) return report_other_answer(history_.operations[other], index);
  by_key_[scope_of(operation)] = static_cast<std::uint32_t>(attempts_.size());
  attempts_.push_back({index, index, never, attempt});
}

// The earlier one is a rejection, and old enough then to be remembered no more.
bool Effects::may_be_forgotten(const Operation& one, const Operation& other) {
  const auto& [earlier, later] =
      one.quote.decided_at <= other.quote.decided_at ? std::tie(one, other) : std::tie(other, one);
  return earlier.outcome == Outcome::rejected && later.quote.decided_at >= earlier.quote.decided_at + rejection_kept;
}

void Effects::report_other_answer(const Operation& before, std::uint32_t index) {
  const Operation& operation = history_.operations[index];
  findings_.add(Rule::same_key, auction_.id,
                "{} with key {} was {} ({}) as of {}, and {} of {} with the same key {} ({}) as of {}", told(before),
                history_.keys[before.key], to_text(before.outcome), ruling_of(before),
                before.quote.as_of_sequence.value(), "the bid", operation.amount.value(), to_text(operation.outcome),
                ruling_of(operation), operation.quote.as_of_sequence.value());
  // An effect of its own counts as one.
  if (operation.outcome == Outcome::accepted && operation.sequence != before.sequence) {
    claims_.try_emplace(operation.sequence.value(), index);
    findings_.add(Rule::double_effect, auction_.id, "{} and its retry with key {} took effect twice", told(before),
                  history_.keys[before.key]);
  }
}

// What was refused was not decided, and what asked for another amount was not decided so.
void Effects::date_attempts() {
  const auto date = [&](Attempt& attempt, const Operation& operation) {
    const bool other = attempt.decided != none && history_.operations[attempt.decided].amount != operation.amount;
    if (!other) attempt.sent_ns = std::min(attempt.sent_ns, operation.sent_ns);
  };
  for (Attempt& attempt : attempts_) {
    const Operation& operation = history_.operations[attempt.decided == none ? attempt.first : attempt.decided];
    if (operation.key == no_key) date(attempt, operation);
  }
  for (const std::uint32_t index : operations_) {
    const Operation& operation = history_.operations[index];
    if (operation.key == no_key || operation.outcome == Outcome::refused) continue;
    for (std::uint32_t at = by_key_.at(scope_of(operation)); at != none; at = attempts_[at].before) {
      date(attempts_[at], operation);
    }
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
  const Sequence known = knowledge_.known_before(attempt.sent_ns);
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
  if (const Sequence known = knowledge_.known_before(attempt.sent_ns); known > as_of) {
    findings_.add(Rule::stale_answer, id,
                  "{} was rejected on the state at event {}, but event {} had been told before it was sent",
                  told(operation), as_of.value(), known.value());
  }
  check_quote(operation, *state);

  const Timestamp decided_at = operation.quote.decided_at;
  const HistoryEvent* next = replay_.event(as_of.next());
  const bool may_be_later = history_.clock_ran_back;
  if (decided_at < state->at || (next != nullptr && decided_at > next->at && !may_be_later)) {
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

// What nobody was told the end of: it may have taken effect once, at any time after it was sent; unless a decision is
// known that its key still remembered.
void Effects::gather_origins() {
  for (const std::uint32_t index : operations_) {
    const Operation& operation = history_.operations[index];
    if (operation.outcome != Outcome::unknown) continue;
    Sequence from = knowledge_.known_before(operation.sent_ns).next();
    if (operation.key == no_key) {
      origins_.add(index, operation.bidder, operation.amount, from);
      continue;
    }
    const std::uint32_t latest = by_key_.at(scope_of(operation));
    if (const std::uint32_t decided = attempts_[latest].decided; decided != none) {
      const Operation& known = history_.operations[decided];
      if (known.outcome == Outcome::accepted) continue;
      from = std::max(from, first_from(known.quote.decided_at + rejection_kept));
    }
    // By the key's first operation, which stands for no other attempt.
    origins_.add(attempts_[latest].first, operation.bidder, operation.amount, from);
  }
  origins_.settle();
}

Sequence Effects::first_from(Timestamp at) const {
  const auto found = std::ranges::lower_bound(auction_.events, at, {}, &HistoryEvent::at);
  return found == auction_.events.end() ? replay_.last().next() : found->sequence;
}

void Effects::check_origins() {
  gather_origins();
  for (const HistoryEvent& event : auction_.events) {
    if (event.kind != EventKind::bid_accepted || event.sequence <= auction_.before_run) continue;
    if (claims_.contains(event.sequence.value()) || origins_.explain(event)) continue;
    if (!auction_.only_ours && !bidders_.contains(event.bidder)) continue;  // a stranger's
    findings_.add(Rule::invented_bid, auction_.id,
                  "event {} accepts {} by {}, but no operation that was accepted or left open is behind it",
                  event.sequence.value(), text_of(event.amount), history_.bidders[event.bidder]);
  }
}

}  // namespace flashbid::checker
