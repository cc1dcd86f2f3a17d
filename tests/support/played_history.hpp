// Correct recorded histories, made with the naive oracle: bids that overlap, answers that are lost with their effect or
// without, keys that are used again, also for something else and after they were forgotten, reads and watchers. The
// same seed gives the same history. One thread.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "checker/history.hpp"
#include "differential/naive_oracle.hpp"
#include "differential/oracle_terms.hpp"
#include "support/command_generator.hpp"

namespace flashbid::support {

class PlayedHistory {
 public:
  explicit PlayedHistory(std::uint64_t seed) : generator_(seed) { history_.seed = seed; }

  // One auction's life of that many steps.
  void play(AuctionId id, int steps) {
    terms_ = generator_.terms(now_);
    terms_.reserve = random().percent(50) ? terms_.reserve : std::nullopt;
    oracle_.emplace(differential::oracle_terms(terms_), now_.ms);
    record_ = {.id = id, .terms = terms_, .reserve_known = true, .only_ours = true};
    answered_.clear();
    watching_.clear();
    for (int i = 0; i < steps; ++i) {
      now_ = moment();
      ns_ += 1'000;
      step();
    }
    finish();
  }

  [[nodiscard]] checker::History take() { return std::move(history_); }

 private:
  using Outcome = checker::Outcome;

  struct Watching {
    std::size_t record;
    naive::Number next;    // the sequence that it is told next
    std::int64_t seen_ns;  // of what it was told last
  };

  Random& random() { return generator_.random(); }
  std::int64_t some_ns() { return random().below(5'000); }
  static Sequence sequence(naive::Number number) { return Sequence(static_cast<std::uint64_t>(number)); }
  static std::optional<Amount> amount(naive::Number number) {
    return number == -1 ? std::nullopt : std::optional(Amount(number));
  }
  checker::BidderIndex name(const std::string& text) {
    return text.empty() ? checker::nobody : history_.bidders.index_of(text);
  }

  Timestamp moment() {
    const naive::View view = oracle_->view();
    if (random().percent(40)) return now_;
    if (random().percent(1)) return now_ + Duration{600'000 + random().between(-1, 1)};
    if (random().percent(90)) return now_ + Duration{random().below(30)};
    const Timestamp boundary{view.state == "scheduled" ? terms_.opens_at.ms : view.closes_at};
    const Timestamp near = boundary + Duration{random().between(-1, 1)};
    return near > now_ && near - now_ < Duration{600'000} ? near : now_;
  }

  void step() {
    const auto kind = random().below(100);
    if (kind < 60) return bid(fresh());
    if (kind < 72) return again();
    if (kind < 80) return read();
    if (kind < 86) return watch();
    if (kind < 97) return tell_watchers();
    if (kind < 98) (void)oracle_->cancel(now_.ms);
    if (kind < 99) (void)oracle_->tick(now_.ms);
  }

  checker::Operation fresh() {
    const naive::View view = oracle_->view();
    std::int64_t wanted = std::max<std::int64_t>(view.minimum_next, 0);
    if (random().percent(50)) wanted += random().between(-2, 3);
    checker::Operation operation{.auction = record_.id, .bidder = name(differential::text(generator_.bidder()))};
    operation.amount = Amount(std::clamp<std::int64_t>(wanted, 0, max_safe_integer));
    if (random().percent(60)) operation.key = history_.keys.index_of("k" + std::to_string(++keys_));
    return operation;
  }

  // Under a key that was used before: mostly the same bid, at times another.
  void again() {
    std::vector<checker::Operation> keyed;
    for (const checker::Operation& made : history_.operations) {
      if (made.auction == record_.id && made.key != checker::no_key) keyed.push_back(made);
    }
    if (keyed.empty()) return;
    const checker::Operation& chosen = keyed[static_cast<std::size_t>(random().below(std::ssize(keyed)))];
    checker::Operation operation{
        .auction = record_.id, .bidder = chosen.bidder, .key = chosen.key, .amount = chosen.amount};
    if (random().percent(30)) operation.amount = Amount((chosen.amount.value() + 1) % max_safe_integer);
    bid(operation);
  }

  void bid(checker::Operation operation) {
    operation.sent_ns = ns_ - some_ns();
    operation.answered_ns = ns_ + 1 + some_ns();
    const auto fate = random().below(100);
    if (fate < 12) {  // it never got there, or was turned away
      operation.outcome = fate < 6 ? Outcome::unknown : Outcome::refused;
      if (fate < 6) operation.answered_ns = 0;
      history_.operations.push_back(operation);
      return;
    }
    const std::pair scope(operation.bidder, operation.key);
    const checker::Operation* kept = operation.key == checker::no_key ? nullptr : remembered(scope);
    if (kept != nullptr && kept->amount != operation.amount) {
      operation.outcome = fate < 24 ? Outcome::unknown : Outcome::refused;  // 422
      if (fate < 24) operation.answered_ns = 0;
      history_.operations.push_back(operation);
      return;
    }
    if (kept == nullptr) {
      decide(operation);
      if (operation.key != checker::no_key) answered_.insert_or_assign(scope, operation);
    } else {
      take_answer(operation, *kept);
    }
    if (fate < 24) operation = unanswered(operation);
    history_.operations.push_back(operation);
  }

  static checker::Operation unanswered(const checker::Operation& operation) {
    return {.auction = operation.auction,
            .bidder = operation.bidder,
            .key = operation.key,
            .amount = operation.amount,
            .sent_ns = operation.sent_ns};
  }

  static void take_answer(checker::Operation& operation, const checker::Operation& answered) {
    operation.outcome = answered.outcome;
    operation.reason = answered.reason;
    operation.sequence = answered.sequence;
    operation.quote = answered.quote;
  }

  void decide(checker::Operation& operation) {
    const std::string bidder(history_.bidders[operation.bidder]);
    const naive::Answer answer = oracle_->bid(bidder, operation.amount.value(), now_.ms);
    const naive::View view = oracle_->view();
    operation.outcome = answer.verdict == "accepted" ? Outcome::accepted : Outcome::rejected;
    for (const naive::Fact& fact : answer.facts) {
      if (fact.event == "bid_accepted") operation.sequence = sequence(fact.sequence);
    }
    if (!answer.reason.empty()) operation.reason = parse_reason(answer.reason).value_or(Reason::none);
    operation.quote = {amount(view.price),        name(view.leader),       amount(view.minimum_next),
                       Timestamp{view.closes_at}, sequence(view.sequence), now_};
  }

  // A rejection is forgotten after ten minutes.
  const checker::Operation* remembered(const std::pair<checker::BidderIndex, checker::KeyIndex>& scope) {
    const auto found = answered_.find(scope);
    if (found == answered_.end()) return nullptr;
    const checker::Operation& made = found->second;
    const bool forgotten = made.outcome == Outcome::rejected && made.quote.decided_at + Duration{600'000} <= now_;
    return forgotten ? nullptr : &found->second;
  }

  checker::StateSeen seen(const naive::View& view, std::int64_t asked_ns, std::int64_t seen_ns) {
    checker::StateSeen made{.asked_ns = asked_ns, .seen_ns = seen_ns, .epoch = Epoch(1)};
    made.sequence = sequence(view.sequence);
    made.state = parse_auction_state(view.state).value_or(AuctionState::scheduled);
    made.price = amount(view.price);
    made.leader = name(view.leader);
    made.minimum_next = amount(view.minimum_next);
    made.closes_at = Timestamp{view.closes_at};
    made.bids = static_cast<std::uint64_t>(view.bids);
    made.extensions = static_cast<std::uint32_t>(view.extensions);
    made.winner = name(view.winner);
    if (!view.sold.empty()) made.sold = view.sold == "true";
    return made;
  }

  void read() {
    (void)oracle_->tick(now_.ms);
    record_.reads.push_back(seen(oracle_->view(), ns_ - some_ns(), ns_ + 1 + some_ns()));
  }

  // Somebody begins to watch: from the newest state, or after what was there before.
  void watch() {
    const naive::View view = oracle_->view();
    checker::WatcherRecord watcher{.auction = record_.id, .latest = random().percent(30)};
    const std::int64_t seen_ns = ns_ + 1 + some_ns();
    naive::Number next = view.sequence + 1;
    if (!watcher.latest && random().percent(40)) {
      watcher.resumed_after = sequence(random().below(view.sequence + 1));
      next = static_cast<naive::Number>(watcher.resumed_after->value()) + 1;
    } else {
      watcher.states.push_back({0, seen(view, ns_ - some_ns(), seen_ns)});
    }
    watching_.push_back({history_.watchers.size(), next, seen_ns});
    history_.watchers.push_back(std::move(watcher));
  }

  void tell_watchers() {
    for (Watching& watching : watching_) {
      if (random().percent(80)) tell(watching);
    }
  }

  void tell(Watching& watching) {
    checker::WatcherRecord& watcher = history_.watchers[watching.record];
    const naive::View view = oracle_->view();
    watching.seen_ns = std::max(watching.seen_ns, ns_) + 1 + some_ns();
    const bool is_reset = random().percent(5) && view.sequence >= watching.next;
    if (watcher.latest || is_reset) {
      watcher.states.push_back({watcher.events.size(), seen(view, 0, watching.seen_ns)});
      watching.next = view.sequence + 1;
      return;
    }
    for (; watching.next <= view.sequence; ++watching.next) {
      const auto& fact = oracle_->facts()[static_cast<std::size_t>(watching.next) - 1];
      watcher.events.push_back({sequence(watching.next), digest_of(event(fact)), watching.seen_ns});
    }
  }

  checker::HistoryEvent event(const naive::Fact& fact) {
    checker::HistoryEvent made{.sequence = sequence(fact.sequence), .epoch = Epoch(1), .at = {fact.at}};
    made.kind = checker::parse_event_kind(fact.event).value_or(checker::EventKind::created);
    made.sold = fact.sold == "true";
    if (fact.extensions != -1) made.extensions = static_cast<std::uint32_t>(fact.extensions);
    made.bidder = name(fact.bidder);
    made.leader = name(fact.event == "closed" ? fact.winner : fact.leader);
    made.amount = amount(fact.amount);
    made.price = amount(fact.price);
    made.minimum_next = amount(fact.minimum_next);
    if (fact.closes_at != -1) made.closes_at = {fact.closes_at};
    return made;
  }

  void finish() {
    ns_ += 20'000;
    for (Watching& watching : watching_) {
      if (random().percent(50)) {
        tell(watching);
        history_.watchers[watching.record].to_the_end = true;
      }
    }
    record_.must_be_closed = oracle_->view().state == "closed";
    ns_ += 20'000;
    record_.reads.push_back(seen(oracle_->view(), ns_, ns_ + 1));
    for (const naive::Fact& fact : oracle_->facts()) {
      record_.events.push_back(event(fact));
      if (fact.event != "bid_accepted") continue;
      record_.bids.push_back({sequence(fact.sequence), name(fact.bidder), Amount(fact.amount), {fact.at}});
    }
    history_.auctions.push_back(std::move(record_));
  }

  CommandGenerator generator_;
  checker::History history_;
  checker::AuctionRecord record_;
  Terms terms_;
  std::optional<naive::Auction> oracle_;
  Timestamp now_{1'800'000'000'000};
  std::int64_t ns_ = 1'000'000;
  int keys_ = 0;
  std::map<std::pair<checker::BidderIndex, checker::KeyIndex>, checker::Operation> answered_;
  std::vector<Watching> watching_;
};

}  // namespace flashbid::support
