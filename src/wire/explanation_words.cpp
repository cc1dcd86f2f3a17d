// Causes as English sentences.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "wire/encode.hpp"
#include "wire/explanation.hpp"

namespace flashbid {
namespace {

std::string money(Amount amount, const Terms& terms) {
  return fmt::format("{} {}", to_decimal(amount, terms.currency.decimals()), terms.currency.code());
}

// "1 min 30 s", "12.345 s"
std::string length(Duration duration) {
  constexpr std::array<std::pair<std::int64_t, std::string_view>, 3> units{
      {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "min"}}};
  std::string text;
  std::int64_t rest = duration.ms;
  for (const auto& [size, name] : units) {
    if (rest >= size) text += fmt::format("{} {} ", rest / size, name);
    rest %= size;
  }
  if (rest == 0 && !text.empty()) {
    text.pop_back();
    return text;
  }
  return text +
         (rest % 1000 == 0 ? fmt::format("{} s", rest / 1000) : fmt::format("{}.{:03} s", rest / 1000, rest % 1000));
}

std::string who(const BidderId& by) { return by.empty() ? "An operator who is not known" : std::string(by.view()); }

std::string step_words(const StepInForce& step, Amount price, const Terms& terms) {
  std::string text = fmt::format("at a price of {} the step is {}", money(price, terms), money(step.step, terms));
  if (step.from > Amount{0}) text += fmt::format(", from {} on", money(step.from, terms));
  if (step.below) text += fmt::format(", below {}", money(*step.below, terms));
  return text;
}

std::string end_words(const BidCause& cause, const Terms& terms) {
  if (cause.end == EndEffect::none) return {};
  const SoftClose& soft_close = *terms.soft_close;
  const std::string came = fmt::format(" It came {} before the end", length(cause.left));
  const std::string inside = fmt::format("{}, within the last {}", came, length(soft_close.window));
  switch (cause.end) {
    case EndEffect::none:
      return {};
    case EndEffect::before_window:
      return fmt::format("{}, earlier than the last {}: the end stayed.", came, length(soft_close.window));
    case EndEffect::moved:
      return inside + ", and moved it.";
    case EndEffect::not_later:
      return fmt::format("{}, but {} after it is no later than the end: the end stayed.", inside,
                         length(soft_close.extend));
    case EndEffect::extensions_used:
      return fmt::format("{}, but the end had moved as often as it may ({}): it stayed.", inside,
                         soft_close.max_extensions.value_or(0));
  }
  return {};
}

std::string bid_words(const Explanation& told, const BidCause& cause, const Terms& terms, BidderNames names) {
  const auto& bid = std::get<BidAccepted>(told.event.body);
  std::string text = fmt::format("{} bid {}: ", shown(bid.bidder, names).view(), money(bid.amount, terms));
  text += cause.step
              ? step_words(*cause.step, told.before->price.value_or(Amount{0}), terms) + ", so a bid had to reach "
              : "the first bid had to reach the opening price of ";
  return text + money(cause.least, terms) + "." + end_words(cause, terms);
}

std::string extension_words(const Explanation& told, const ExtensionCause& cause, const Terms& terms) {
  const auto& extended = std::get<Extended>(told.event.body);
  const SoftClose& soft_close = *terms.soft_close;
  const std::string_view from = soft_close.mode == SoftClose::Mode::from_bid ? "after the bid" : "after the old end";
  std::string text =
      fmt::format("Bid {} came {} before the end, within the last {}: by {} the end moved from {} to {}, {} {}",
                  cause.bid.value(), length(cause.left), length(soft_close.window),
                  soft_close.mode == SoftClose::Mode::from_bid ? "from_bid" : "from_close",
                  to_text(told.before->closes_at), to_text(extended.closes_at), length(soft_close.extend), from);
  text += fmt::format("; extension {}", extended.extensions);
  if (soft_close.max_extensions) text += fmt::format(" of at most {}", *soft_close.max_extensions);
  return text + ".";
}

std::string close_words(const Explanation& told, const CloseCause& cause, const Terms& terms, BidderNames names) {
  const auto& closed = std::get<Closed>(told.event.body);
  const std::string text = fmt::format("The end, {}, was reached. ", to_text(told.before->closes_at));
  if (!cause.had_bids) return text + "Nobody had bid: not sold.";
  const std::string price = money(closed.price.value_or(Amount{0}), terms);
  if (!closed.sold) return text + fmt::format("Not sold: {} is below the reserve.", price);
  const std::string_view met = cause.reserve_met ? ", which meets the reserve" : "";
  return text + fmt::format("Sold to {} for {}{}.", shown(closed.winner, names).view(), price, met);
}

std::string too_low(const BidAnswer& rejection, const Terms& terms) {
  if (!rejection.minimum_next) return "There is no higher amount left to bid.";
  std::string text =
      fmt::format("{} is below {}: ", money(rejection.amount, terms), money(*rejection.minimum_next, terms));
  if (!rejection.price) return text + "the first bid has to reach the opening price.";
  return text + step_words(step_in_force(terms.increment, *rejection.price), *rejection.price, terms) + ".";
}

}  // namespace

std::string why(const Explanation& told, const Terms& terms, const BidderId& by, BidderNames names) {
  switch (told.rule) {
    case Rule::operator_asked:
      return who(by) + (std::holds_alternative<Created>(told.event.body) ? " created the auction." : " called it off.");
    case Rule::opens_at_reached:
      return fmt::format("The moment of its opening, {}, was reached.", to_text(terms.opens_at));
    case Rule::opening_price_reached:
    case Rule::minimum_next_reached:
      return bid_words(told, std::get<BidCause>(told.cause), terms, names);
    case Rule::soft_close:
      return extension_words(told, std::get<ExtensionCause>(told.cause), terms);
    case Rule::closes_at_reached:
      return close_words(told, std::get<CloseCause>(told.cause), terms, names);
  }
  return {};
}

std::string why(const BidAnswer& rejection, const Terms& terms, BidderNames names) {
  switch (rejection.reason) {
    case Reason::none:
      return {};
    case Reason::not_open_yet:
      return fmt::format("It opens at {}, and not before.", to_text(terms.opens_at));
    case Reason::closed:
      return fmt::format("It had closed: its end was {}.", to_text(rejection.closes_at));
    case Reason::cancelled:
      return "It had been called off.";
    case Reason::own_auction:
      return fmt::format("{} is the seller.", shown(rejection.bidder, names).view());
    case Reason::already_leading:
      return fmt::format("{} led already, and by its terms a leader does not bid against himself.",
                         shown(rejection.bidder, names).view());
    case Reason::amount_below_minimum:
      return too_low(rejection, terms);
    case Reason::amount_above_limit:
      return fmt::format("{} is above the limit of {}.", money(rejection.amount, terms),
                         money(terms.amount_limit.value_or(max_amount), terms));
  }
  return {};
}

}  // namespace flashbid
