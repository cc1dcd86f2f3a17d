#include "checker/sightings.hpp"

#include <algorithm>
#include <string>

namespace flashbid::checker {
namespace {

std::string text_of(std::optional<Amount> amount) { return amount ? std::to_string(amount->value()) : "none"; }

std::string text_of(std::optional<bool> sold) { return sold ? (*sold ? "true" : "false") : "null"; }

}  // namespace

Sightings::Sightings(const History& history, const AuctionRecord& auction, const Replay& replay,
                     const Knowledge& knowledge, Findings& findings)
    : history_(history), auction_(auction), replay_(replay), knowledge_(knowledge), findings_(findings) {
  digests_.reserve(auction.events.size());
  for (const HistoryEvent& event : auction.events) digests_.push_back(digest_of(event));
}

void Sightings::check_reads() {
  for (std::size_t i = 0; i < auction_.reads.size(); ++i) {
    check_state(auction_.reads[i], Rule::read_state, "read", i + 1);
    check_fresh(auction_.reads[i], Rule::stale_read, "read", i + 1);
  }
  check_bids_list();
}

void Sightings::check_state(const StateSeen& seen, Rule rule, const char* what, std::size_t number) {
  const ReplayState* state = seen.sequence.value() == 0 ? nullptr : replay_.at(seen.sequence);
  if (state == nullptr) {
    findings_.add(Rule::lost_state, auction_.id, "{} {} showed event {}, but the history ends at {}", what, number,
                  seen.sequence.value(), replay_.last().value());
    return;
  }
  // Who won and whether it sold shows once it is closed.
  if (seen.state == state->state && seen.price == state->price && seen.leader == state->leader &&
      seen.minimum_next == state->minimum_next && seen.closes_at == state->closes_at && seen.bids == state->bids &&
      seen.extensions == state->extensions && seen.winner == state->winner && seen.sold == state->sold) {
    return;
  }
  findings_.add(
      rule, auction_.id,
      "{} {} showed event {} as {}, price {}, leader {}, minimum_next {}, closes_at {}, {} bids, {} extensions, "
      "winner {}, sold {}; it was {}, {}, {}, {}, {}, {}, {}, {}, {}",
      what, number, seen.sequence.value(), flashbid::to_text(seen.state), text_of(seen.price),
      history_.bidders[seen.leader], text_of(seen.minimum_next), flashbid::to_text(seen.closes_at), seen.bids,
      seen.extensions, history_.bidders[seen.winner], text_of(seen.sold), flashbid::to_text(state->state),
      text_of(state->price), history_.bidders[state->leader], text_of(state->minimum_next),
      flashbid::to_text(state->closes_at), state->bids, state->extensions, history_.bidders[state->winner],
      text_of(state->sold));
}

void Sightings::check_fresh(const StateSeen& seen, Rule rule, const char* what, std::size_t number) {
  if (seen.asked_ns == 0) return;
  if (const Sequence known = knowledge_.known_before(seen.asked_ns); known > seen.sequence) {
    findings_.add(rule, auction_.id, "{} {} showed event {}, but event {} had been told before it was asked for", what,
                  number, seen.sequence.value(), known.value());
  }
}

// The list was fetched before the events, and after the last read but one: it holds a beginning of the events' bids.
void Sightings::check_bids_list() {
  std::size_t row = 0;
  for (const HistoryEvent& event : auction_.events) {
    if (event.kind != EventKind::bid_accepted) continue;
    if (row == auction_.bids.size()) break;
    const BidRow expected{event.sequence, event.bidder, event.amount.value_or(Amount(0)), event.at};
    if (auction_.bids[row] != expected) {
      findings_.add(Rule::bids_list, auction_.id,
                    "line {} of the bids is {} by {} as event {}; it should be {} by {} as event {}", row + 1,
                    auction_.bids[row].amount.value(), history_.bidders[auction_.bids[row].bidder],
                    auction_.bids[row].sequence.value(), expected.amount.value(), history_.bidders[expected.bidder],
                    expected.sequence.value());
      return;
    }
    ++row;
  }
  if (row < auction_.bids.size()) {
    findings_.add(Rule::bids_list, auction_.id, "the list holds {} bids, the events {}", auction_.bids.size(), row);
  }
}

void Sightings::check_end(std::optional<Amount> highest_accepted) {
  if (auction_.must_be_closed && replay_.end().state != AuctionState::closed) {
    findings_.add(Rule::not_closed, auction_.id, "the auction is still {} well after closes_at {}",
                  flashbid::to_text(replay_.end().state), flashbid::to_text(replay_.end().closes_at));
  }
  if (auction_.reads.empty()) return;
  const StateSeen& shown = auction_.reads.back();
  std::optional<Amount> highest;
  std::uint64_t bids = 0;
  for (const HistoryEvent& event : auction_.events) {
    if (event.kind != EventKind::bid_accepted || event.sequence > shown.sequence) continue;
    highest = std::max(highest, event.amount);
    ++bids;
  }
  if (shown.price != highest || highest_accepted > highest) {
    findings_.add(
        Rule::final_price, auction_.id,
        "the last price is {}; the highest bid of the history is {}, the highest that was answered as accepted {}",
        text_of(shown.price), text_of(highest), text_of(highest_accepted));
  }
  if (auction_.bids.size() < bids) {
    findings_.add(Rule::bids_list, auction_.id, "the list holds {} bids, the auction has {}", auction_.bids.size(),
                  bids);
  }
}

void Sightings::check_watcher(const WatcherRecord& watcher, std::size_t number) {
  for (const WatcherRecord::State& state : watcher.states) {
    check_state(state.seen, Rule::watcher_state, "watcher", number);
    check_fresh(state.seen, Rule::watcher_state, "watcher", number);
  }
  check_order(watcher, number);
}

void Sightings::check_order(const WatcherRecord& watcher, std::size_t number) {
  const AuctionId id = auction_.id;
  std::optional<Sequence> seen = watcher.resumed_after;  // up to here this watcher knows everything
  bool is_claim = seen.has_value();                      // which a first state may correct
  auto state = watcher.states.begin();
  const auto take_states = [&](std::size_t events_before) {
    for (; state != watcher.states.end() && state->events_before <= events_before; ++state) {
      if (seen && !is_claim && state->seen.sequence < *seen) {
        findings_.add(Rule::watcher_state, id, "watcher {} was shown event {} after event {}", number,
                      state->seen.sequence.value(), seen->value());
      }
      seen = state->seen.sequence;
      is_claim = false;
    }
  };
  for (std::size_t i = 0; i < watcher.events.size(); ++i) {
    take_states(i);
    const EventSeen& event = watcher.events[i];
    if (!seen) {
      findings_.add(Rule::watcher_gap, id, "watcher {} saw event {} before any snapshot", number,
                    event.sequence.value());
    } else if (event.sequence != seen->next()) {
      findings_.add(Rule::watcher_gap, id, "watcher {} saw event {} after event {}", number, event.sequence.value(),
                    seen->value());
    }
    seen = event.sequence;
    is_claim = false;
    const HistoryEvent* there = replay_.event(event.sequence);
    if (there == nullptr) {
      findings_.add(Rule::lost_state, id, "watcher {} saw event {}, but the history ends at {}", number,
                    event.sequence.value(), replay_.last().value());
    } else if (digests_[static_cast<std::size_t>(there - auction_.events.data())] != event.digest) {
      findings_.add(Rule::watcher_event, id, "watcher {} saw event {} otherwise than it stands in the history", number,
                    event.sequence.value());
    }
  }
  take_states(watcher.events.size());
  if (!watcher.to_the_end || auction_.reads.empty()) return;
  if (const Sequence end = auction_.reads.back().sequence; !seen || *seen < end) {
    findings_.add(Rule::watcher_end, id, "watcher {} stayed to the end, saw up to event {}, and missed event {}",
                  number, seen ? seen->value() : 0, end.value());
  }
}

}  // namespace flashbid::checker
