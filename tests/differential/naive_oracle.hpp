// The rules once more, written from the words of the API's contract and nothing else: slow, obvious, and without a line
// of the code that it judges. An auction is the list of its facts; whatever is asked is found by reading all of them
// again. Numbers are plain, names are texts, -1 and "" stand for null.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace naive {

using Number = long long;
constexpr Number greatest_amount = 9007199254740991;
constexpr Number last_moment = 253402300799999;

struct Row {
  Number below;  // -1 in the last row
  Number step;
};

struct Terms {
  Number opening_price = 0;
  std::string increment;   // "step", "table", or a preset's name
  Number step = 1;         // of "step"
  std::vector<Row> table;  // of "table"
  Number decimals = 2;     // of the currency, for a preset
  Number reserve = -1;
  Number amount_limit = -1;
  Number opens_at = 0;
  Number closes_at = 0;
  std::string soft_close;  // "", "from_bid" or "from_close"
  Number window_ms = 0;
  Number extend_ms = 0;
  Number max_extensions = -1;
  std::string seller;
  bool self_outbid = true;
};

// Any event: the fields that its kind does not have keep their null.
struct Fact {
  Number sequence = 0;
  std::string event;
  Number at = 0;
  std::string bidder;
  Number amount = -1;
  Number price = -1;
  std::string leader;
  Number minimum_next = -1;
  Number closes_at = -1;
  Number extensions = -1;
  std::string winner;
  std::string sold;
  bool operator==(const Fact&) const = default;
};

// What a reader may ask of an auction.
struct View {
  Number sequence = 0;
  std::string state;
  Number bids = 0;
  Number price = -1;
  std::string leader;
  Number minimum_next = -1;
  Number extensions = 0;
  Number closes_at = 0;
  std::string winner;
  std::string sold;
  std::string reserve_met;
  bool operator==(const View&) const = default;
};

struct Answer {
  std::string verdict;
  std::string reason;
  std::vector<Fact> facts;
};

// The published tables, for a currency whose major unit is `unit` minor ones.
inline Number step_of_preset(const std::string& preset, Number price, Number unit) {
  if (preset == "ebay-us") {
    if (price < 1 * unit) return unit * 5 / 100;
    if (price < 5 * unit) return unit * 25 / 100;
    if (price < 25 * unit) return unit * 50 / 100;
    if (price < 100 * unit) return unit;
    if (price < 250 * unit) return unit * 250 / 100;
    if (price < 500 * unit) return unit * 5;
    if (price < 1000 * unit) return unit * 10;
    if (price < 2500 * unit) return unit * 25;
    if (price < 5000 * unit) return unit * 50;
    return unit * 100;
  }
  if (preset == "yahoo-jp") {
    if (price < 1000 * unit) return unit * 10;
    if (price < 5000 * unit) return unit * 100;
    if (price < 10000 * unit) return unit * 250;
    if (price < 50000 * unit) return unit * 500;
    return unit * 1000;
  }
  // whatnot: 1 from 1, 2 from 30, 3 from 50, 5 from 100, 10 from 300, 20 from 1,000, 50 from 2,000
  if (price >= 2000 * unit) return unit * 50;
  if (price >= 1000 * unit) return unit * 20;
  if (price >= 300 * unit) return unit * 10;
  if (price >= 100 * unit) return unit * 5;
  if (price >= 50 * unit) return unit * 3;
  if (price >= 30 * unit) return unit * 2;
  return unit;
}

class Auction {
 public:
  // Creates it: "Event 1 is created, then opened (at once if it opens now)".
  Auction(Terms terms, Number now) : terms_(std::move(terms)) {
    facts_.push_back(fact("created", now));
    pass_time(now);
  }

  [[nodiscard]] const std::vector<Fact>& facts() const { return facts_; }

  Answer bid(const std::string& bidder, Number amount, Number now) {
    const std::size_t before = facts_.size();
    pass_time(now);
    const std::string reason = reason_against(bidder, amount);
    if (reason.empty()) accept(bidder, amount, now);
    return answer(reason, before);
  }

  Answer cancel(Number now) {
    const std::size_t before = facts_.size();
    pass_time(now);
    if (state() == "closed") return answer("closed", before);
    if (state() == "cancelled") return answer("cancelled", before);
    facts_.push_back(fact("cancelled", now));
    return answer("", before);
  }

  Answer tick(Number now) {
    const std::size_t before = facts_.size();
    pass_time(now);
    return answer("", before);
  }

  [[nodiscard]] View view() const {
    View view;
    view.sequence = static_cast<Number>(facts_.size());
    view.state = state();
    view.bids = bids();
    view.price = price();
    view.leader = leader();
    view.minimum_next = minimum_next();
    view.extensions = extensions();
    view.closes_at = closes_at();
    for (const Fact& fact : facts_) {
      if (fact.event == "closed") {
        view.winner = fact.winner;
        view.sold = fact.sold;
      }
    }
    if (terms_.reserve != -1) view.reserve_met = price() >= terms_.reserve ? "true" : "false";
    return view;
  }

 private:
  [[nodiscard]] std::string state() const {
    std::string state = "scheduled";
    for (const Fact& fact : facts_) {
      if (fact.event == "opened") state = "open";
      if (fact.event == "closed" || fact.event == "cancelled") state = fact.event;
    }
    return state;
  }

  [[nodiscard]] Number bids() const {
    return std::ranges::count_if(facts_, [](const Fact& fact) { return fact.event == "bid_accepted"; });
  }

  // The highest accepted amount; -1 before any bid.
  [[nodiscard]] Number price() const {
    Number highest = -1;
    for (const Fact& fact : facts_) highest = std::max(highest, fact.amount);
    return highest;
  }

  // "An equal amount never wins: the earlier bid stands."
  [[nodiscard]] std::string leader() const {
    const Number highest = price();
    for (const Fact& fact : facts_) {
      if (fact.event == "bid_accepted" && fact.amount == highest) return fact.bidder;
    }
    return "";
  }

  [[nodiscard]] Number extensions() const {
    return std::ranges::count_if(facts_, [](const Fact& fact) { return fact.event == "extended"; });
  }

  [[nodiscard]] Number closes_at() const {
    Number latest = terms_.closes_at;
    for (const Fact& fact : facts_) {
      if (fact.event == "extended") latest = fact.closes_at;
    }
    return latest;
  }

  [[nodiscard]] Number step_at(Number price) const {
    if (terms_.increment == "step") return terms_.step;
    if (terms_.increment != "table") {
      Number unit = 1;
      for (Number i = 0; i < terms_.decimals; ++i) unit *= 10;
      return step_of_preset(terms_.increment, price, unit);
    }
    for (const Row& row : terms_.table) {
      if (row.below == -1 || price < row.below) return row.step;
    }
    return 0;
  }

  [[nodiscard]] Number minimum_next() const {
    if (bids() == 0) return terms_.opening_price;
    const Number next = price() + step_at(price());
    return next > greatest_amount ? -1 : next;
  }

  // "The first command or timer at or past a boundary appends opened or closed."
  void pass_time(Number now) {
    if (state() == "scheduled" && now >= terms_.opens_at) facts_.push_back(fact("opened", now));
    if (state() == "open" && now >= closes_at()) {
      const bool sold = bids() > 0 && (terms_.reserve == -1 || price() >= terms_.reserve);
      Fact closed = fact("closed", now);
      closed.winner = sold ? leader() : "";
      closed.price = price();
      closed.sold = sold ? "true" : "false";
      facts_.push_back(closed);
    }
  }

  [[nodiscard]] std::string reason_against(const std::string& bidder, Number amount) const {
    const std::string now_is = state();
    if (now_is == "scheduled") return "not_open_yet";
    if (now_is == "closed") return "closed";
    if (now_is == "cancelled") return "cancelled";
    if (bidder == terms_.seller) return "own_auction";
    if (!terms_.self_outbid && bidder == leader()) return "already_leading";
    const Number minimum = minimum_next();
    if (minimum == -1 || amount < minimum) return "amount_below_minimum";
    if (terms_.amount_limit != -1 && amount > terms_.amount_limit) return "amount_above_limit";
    return "";
  }

  void accept(const std::string& bidder, Number amount, Number now) {
    const Number end = closes_at();
    Fact accepted = fact("bid_accepted", now);
    accepted.bidder = bidder;
    accepted.amount = amount;
    accepted.closes_at = end;
    facts_.push_back(accepted);
    facts_.back().price = price();
    facts_.back().leader = leader();
    facts_.back().minimum_next = minimum_next();

    if (terms_.soft_close.empty() || now < end - terms_.window_ms) return;
    if (terms_.max_extensions != -1 && extensions() >= terms_.max_extensions) return;
    Number moved = terms_.soft_close == "from_bid" ? now + terms_.extend_ms : end + terms_.extend_ms;
    moved = std::min(moved, last_moment);
    if (moved <= end) return;
    Fact extended = fact("extended", now);
    extended.closes_at = moved;
    extended.extensions = extensions() + 1;
    facts_.push_back(extended);
  }

  [[nodiscard]] Fact fact(const std::string& event, Number now) const {
    Fact made;
    made.sequence = static_cast<Number>(facts_.size()) + 1;
    made.event = event;
    made.at = now;
    return made;
  }

  [[nodiscard]] Answer answer(const std::string& reason, std::size_t before) const {
    return {reason.empty() ? "accepted" : "rejected",
            reason,
            {facts_.begin() + static_cast<std::ptrdiff_t>(before), facts_.end()}};
  }

  Terms terms_;
  std::vector<Fact> facts_;
};

}  // namespace naive
