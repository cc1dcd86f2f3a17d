// An auction whole, as the ledger's auctions table holds it (event_codec.hpp).
//
//   {"id":1,"sequence":17,"state":"open","sold":false,"extensions":0,"bids":3,"price":10600,"leader":"Alice",
//    "closes_at":"…","terms":{…public terms…,"closes_at":"…","reserve":null}}
#include <limits>
#include <utility>

#include "ledger/event_codec.hpp"
#include "ledger/json_cursor.hpp"
#include "ledger/json_text.hpp"
#include "ledger/terms_codec.hpp"

namespace flashbid {

void encode_image(const Auction& auction, std::string& out) {
  out += R"({"id":)";
  json::append_number(auction.id.value(), out);
  out += R"(,"sequence":)";
  json::append_number(auction.sequence.value(), out);
  out += R"(,"state":")";
  out += to_text(auction.state);
  out += R"(","sold":)";
  out += auction.sold ? "true" : "false";
  out += R"(,"extensions":)";
  json::append_number(std::uint64_t{auction.extensions}, out);
  out += R"(,"bids":)";
  json::append_number(auction.bids, out);
  out += R"(,"price":)";
  json::append_amount(auction.standing_price(), out);
  out += R"(,"leader":)";
  json::append_bidder(auction.leader, out);
  out += R"(,"closes_at":)";
  json::append_time(auction.closes_at, out);
  out += R"(,"terms":{)";
  encode_public_terms(*auction.terms, out);
  out += R"(,"closes_at":)";
  json::append_time(auction.terms->closes_at, out);
  out += R"(,"reserve":)";
  json::append_amount(auction.terms->reserve, out);
  out += "}}";
}

Result<Auction> decode_image(std::string_view json) {
  json::Cursor cursor(json);
  Auction auction;
  cursor.expect(R"({"id":)");
  auction.id = AuctionId{cursor.number()};
  cursor.expect(R"(,"sequence":)");
  auction.sequence = Sequence{cursor.number()};
  cursor.expect(R"(,"state":)");
  const auto state = parse_auction_state(cursor.name());
  if (!state) cursor.refuse("expected a state");
  auction.state = state.value_or(AuctionState::scheduled);
  cursor.expect(R"(,"sold":)");
  auction.sold = cursor.boolean();
  cursor.expect(R"(,"extensions":)");
  auction.extensions = static_cast<std::uint32_t>(cursor.number(std::numeric_limits<std::uint32_t>::max()));
  cursor.expect(R"(,"bids":)");
  auction.bids = cursor.number();
  cursor.expect(R"(,"price":)");
  const auto price = cursor.amount_or_null();
  if (price.has_value() != (auction.bids > 0)) cursor.refuse("a price goes with bids, and no price with none");
  auction.price = price.value_or(Amount{});
  cursor.expect(R"(,"leader":)");
  auction.leader = cursor.bidder_or_null();
  cursor.expect(R"(,"closes_at":)");
  auction.closes_at = cursor.time();
  cursor.expect(R"(,"terms":{)");
  Terms terms = read_public_terms(cursor);
  cursor.expect(R"(,"closes_at":)");
  terms.closes_at = cursor.time();
  cursor.expect(R"(,"reserve":)");
  terms.reserve = cursor.amount_or_null();
  cursor.expect("}}");
  cursor.end();
  if (!cursor.ok()) return cursor.error("an auction's image");
  auction.terms = std::make_shared<const Terms>(std::move(terms));
  return auction;
}

}  // namespace flashbid
