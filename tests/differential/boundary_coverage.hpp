// How near each command came to what the rules compare: for every comparison of a rule, how often its two sides were
// one below, equal, and one above. And which refusals met, so that the order of the reasons is put to the test. Told of
// every command before it is decided; knows nothing of the rules' code. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "auction/decide.hpp"

namespace flashbid::differential {

class BoundaryCoverage {
 public:
  void add(const Auction& before, const Command& command, Timestamp now) {
    const std::size_t kind = command.index();
    if (before.state == AuctionState::scheduled) {
      opens_[kind].see((now - before.terms->opens_at).ms);
      never_opened_[kind].see((now - before.closes_at).ms);
    }
    if (before.state == AuctionState::open) closes_[kind].see((now - before.closes_at).ms);
    const bool ends = before.next_boundary() && now >= before.closes_at;
    if (ends && before.terms->reserve && before.bids > 0) {
      reserve_at_end_.see(before.price.value() - before.terms->reserve->value());
    }
    const AuctionState state = state_at(before, now);
    if (kind == 1) ++cancels_[static_cast<std::size_t>(state)];
    if (const auto* bid = std::get_if<Bid>(&command)) add_bid(before, *bid, now, state);
  }

  // In words, what never occurred.
  [[nodiscard]] std::vector<std::string> missing() const {
    std::vector<std::string> missing;
    const auto look = [&missing](const Around& around) {
      static constexpr std::array<std::string_view, 3> sides{" - 1", "", " + 1"};
      for (std::size_t i = 0; i < 3; ++i) {
        if (around.counts[i] && around.seen[i] == 0) missing.push_back(around.name + std::string(sides[i]));
      }
    };
    for (const auto* each : {&opens_, &closes_, &never_opened_}) {
      for (const Around& around : *each) look(around);
    }
    for (const Around& around : minimum_) look(around);
    for (const Around& around : window_) look(around);
    for (const Around* around : {&opening_price_, &limit_, &table_bound_, &reserve_, &reserve_at_end_, &extensions_,
                                 &moved_end_, &last_moment_, &next_left_, &highest_}) {
      look(*around);
    }
    for (const auto& preset : preset_bounds_) {
      for (const Around& around : preset) look(around);
    }
    for (const auto& [pair, seen] : refusals_) {
      if (seen == 0) missing.push_back(std::string(pair.first) + " before " + std::string(pair.second));
    }
    for (const auto& [what, seen] : others_) {
      if (seen == 0) missing.emplace_back(what);
    }
    for (std::size_t state = 0; state < cancels_.size(); ++state) {
      if (cancels_[state] == 0) missing.push_back("cancel of one that is " + std::string(to_text(AuctionState(state))));
    }
    return missing;
  }

 private:
  struct Around {
    std::string name;
    std::array<bool, 3> counts{true, true, true};  // false: cannot be
    std::array<std::int64_t, 3> seen{};

    void see(std::int64_t difference) {
      if (difference >= -1 && difference <= 1) ++seen[static_cast<std::size_t>(difference + 1)];
    }
  };
  using Refusals = std::array<std::string_view, 5>;

  // After time alone.
  static AuctionState state_at(const Auction& auction, Timestamp now) {
    if (!auction.next_boundary()) return auction.state;
    if (now >= auction.closes_at) return AuctionState::closed;
    return now >= auction.terms->opens_at ? AuctionState::open : AuctionState::scheduled;
  }

  static std::size_t kind_of(const Increment& increment) {
    return increment.kind() == Increment::Kind::fixed   ? 0
           : increment.kind() == Increment::Kind::table ? 1
                                                        : 1 + static_cast<std::size_t>(increment.preset_name());
  }

  void add_bid(const Auction& before, const Bid& bid, Timestamp now, AuctionState state) {
    const Terms& terms = *before.terms;
    const std::int64_t amount = bid.amount.value();
    const bool own = !terms.seller.empty() && bid.bidder == terms.seller;
    const bool leads = before.bids > 0 && bid.bidder == before.leader;
    const auto minimum = before.minimum_next();
    const bool below = !minimum || bid.amount < *minimum;
    const bool above = terms.amount_limit && bid.amount > *terms.amount_limit;
    count_refusals({state == AuctionState::open ? "" : to_text(state), own ? "own" : "",
                    leads && !terms.self_outbid ? "leading" : "", below ? "below" : "", above ? "above" : ""});
    if (state != AuctionState::open) return;
    count_names(terms, before, bid.bidder);
    if (own || (leads && !terms.self_outbid)) return;
    if (before.bids == 0) {
      opening_price_.see(amount - terms.opening_price.value());
    } else if (minimum) {
      minimum_[kind_of(terms.increment)].see(amount - minimum->value());
    }
    if (below) return;
    if (terms.amount_limit) limit_.see(amount - terms.amount_limit->value());
    if (!above) add_accepted(before, bid, now, leads);
  }

  void add_accepted(const Auction& before, const Bid& bid, Timestamp now, bool leads) {
    const Terms& terms = *before.terms;
    const std::int64_t amount = bid.amount.value();
    if (leads) ++others_["the leader bids higher, as he may"];
    const auto& rows = terms.increment.rows();
    for (std::size_t row = 0; row + 1 < rows.size(); ++row) {
      const bool is_preset = terms.increment.kind() == Increment::Kind::preset;
      Around& around = is_preset ? preset_bounds_[kind_of(terms.increment) - 2][row] : table_bound_;
      around.see(amount - rows[row].below->value());
    }
    if (terms.reserve) reserve_.see(amount - terms.reserve->value());
    next_left_.see(amount - (max_safe_integer - terms.increment.step_at(bid.amount).value()));
    highest_.see(amount - max_safe_integer);
    if (!terms.soft_close) return;
    const SoftClose& soft_close = *terms.soft_close;
    const bool from_bid = soft_close.mode == SoftClose::Mode::from_bid;
    window_[from_bid ? 0 : 1].see((now - (before.closes_at - soft_close.window)).ms);
    if (now < before.closes_at - soft_close.window) return;
    if (soft_close.max_extensions) {
      extensions_.see(std::int64_t{before.extensions} - std::int64_t{*soft_close.max_extensions});
      if (before.extensions >= *soft_close.max_extensions) return;
    }
    const Timestamp moved = (from_bid ? now : before.closes_at) + soft_close.extend;
    if (from_bid) moved_end_.see((moved - before.closes_at).ms);
    last_moment_.see((moved - max_timestamp).ms);
  }

  void count_refusals(const Refusals& refusals) {
    for (std::size_t i = 0; i < refusals.size(); ++i) {
      if (refusals[i].empty()) continue;
      for (std::size_t j = i + 1; j < refusals.size(); ++j) {
        if (!refusals[j].empty()) ++refusals_[{refusals[i], refusals[j]}];
      }
      return;  // the first one names them all
    }
  }

  // "Alice" and "alice" are two.
  void count_names(const Terms& terms, const Auction& before, const BidderId& bidder) {
    const auto is_other_case = [&](const BidderId& other) {
      return bidder != other && bidder.view().size() == other.view().size() &&
             bidder.view().substr(1) == other.view().substr(1);
    };
    if (is_other_case(terms.seller)) ++others_["the seller's name in another case"];
    if (before.bids > 0 && is_other_case(before.leader)) ++others_["the leader's name in another case"];
  }

  static std::array<Around, 3> of_commands(std::string_view what) {
    std::array<Around, 3> made;
    for (std::size_t i = 0; i < 3; ++i) {
      static constexpr std::array<std::string_view, 3> commands{"bid at ", "cancel at ", "tick at "};
      made[i].name = std::string(commands[i]) + std::string(what);
    }
    return made;
  }

  static std::vector<Around> bounds_of(IncrementPreset preset) {
    std::vector<Around> made;
    for (const auto& row : published_rows(preset)) {
      if (row.below != 0) made.push_back({std::string(to_text(preset)) + " below " + std::to_string(row.below)});
    }
    return made;
  }

  std::array<Around, 3> opens_ = of_commands("opens_at");
  std::array<Around, 3> closes_ = of_commands("closes_at");
  std::array<Around, 3> never_opened_ = of_commands("closes_at of one that never opened");
  Around opening_price_{"the first amount: opening_price"};
  std::array<Around, 5> minimum_{{{"minimum_next of a step"},
                                  {"minimum_next of a table"},
                                  {"minimum_next of ebay-us"},
                                  {"minimum_next of yahoo-jp"},
                                  {"minimum_next of whatnot"}}};
  Around limit_{"amount_limit"};
  Around table_bound_{"the bound of a table's row"};
  std::array<std::vector<Around>, 3> preset_bounds_{
      bounds_of(IncrementPreset::ebay_us), bounds_of(IncrementPreset::yahoo_jp), bounds_of(IncrementPreset::whatnot)};
  Around reserve_{"the reserve"};
  Around reserve_at_end_{"the reserve when it closes"};
  std::array<Around, 2> window_{{{"the window's begin, from_bid"}, {"the window's begin, from_close"}}};
  Around extensions_{"max_extensions", {true, true, false}};
  Around moved_end_{"from_bid: the end where it is"};
  Around last_moment_{"the end of time"};
  Around next_left_{"the highest amount that leaves a next one"};
  Around highest_{"2^53-1", {true, true, false}};
  std::map<std::pair<std::string_view, std::string_view>, std::int64_t> refusals_{
      {{"scheduled", "own"}, 0},   {{"scheduled", "below"}, 0}, {{"scheduled", "above"}, 0},
      {{"closed", "own"}, 0},      {{"closed", "leading"}, 0},  {{"closed", "below"}, 0},
      {{"closed", "above"}, 0},    {{"cancelled", "own"}, 0},   {{"cancelled", "leading"}, 0},
      {{"cancelled", "below"}, 0}, {{"cancelled", "above"}, 0}, {{"own", "below"}, 0},
      {{"own", "above"}, 0},       {{"leading", "below"}, 0},   {{"leading", "above"}, 0},
      {{"below", "above"}, 0}};
  std::map<std::string_view, std::int64_t> others_{{"the leader bids higher, as he may", 0},
                                                   {"the seller's name in another case", 0},
                                                   {"the leader's name in another case", 0}};
  std::array<std::int64_t, 4> cancels_{};  // by state
};

}  // namespace flashbid::differential
