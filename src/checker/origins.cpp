#include "checker/origins.hpp"

#include <algorithm>
#include <tuple>

namespace flashbid::checker {
namespace {

constexpr auto place_of = [](const auto& chance) { return std::tuple(chance.bidder, chance.amount); };

}  // namespace

void Origins::add(Attempt attempt, BidderIndex bidder, Amount amount, Sequence from) {
  all_.push_back({bidder, amount, from, attempt});
}

void Origins::settle() {
  // 1. Each attempt once for each of its amounts, from where it was first possible.
  std::ranges::sort(all_, {}, [](const Chance& c) { return std::tuple(c.attempt, c.amount, c.from); });
  const auto same = [](const Chance& a, const Chance& b) { return a.attempt == b.attempt && a.amount == b.amount; };
  const auto rest = std::ranges::unique(all_, same);
  all_.erase(rest.begin(), rest.end());
  // 2. Those with one amount, and those with a choice.
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const bool has_choice = (i > 0 && all_[i - 1].attempt == all_[i].attempt) ||
                            (i + 1 < all_.size() && all_[i + 1].attempt == all_[i].attempt);
    (has_choice ? loose_ : sure_).push_back(all_[i]);
  }
  all_.clear();
  const auto by_place = [](const Chance& c) { return std::tuple(c.bidder, c.amount, c.from); };
  std::ranges::sort(sure_, {}, by_place);
  std::ranges::sort(loose_, {}, by_place);
  for (std::size_t i = 0; i < sure_.size(); ++i) {
    if (i == 0 || place_of(sure_[i - 1]) != place_of(sure_[i])) groups_.push_back({i, i, i});
    groups_.back().end = i + 1;
  }
}

Origins::Group* Origins::group_of(BidderIndex bidder, Amount amount) {
  const auto place = [this](const Group& group) { return place_of(sure_[group.begin]); };
  const std::tuple wanted(bidder, amount);
  const auto found = std::ranges::lower_bound(groups_, wanted, {}, place);
  return found == groups_.end() || place(*found) != wanted ? nullptr : &*found;
}

bool Origins::explain(const HistoryEvent& event) {
  // The earliest possible one will do: what it is possible for, the others are, too, once they are.
  Group* group = group_of(event.bidder, event.amount.value_or(Amount(0)));
  if (group != nullptr && group->next < group->end && sure_[group->next].from <= event.sequence) {
    ++group->next;
    return true;
  }
  std::vector<Attempt> tried;
  return move_over(event, tried);
}

// One step of a matching: an attempt that is behind another event may let this one have it, if that finds another.
bool Origins::move_over(const HistoryEvent& event, std::vector<Attempt>& tried) {
  const std::tuple wanted(event.bidder, event.amount.value_or(Amount(0)));
  for (const Chance& chance : std::ranges::equal_range(loose_, wanted, {}, place_of)) {
    if (chance.from > event.sequence) return false;
    if (tried.size() == most_tried) return true;
    if (std::ranges::find(tried, chance.attempt) != tried.end()) continue;
    tried.push_back(chance.attempt);
    const HistoryEvent* const other = behind_[chance.attempt];
    if (other != nullptr && !move_over(*other, tried)) continue;
    behind_[chance.attempt] = &event;
    return true;
  }
  return false;
}

}  // namespace flashbid::checker
