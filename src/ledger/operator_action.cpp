#include "ledger/operator_action.hpp"

#include <fmt/format.h>

#include "ledger/event_codec.hpp"

namespace flashbid {

bool is_action(const EventBody& body) {
  return std::holds_alternative<Created>(body) || std::holds_alternative<Cancelled>(body);
}

std::vector<Sequence> action_places(const Auction& auction) {
  if (auction.state != AuctionState::cancelled) return {Sequence{1}};
  return {Sequence{1}, auction.sequence};
}

Result<OperatorAction> action_of(std::string_view payload, std::string_view secret) {
  const Result<DecodedEvent> decoded = decode_event(payload, {});
  if (!decoded) return std::unexpected(decoded.error());
  const Result<Secret> hidden = decode_secret(secret);
  if (!hidden) return std::unexpected(hidden.error());
  const Event& event = decoded->event;
  if (!is_action(event.body)) {
    return fail(Failure::corrupt, fmt::format("auction {}, sequence {}: {} where an operator's action was expected",
                                              decoded->auction.value(), event.sequence.value(), name_of(event.body)));
  }
  return OperatorAction{event.sequence, name_of(event.body), hidden->by, event.at};
}

Result<std::vector<OperatorAction>> read_actions(LedgerReader& reader, AuctionId auction,
                                                 std::span<const Sequence> places) {
  std::vector<OperatorAction> actions;
  for (const Sequence place : places) {
    const auto records = reader.records(auction, Sequence{place.value() - 1}, 1);
    if (!records) return std::unexpected(records.error());
    if (records->empty() || records->front().sequence != place) {
      return fail(Failure::corrupt, fmt::format("auction {} lacks event {}", auction.value(), place.value()));
    }
    auto action = action_of(*records->front().payload, records->front().secret);
    if (!action) return std::unexpected(action.error());
    actions.push_back(*action);
  }
  return actions;
}

}  // namespace flashbid
