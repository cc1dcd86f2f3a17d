#include "wire/explanation.hpp"

#include <algorithm>

#include "ledger/json_text.hpp"

namespace flashbid {
namespace {

void append_flag(bool flag, std::string& out) { out += flag ? "true" : "false"; }

void append_step(const std::optional<StepInForce>& step, std::string& out) {
  if (!step) {
    out += "null";
    return;
  }
  out += "{\"step\":";
  json::append_amount(step->step, out);
  out += ",\"from\":";
  json::append_amount(step->from, out);
  out += ",\"below\":";
  json::append_amount(step->below, out);
  out += '}';
}

void append_standing(const Standing& standing, BidderNames names, std::string& out) {
  out += "{\"price\":";
  json::append_amount(standing.price, out);
  out += ",\"leader\":";
  json::append_bidder(shown(standing.leader, names), out);
  out += ",\"minimum_next\":";
  json::append_amount(standing.minimum_next, out);
  out += ",\"closes_at\":";
  json::append_time(standing.closes_at, out);
  out += '}';
}

// What the cause of an event rests on: the members of "numbers".
struct Numbers {
  const Explanation& told;
  const Terms& terms;
  BidderNames names;
  std::string& out;

  void operator()(std::monostate) const {
    if (told.rule != Rule::opens_at_reached) return;
    out += "\"opens_at\":";
    json::append_time(terms.opens_at, out);
  }
  void operator()(const BidCause& cause) const {
    out += "\"amount\":";
    json::append_amount(std::get<BidAccepted>(told.event.body).amount, out);
    out += ",\"least\":";
    json::append_amount(cause.least, out);
    out += ",\"step\":";
    append_step(cause.step, out);
    out += ",\"left_ms\":";
    json::append_number(cause.left.ms, out);
    out += ",\"end\":\"";
    out += to_text(cause.end);
    out += '"';
  }
  void operator()(const ExtensionCause& cause) const {
    const auto& extended = std::get<Extended>(told.event.body);
    out += "\"bid_sequence\":";
    json::append_number(cause.bid.value(), out);
    out += ",\"left_ms\":";
    json::append_number(cause.left.ms, out);
    out += ",\"extensions\":";
    json::append_number(std::uint64_t{extended.extensions}, out);
  }
  void operator()(const CloseCause& cause) const {
    const auto& closed = std::get<Closed>(told.event.body);
    out += "\"sold\":";
    append_flag(closed.sold, out);
    out += ",\"winner\":";
    json::append_bidder(shown(closed.winner, names), out);
    out += ",\"price\":";
    json::append_amount(closed.price, out);
    out += ",\"reserve_met\":";
    if (cause.reserve_met) append_flag(*cause.reserve_met, out);
    if (!cause.reserve_met) out += "null";
  }
};

// Who did it: the bidder, or the operator; nobody where time did.
BidderId doer(const Explanation& told, const std::vector<OperatorAction>& actions) {
  if (const auto* bid = std::get_if<BidAccepted>(&told.event.body)) return bid->bidder;
  const auto action = std::ranges::find(actions, told.event.sequence, &OperatorAction::sequence);
  return action == actions.end() ? BidderId{} : action->by;
}

void append_event(const Explanation& told, const ExplainedPage& page, BidderNames names, std::string& out) {
  const BidderId by = doer(told, page.actions);
  const bool by_bidder = std::holds_alternative<BidCause>(told.cause);
  out += "{\"sequence\":";
  json::append_number(told.event.sequence.value(), out);
  out += ",\"event\":\"";
  out += name_of(told.event.body);
  out += "\",\"at\":";
  json::append_time(told.event.at, out);
  out += ",\"by\":";
  json::append_bidder(by_bidder ? shown(by, names) : by, out);
  out += ",\"rule\":\"";
  out += to_text(told.rule);
  out += "\",\"before\":";
  if (told.before) append_standing(*told.before, names, out);
  if (!told.before) out += "null";
  out += ",\"after\":";
  append_standing(told.after, names, out);
  out += ",\"numbers\":{";
  std::visit(Numbers{told, *page.terms, names, out}, told.cause);
  out += "},\"why\":";
  json::append_text(why(told, *page.terms, by, names), out);
  out += '}';
}

void append_rejection(const BidAnswer& rejection, const Terms& terms, BidderNames names, std::string& out) {
  out += "{\"as_of_sequence\":";
  json::append_number(rejection.as_of_sequence.value(), out);
  out += ",\"at\":";
  json::append_time(rejection.decided_at, out);
  out += ",\"by\":";
  json::append_bidder(shown(rejection.bidder, names), out);
  out += ",\"amount\":";
  json::append_amount(rejection.amount, out);
  out += ",\"reason\":\"";
  out += to_text(rejection.reason);
  out += "\",\"price\":";
  json::append_amount(rejection.price, out);
  out += ",\"leader\":";
  json::append_bidder(shown(rejection.leader, names), out);
  out += ",\"minimum_next\":";
  json::append_amount(rejection.minimum_next, out);
  out += ",\"closes_at\":";
  json::append_time(rejection.closes_at, out);
  out += ",\"step\":";
  append_step(rejection.price ? std::optional(step_in_force(terms.increment, *rejection.price)) : std::nullopt, out);
  out += ",\"why\":";
  json::append_text(why(rejection, terms, names), out);
  out += '}';
}

}  // namespace

void encode_explained(const ExplainedPage& page, BidderNames names, std::string& out) {
  out += "{\"auction_id\":";
  json::append_number(page.auction.value(), out);
  out += ",\"events\":[";
  for (const Explanation& told : page.events) {
    if (&told != &page.events.front()) out += ',';
    append_event(told, page, names, out);
  }
  out += "],\"rejections\":[";
  for (const BidAnswer& rejection : page.rejections) {
    if (&rejection != &page.rejections.front()) out += ',';
    append_rejection(rejection, *page.terms, names, out);
  }
  out += "],\"rejections_since\":";
  json::append_time(page.rejections_since, out);
  out += ",\"next_after_sequence\":";
  json::append_number(page.last.value(), out);
  out += '}';
}

}  // namespace flashbid
