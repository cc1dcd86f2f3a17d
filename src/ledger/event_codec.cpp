#include "ledger/event_codec.hpp"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "ledger/json_cursor.hpp"
#include "ledger/json_text.hpp"
#include "ledger/terms_codec.hpp"

namespace flashbid {
namespace {

// Room for any event but `created`, so that encoding allocates once at most.
constexpr std::size_t usual_event_bytes = 512;

// The members of each event between its name and `at`.
struct Members {
  AuctionId auction;
  std::string& out;

  void operator()(const Created& created) const {
    const Terms& terms = *created.terms;
    out += R"(,"auction":{"id":)";
    json::append_number(auction.value(), out);
    out += ',';
    encode_public_terms(terms, out);
    out += R"(,"closes_at":)";
    json::append_time(terms.closes_at, out);
    out += R"(,"reserve_met":)";
    out += terms.reserve ? "false" : "null";
    out += R"(,"state":"scheduled","price":null,"leader":null,"minimum_next":)";
    json::append_number(terms.opening_price.value(), out);
    out += R"(,"bids":0,"extensions":0,"winner":null,"sold":null})";
  }
  void operator()(const Opened&) const {}
  void operator()(const BidAccepted& bid) const {
    out += R"(,"bidder":)";
    json::append_bidder(bid.bidder, out);
    out += R"(,"amount":)";
    json::append_number(bid.amount.value(), out);
    out += R"(,"price":)";
    json::append_number(bid.price.value(), out);
    out += R"(,"leader":)";
    json::append_bidder(bid.leader, out);
    out += R"(,"minimum_next":)";
    json::append_amount(bid.minimum_next, out);
    out += R"(,"closes_at":)";
    json::append_time(bid.closes_at, out);
  }
  void operator()(const Extended& extended) const {
    out += R"(,"closes_at":)";
    json::append_time(extended.closes_at, out);
    out += R"(,"extensions":)";
    json::append_number(std::uint64_t{extended.extensions}, out);
  }
  void operator()(const Closed& closed) const {
    out += R"(,"winner":)";
    json::append_bidder(closed.winner, out);
    out += R"(,"price":)";
    json::append_amount(closed.price, out);
    out += closed.sold ? R"(,"sold":true)" : R"(,"sold":false)";
  }
  void operator()(const Cancelled&) const {}
};

// `created`: everything about the terms but the reserve; whether there is one shows as reserve_met.
Created read_created(json::Cursor& cursor, AuctionId auction, const Secret* secret) {
  cursor.expect(R"(,"auction":{"id":)");
  if (cursor.number() != auction.value()) cursor.refuse("the auction's id is another one than the event's");
  cursor.expect(",");
  Terms terms = read_public_terms(cursor);
  cursor.expect(R"(,"closes_at":)");
  terms.closes_at = cursor.time();
  cursor.expect(R"(,"reserve_met":)");
  const bool has_reserve = !cursor.accept("null");
  if (has_reserve) cursor.expect("false");
  cursor.expect(R"(,"state":"scheduled","price":null,"leader":null,"minimum_next":)");
  if (cursor.amount() != terms.opening_price) cursor.refuse("minimum_next must be the opening price");
  cursor.expect(R"(,"bids":0,"extensions":0,"winner":null,"sold":null})");
  if (secret != nullptr) {
    terms.reserve = secret->reserve;
    if (has_reserve != terms.reserve.has_value()) cursor.refuse("reserve_met does not fit the secret's reserve");
  }
  return {std::make_shared<const Terms>(std::move(terms))};
}

BidAccepted read_bid_accepted(json::Cursor& cursor) {
  BidAccepted bid;
  cursor.expect(R"(,"bidder":)");
  bid.bidder = cursor.bidder();
  cursor.expect(R"(,"amount":)");
  bid.amount = cursor.amount();
  cursor.expect(R"(,"price":)");
  bid.price = cursor.amount();
  cursor.expect(R"(,"leader":)");
  bid.leader = cursor.bidder();
  cursor.expect(R"(,"minimum_next":)");
  bid.minimum_next = cursor.amount_or_null();
  cursor.expect(R"(,"closes_at":)");
  bid.closes_at = cursor.time();
  return bid;
}

Extended read_extended(json::Cursor& cursor) {
  Extended extended;
  cursor.expect(R"(,"closes_at":)");
  extended.closes_at = cursor.time();
  cursor.expect(R"(,"extensions":)");
  extended.extensions = static_cast<std::uint32_t>(cursor.number(std::numeric_limits<std::uint32_t>::max()));
  return extended;
}

Closed read_closed(json::Cursor& cursor) {
  Closed closed;
  cursor.expect(R"(,"winner":)");
  closed.winner = cursor.bidder_or_null();
  cursor.expect(R"(,"price":)");
  closed.price = cursor.amount_or_null();
  cursor.expect(R"(,"sold":)");
  closed.sold = cursor.boolean();
  if (closed.sold != !closed.winner.empty() || (closed.sold && !closed.price)) {
    cursor.refuse("a sale has a winner and a price, and nothing else has a winner");
  }
  return closed;
}

EventBody read_body(json::Cursor& cursor, std::string_view name, AuctionId auction, const Secret* secret) {
  // By how often each comes.
  if (name == "bid_accepted") return read_bid_accepted(cursor);
  if (name == "extended") return read_extended(cursor);
  if (name == "created") return read_created(cursor, auction, secret);
  if (name == "opened") return Opened{};
  if (name == "closed") return read_closed(cursor);
  if (name == "cancelled") return Cancelled{};
  cursor.refuse("expected the name of an event");
  return Opened{};
}

std::uint64_t read_positive(json::Cursor& cursor) {
  const std::uint64_t number = cursor.number();
  if (number == 0) cursor.refuse("expected a positive number");
  return number;
}

}  // namespace

void encode_event(AuctionId auction, Epoch epoch, const Event& event, std::string& out) {
  out.reserve(out.size() + usual_event_bytes);
  out += R"({"auction_id":)";
  json::append_number(auction.value(), out);
  out += R"(,"epoch":)";
  json::append_number(epoch.value(), out);
  out += R"(,"sequence":)";
  json::append_number(event.sequence.value(), out);
  out += R"(,"event":")";
  out += name_of(event.body);
  out += '"';
  std::visit(Members{auction, out}, event.body);
  out += R"(,"at":)";
  json::append_time(event.at, out);
  out += '}';
}

Result<DecodedEvent> decode_event(std::string_view json, std::string_view secret_json) {
  Secret secret;
  if (!secret_json.empty()) {
    Result<Secret> decoded = decode_secret(secret_json);
    if (!decoded) return std::unexpected(std::move(decoded.error()));
    secret = std::move(*decoded);
  }
  json::Cursor cursor(json);
  DecodedEvent decoded;
  cursor.expect(R"({"auction_id":)");
  decoded.auction = AuctionId{read_positive(cursor)};
  cursor.expect(R"(,"epoch":)");
  decoded.epoch = Epoch{read_positive(cursor)};
  cursor.expect(R"(,"sequence":)");
  decoded.event.sequence = Sequence{read_positive(cursor)};
  cursor.expect(R"(,"event":)");
  const std::string_view name = cursor.name();
  // Without a secret the reserve stays hidden: what a reader of the public text gets.
  decoded.event.body = read_body(cursor, name, decoded.auction, secret_json.empty() ? nullptr : &secret);
  cursor.expect(R"(,"at":)");
  decoded.event.at = cursor.time();
  cursor.expect("}");
  cursor.end();
  if (!cursor.ok()) return cursor.error("an event");
  return decoded;
}

}  // namespace flashbid
