// Whether an answer is one that the durable events explain.
#include <utility>

#include "ledger/event_codec.hpp"
#include "simulation/requests.hpp"

namespace flashbid::simulation {
namespace {

std::string answer_json(const BidAnswer& answer) {
  std::string json;
  encode_answer(answer, json);
  return json;
}

bool quotes(const BidAnswer& answer, const naive::View& view) {
  return differential::or_none(answer.price) == view.price && differential::text(answer.leader) == view.leader &&
         differential::or_none(answer.minimum_next) == view.minimum_next && answer.closes_at.ms == view.closes_at;
}

}  // namespace

void Requests::expect_decided_by_rules(std::size_t number, const Sent& sent, const BidAnswer& answer) {
  const std::string name = name_of(number);
  const auto& request = std::get<BidRequest>(sent.request);
  const bool echoes =
      answer.auction == request.auction && answer.bidder == request.bid.bidder && answer.amount == request.bid.amount;
  if (!echoes) return stage_.story.violated("INV-8: " + name + " is told the answer to another bid");
  if (answer.as_of_sequence > stage_.truth.newest(answer.auction)) {
    return stage_.story.violated(
        fmt::format("INV-2: {} rests on event {}, which is not durable", name, answer.as_of_sequence.value()));
  }
  if (answer.verdict == Verdict::accepted) {
    expect_accepted(name, answer);
  } else {
    expect_rejected(name, answer);
  }
  expect_in_time(name, sent, answer);
  if (!request.key.empty()) expect_same_answer(name, request, answer);
}

void Requests::expect_accepted(const std::string& name, const BidAnswer& answer) {
  const DurableAuction::Fact* fact = stage_.truth.fact(answer.auction, answer.sequence);
  const auto* bid = fact == nullptr ? nullptr : std::get_if<BidAccepted>(&fact->event.body);
  const bool is_it = bid != nullptr && bid->bidder == answer.bidder && bid->amount == answer.amount &&
                     fact->event.at == answer.decided_at;
  if (!is_it) return stage_.story.violated("INV-1: " + name + " is accepted, and its event is not durable");
  const naive::Auction* state = stage_.truth.state(answer.auction, answer.as_of_sequence);
  const bool right = state != nullptr && answer.as_of_sequence >= answer.sequence &&
                     answer.as_of_sequence <= answer.sequence.next() && quotes(answer, state->view());
  stage_.story.expect(right, "INV-2: " + name + " is accepted with a state that its events do not make");
}

// The rules say no, for the same first reason, on the state that the answer names.
void Requests::expect_rejected(const std::string& name, const BidAnswer& answer) {
  const naive::Auction* state = stage_.truth.state(answer.auction, answer.as_of_sequence);
  if (state == nullptr) return stage_.story.violated("INV-2: " + name + " rests on the middle of a decision");
  stage_.story.reached(to_text(answer.reason));
  naive::Auction again = *state;
  const naive::Answer wanted =
      again.bid(differential::text(answer.bidder), answer.amount.value(), answer.decided_at.ms);
  if (wanted.verdict != "rejected" || wanted.reason != to_text(answer.reason) || !wanted.facts.empty()) {
    return stage_.story.violated(fmt::format(
        "INV-2: {} is rejected as {}; the rules say {}{} at event {}", name, to_text(answer.reason), wanted.verdict,
        wanted.reason.empty() ? "" : " as " + wanted.reason, answer.as_of_sequence.value()));
  }
  stage_.story.expect(quotes(answer, state->view()),
                      "INV-2: " + name + " is rejected with a state that its events do not make");
}

void Requests::expect_in_time(const std::string& name, const Sent& sent, const BidAnswer& answer) {
  // Decided before, and told again: the order is that of the decision.
  if (!sent.first_use) return;
  const bool later =
      answer.as_of_sequence >= sent.told && (answer.verdict == Verdict::rejected || answer.sequence > sent.told);
  stage_.story.expect(later, "INV-5: " + name + " comes before what was told before it was sent");
  stage_.story.expect(answer.decided_at >= sent.at && answer.decided_at <= stage_.now(),
                      "INV-7: " + name + " is decided at a moment when it was not there");
}

void Requests::expect_same_answer(const std::string& name, const BidRequest& request, const BidAnswer& answer) {
  const std::string json = answer_json(answer);
  auto& decisions = stage_.truth.decisions({Operation::bid, request.auction, request.bid.bidder, request.key});
  for (KeyedDecision& made : decisions) {
    if (made.sequence != answer.sequence || made.at != answer.decided_at) continue;
    stage_.story.expect(made.fingerprint == std::to_string(request.bid.amount.value()),
                        "INV-8: " + name + " is told the answer to another body under its key");
    if (!made.rejection.empty()) {
      stage_.story.expect(made.rejection == json, "INV-8: " + name + " is told otherwise than the ledger holds");
    }
    if (made.told.empty()) {
      made.told = json;
    } else {
      stage_.story.reached("same answer again");
      stage_.story.expect(made.told == json, "INV-8: " + name + " is told otherwise than the first time: " + json);
    }
    return;
  }
  stage_.story.violated("INV-1: " + name + " is decided under a key, and that is not durable");
}

void Requests::expect_all_answered() {
  for (std::size_t i = 0; i < sent_.size(); ++i) {
    if (sent_[i].outcome == Outcome::waiting) stage_.story.violated("INV-11: " + name_of(i) + " is never answered");
  }
}

bool Requests::may_have_caused(const Sent& sent, AuctionId auction, const Event& event,
                               const std::optional<KeyUse>& use) const {
  if (sent.outcome == Outcome::refused) return false;
  if (const auto* bid = std::get_if<BidAccepted>(&event.body)) {
    const auto* request = std::get_if<BidRequest>(&sent.request);
    if (request == nullptr || request->auction != auction) return false;
    const bool same = request->bid.bidder == bid->bidder && request->bid.amount == bid->amount &&
                      request->key == (use ? use->key : IdempotencyKey{});
    return same && (sent.outcome == Outcome::unknown || sent.sequence == event.sequence);
  }
  if (std::holds_alternative<Cancelled>(event.body)) {
    const auto* request = std::get_if<CancelRequest>(&sent.request);
    return request != nullptr && request->auction == auction && request->key_use == use;
  }
  const auto* request = std::get_if<CreateRequest>(&sent.request);
  return request != nullptr && *request->terms == *std::get<Created>(event.body).terms && request->key_use == use;
}

void Requests::expect_all_asked_for() {
  for (const auto& [id, auction] : stage_.truth.auctions()) {
    for (const auto& [record, event] : auction.facts) {
      const bool asked = std::holds_alternative<BidAccepted>(event.body) || is_action(event.body);
      if (!asked) continue;
      const auto secret = decode_secret(record.secret);
      const std::optional<KeyUse> use = secret ? secret->key_use : std::nullopt;
      const auto caused = [&](const Sent& sent) { return may_have_caused(sent, id, event, use); };
      if (std::ranges::any_of(sent_, caused)) continue;
      stage_.story.violated(
          fmt::format("INV-12: event {} of auction {} is there, and whoever asked for it was told that "
                      "it is not",
                      event.sequence.value(), id.value()));
    }
  }
}

}  // namespace flashbid::simulation
