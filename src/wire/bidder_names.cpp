#include "wire/bidder_names.hpp"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include "ledger/event_codec.hpp"

namespace flashbid {
namespace {

// Masks who an event names; false if it names nobody. One overload an event: a new one does not compile before somebody
// has decided. `created` names the seller only, who is public.
struct MaskBody {
  bool operator()(const Created&) const { return false; }
  bool operator()(const Opened&) const { return false; }
  bool operator()(BidAccepted& bid) const {
    bid.bidder = mask(bid.bidder);
    bid.leader = mask(bid.leader);
    return true;
  }
  bool operator()(const Extended&) const { return false; }
  bool operator()(Closed& closed) const {
    closed.winner = mask(closed.winner);
    return !closed.winner.empty();
  }
  bool operator()(const Cancelled&) const { return false; }
};

}  // namespace

BidderId mask(const BidderId& bidder) {
  const std::string_view name = bidder.view();
  if (name.empty()) return {};
  const std::array<char, 5> text{name.front(), '*', '*', '*', name.back()};
  return BidderId::from({text.data(), name.size() == 1 ? text.size() - 1 : text.size()}).value_or(BidderId{});
}

BidAnswer masked_for_its_bidder(BidAnswer answer) {
  if (answer.leader != answer.bidder) answer.leader = mask(answer.leader);
  return answer;
}

Result<SharedBytes> shown(const SharedBytes& event_json, BidderNames names) {
  if (names == BidderNames::full) return event_json;
  auto decoded = decode_event(*event_json, {});
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  if (!std::visit(MaskBody{}, decoded->event.body)) return event_json;
  auto masked = std::make_shared<std::string>();
  encode_event(decoded->auction, decoded->epoch, decoded->event, *masked);
  return masked;
}

}  // namespace flashbid
