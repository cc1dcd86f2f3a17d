#include "simulation/requests.hpp"

#include <utility>

#include "support/command_generator.hpp"

namespace flashbid::simulation {
namespace {

using support::CommandGenerator;
using support::Random;

AuctionId auction_of(const BidRequest& request) { return request.auction; }
AuctionId auction_of(const CreateRequest& request) { return request.id.value_or(AuctionId{0}); }
AuctionId auction_of(const CancelRequest& request) { return request.auction; }

struct TextOf {
  std::string operator()(const BidRequest& bid) const {
    const std::string key = bid.key.empty() ? "without a key" : "under key " + std::string(bid.key.view());
    return fmt::format("{} bids {} on auction {} {}", bid.bid.bidder.view(), bid.bid.amount.value(),
                       bid.auction.value(), key);
  }
  std::string operator()(const CreateRequest& create) const {
    return fmt::format("an operator creates {}{}, open from {} to {}, opening price {}",
                       create.id ? "auction " + std::to_string(create.id->value()) : "an auction",
                       create.key_use ? " under key " + std::string(create.key_use->key.view()) : "",
                       create.terms->opens_at.ms, create.terms->closes_at.ms, create.terms->opening_price.value());
  }
  std::string operator()(const CancelRequest& cancel) const {
    return fmt::format("an operator calls auction {} off{}", cancel.auction.value(),
                       cancel.key_use ? " under key " + std::string(cancel.key_use->key.view()) : "");
  }
};

const BidderId operator_name = *BidderId::from("operator");

}  // namespace

std::string Requests::name_of(std::size_t number) const { return "request " + std::to_string(number); }

void Requests::bid(const Step& step, Random& random) {
  const AuctionId id = stage_.id_of(step.auction);
  CommandGenerator generator(random.next());
  const DurableAuction* auction = stage_.truth.auction(id);
  // What is durable is what a watcher may know; who knows nothing bids anything.
  Bid bid = auction != nullptr ? generator.bid(auction->image) : Bid{generator.bidder(), Amount{100}};
  // Many ask just what it takes.
  const auto minimum = auction != nullptr ? auction->image.minimum_next() : std::nullopt;
  if (minimum && random.percent(50)) bid.amount = *minimum;
  send(BidRequest{id, bid, random.percent(60) ? new_key() : IdempotencyKey{}}, step.actor % stage_.loops.size(), true);
}

void Requests::create(const Step& step, Random& random) {
  CommandGenerator generator(random.next());
  CreateRequest request;
  Terms terms = generator.terms(stage_.now());
  // Some last long enough for many bids, some are over before they are created.
  const auto length = random.below(100);
  if (length < 50) terms.closes_at = std::min(terms.closes_at + Duration{random.below(30'000)}, max_timestamp);
  if (length >= 85) terms.closes_at = std::max(stage_.now(), terms.opens_at) + Duration{1};
  request.terms = std::make_shared<const Terms>(std::move(terms));
  if (random.percent(30)) request.id = AuctionId{100 + step.auction};
  if (random.percent(60)) {
    request.key_use = KeyUse{Operation::create, operator_name, new_key(), "body " + std::to_string(keys_)};
  }
  if (random.percent(50)) request.by = operator_name;
  send(std::move(request), step.actor % stage_.loops.size(), true);
}

void Requests::cancel(const Step& step, Random& random) {
  CancelRequest request{stage_.id_of(step.auction), std::nullopt, {}};
  if (random.percent(60)) request.key_use = KeyUse{Operation::cancel, operator_name, new_key(), "off"};
  if (random.percent(50)) request.by = operator_name;
  send(std::move(request), step.actor % stage_.loops.size(), true);
}

void Requests::retry(const Step& step, Random& random) {
  if (sent_.empty()) return;
  // One of the latest, or any.
  const auto count = std::ssize(sent_);
  const auto back = random.percent(60) ? random.below(std::min<std::int64_t>(count, 4)) : random.below(count);
  const Sent& earlier = sent_[sent_.size() - 1 - static_cast<std::size_t>(back)];
  const auto* bid = std::get_if<BidRequest>(&earlier.request);
  const auto* create = std::get_if<CreateRequest>(&earlier.request);
  const auto* cancel = std::get_if<CancelRequest>(&earlier.request);
  const bool keyed = (bid != nullptr && !bid->key.empty()) || (create != nullptr && create->key_use) ||
                     (cancel != nullptr && cancel->key_use);
  if (keyed) send(Request(earlier.request), step.actor % stage_.loops.size(), false);
}

void Requests::reuse_key(const Step& step, Random& random) {
  if (uses_.empty()) return;
  auto use = uses_.begin();
  std::advance(use, random.below(std::ssize(uses_)));
  BidRequest request = std::get<BidRequest>(sent_[use->second].request);
  request.bid.amount = Amount{(request.bid.amount.value() + 1) % max_safe_integer};
  send(request, step.actor % stage_.loops.size(), false);
}

void Requests::retry_all() {
  constexpr std::size_t most = 40;
  const std::size_t count = sent_.size();
  for (std::size_t i = count > most ? count - most : 0; i < count; ++i) {
    const auto* bid = std::get_if<BidRequest>(&sent_[i].request);
    if (bid != nullptr && !bid->key.empty()) send(Request(*bid), i % stage_.loops.size(), false);
  }
}

void Requests::send(Request request, std::size_t loop, bool first_use) {
  const std::size_t number = sent_.size();
  const AuctionId auction = std::visit([](const auto& one) { return auction_of(one); }, request);
  stage_.story.tell(fmt::format("client    {}: {} (loop {})", name_of(number), std::visit(TextOf{}, request), loop));
  if (const auto* bid = std::get_if<BidRequest>(&request); bid != nullptr && !bid->key.empty()) {
    uses_.emplace(bid->key, number);
  }
  sent_.push_back({std::move(request), loop, stage_.life, first_use, stage_.now(), stage_.told_of(auction)});
  sent_.back().asked_ns = stage_.recording.now_ns();
  if (const auto* bid = std::get_if<BidRequest>(&sent_.back().request)) {
    sent_.back().recorded = stage_.recording.sent(*bid);
  }
  stage_.at_loop(loop, [&](Engine& engine) {
    const Request& kept = sent_[number].request;
    if (const auto* bid = std::get_if<BidRequest>(&kept)) {
      engine.submit(*bid, [this, number](Result<BidAnswer> answer) { on_bid(number, answer); });
    } else if (const auto* create = std::get_if<CreateRequest>(&kept)) {
      engine.submit(*create, [this, number](Result<AuctionView> answer) { on_created(number, answer); });
    } else {
      engine.submit(std::get<CancelRequest>(kept),
                    [this, number](Result<AuctionView> answer) { on_cancelled(number, answer); });
    }
  });
}

Requests::Sent* Requests::answered(std::size_t number) {
  Sent& sent = sent_[number];
  if (sent.outcome != Outcome::waiting || sent.life != stage_.life) {
    stage_.story.violated(name_of(number) + " is answered twice");
    return nullptr;
  }
  stage_.story.expect(stage_.loops[sent.loop].here(), name_of(number) + " is answered on another loop than it came to");
  return &sent;
}

void Requests::on_refused(std::size_t number, Sent& sent, const Truth::Place& place, AuctionId auction,
                          const std::string& fingerprint, const Error& error) {
  const std::string name = name_of(number);
  stage_.story.tell(fmt::format("engine    {}: refused: {}", name, error.detail));
  sent.outcome = error.failure == Failure::outcome_unknown ? Outcome::unknown : Outcome::refused;
  switch (error.failure) {
    case Failure::not_found:
      if (sent.told > Sequence{0})
        stage_.story.violated("INV-1: " + name + " is told that a durable auction is not there");
      return;
    case Failure::key_reused: {
      stage_.story.reached("key reused");
      const auto other = [&](const KeyedDecision& decision) { return decision.fingerprint != fingerprint; };
      if (std::ranges::none_of(stage_.truth.decisions(place), other)) {
        stage_.story.violated("INV-2: " + name + " is told of another use of its key, which is not durable");
      }
      return;
    }
    case Failure::conflict:
      return expect_conflict(number, sent, auction);
    default:
      stage_.expect_reason(name, error);
  }
}

void Requests::expect_conflict(std::size_t number, const Sent& sent, AuctionId auction) {
  const bool creates = std::holds_alternative<CreateRequest>(sent.request);
  const DurableAuction* there = stage_.truth.auction(auction);
  const bool explained = there != nullptr && (creates || !there->image.next_boundary());
  if (!explained) stage_.story.violated("INV-2: " + name_of(number) + " meets a conflict that is not durable");
}

void Requests::on_bid(std::size_t number, const Result<BidAnswer>& answer) {
  Sent* sent = answered(number);
  if (sent == nullptr) return;
  const auto& request = std::get<BidRequest>(sent->request);
  stage_.recording.answered(sent->recorded, answer);
  if (!answer) {
    const Truth::Place place{Operation::bid, request.auction, request.bid.bidder, request.key};
    return on_refused(number, *sent, place, request.auction, std::to_string(request.bid.amount.value()),
                      answer.error());
  }
  sent->outcome = Outcome::decided;
  sent->sequence = answer->sequence;
  stage_.story.tell(fmt::format("engine    {}: {} {} as of event {}", name_of(number), to_text(answer->verdict),
                                answer->verdict == Verdict::accepted
                                    ? fmt::format("as event {}", answer->sequence.value())
                                    : std::string(to_text(answer->reason)),
                                answer->as_of_sequence.value()));
  expect_decided_by_rules(number, *sent, *answer);
  stage_.tell_of(request.auction, answer->as_of_sequence);
}

void Requests::on_created(std::size_t number, const Result<AuctionView>& answer) {
  Sent* sent = answered(number);
  if (sent == nullptr) return;
  const auto& request = std::get<CreateRequest>(sent->request);
  const std::string name = name_of(number);
  const KeyUse use = request.key_use.value_or(KeyUse{});
  const Truth::Place place{Operation::create, AuctionId{0}, use.caller, use.key};
  if (!answer) {
    return on_refused(number, *sent, place, request.id.value_or(AuctionId{0}), use.fingerprint, answer.error());
  }
  sent->outcome = Outcome::decided;
  const AuctionId id = answer->auction.id;
  stage_.story.tell(fmt::format("engine    {}: created auction {}", name, id.value()));
  // Under a key it may be told again as it was.
  stage_.recording.shown(*answer, request.key_use ? 0 : sent->asked_ns);
  stage_.expect_view(name, *answer);
  const DurableAuction::Fact* fact = stage_.truth.fact(id, Sequence{1});
  if (fact == nullptr) return;
  const auto* created = std::get_if<Created>(&fact->event.body);
  const bool as_asked = created != nullptr && *created->terms == *request.terms && (!request.id || *request.id == id);
  stage_.story.expect(as_asked, "INV-1: " + name + " is told of an auction with other terms than it asked for");
  if (request.key_use) {
    const auto same = [&](const KeyedDecision& made) { return made.auction == id; };
    stage_.story.expect(std::ranges::any_of(stage_.truth.decisions(place), same),
                        "INV-8: " + name + " is told of an auction that its key did not create");
  }
  // It takes the place of the plan's auction that has no id yet, or is over.
  const auto is_free = [&](AuctionId known) {
    const DurableAuction* auction = stage_.truth.auction(known);
    return auction == nullptr || !auction->image.next_boundary();
  };
  const auto free = std::ranges::find_if(stage_.ids, is_free);
  if (free != stage_.ids.end() && std::ranges::find(stage_.ids, id) == stage_.ids.end()) *free = id;
}

void Requests::on_cancelled(std::size_t number, const Result<AuctionView>& answer) {
  Sent* sent = answered(number);
  if (sent == nullptr) return;
  const auto& request = std::get<CancelRequest>(sent->request);
  const std::string name = name_of(number);
  const KeyUse use = request.key_use.value_or(KeyUse{});
  if (!answer) {
    return on_refused(number, *sent, {Operation::cancel, request.auction, use.caller, use.key}, request.auction,
                      use.fingerprint, answer.error());
  }
  sent->outcome = Outcome::decided;
  stage_.story.tell(fmt::format("engine    {}: called off", name));
  stage_.recording.shown(*answer, request.key_use ? 0 : sent->asked_ns);
  stage_.expect_view(name, *answer);
  stage_.story.expect(
      answer->auction.state == AuctionState::cancelled,
      "INV-6: " + name + " called off an auction that is " + std::string(to_text(answer->auction.state)));
}

void Requests::lose_all() {
  for (Sent& sent : sent_) {
    if (sent.outcome == Outcome::waiting) sent.outcome = Outcome::unknown;
  }
}

}  // namespace flashbid::simulation
