#include "engine/bid_answers.hpp"

#include <variant>

#include "ledger/event_codec.hpp"

namespace flashbid {

BidAnswer answer_from(AuctionId auction, const Event& event, const BidAccepted& bid) {
  BidAnswer answer;
  answer.auction = auction;
  answer.verdict = Verdict::accepted;
  answer.sequence = event.sequence;
  answer.bidder = bid.bidder;
  answer.amount = bid.amount;
  answer.price = bid.price;
  answer.leader = bid.leader;
  answer.minimum_next = bid.minimum_next;
  answer.closes_at = bid.closes_at;
  answer.as_of_sequence = event.sequence;
  answer.decided_at = event.at;
  return answer;
}

void extend(BidAnswer& answer, const Event& event, const Extended& extended) {
  answer.closes_at = extended.closes_at;
  answer.as_of_sequence = event.sequence;
}

Result<BidAnswer> answer_from_payloads(std::string_view bid, std::string_view next) {
  const Result<DecodedEvent> decoded = decode_event(bid, {});
  if (!decoded) return std::unexpected(decoded.error());
  const auto* accepted = std::get_if<BidAccepted>(&decoded->event.body);
  if (accepted == nullptr) return fail(Failure::corrupt, "a remembered bid's event is not a bid");
  BidAnswer answer = answer_from(decoded->auction, decoded->event, *accepted);
  if (next.empty()) return answer;
  const Result<DecodedEvent> behind = decode_event(next, {});
  if (!behind) return std::unexpected(behind.error());
  if (const auto* extended = std::get_if<Extended>(&behind->event.body)) extend(answer, behind->event, *extended);
  return answer;
}

}  // namespace flashbid
