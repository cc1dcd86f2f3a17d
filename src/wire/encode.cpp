#include "wire/encode.hpp"

#include <utility>

#include "base/assert.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/json_text.hpp"
#include "wire/websocket.hpp"

namespace flashbid {
namespace {

// Members that move with the auction, the same in an auction and in a `state` frame.
void append_standing(const AuctionView& view, BidderNames names, std::string& out) {
  const Auction& auction = view.auction;
  out += "\"state\":\"";
  out += to_text(auction.state);
  out += "\",\"price\":";
  json::append_amount(auction.standing_price(), out);
  out += ",\"leader\":";
  json::append_bidder(shown(auction.leader, names), out);
  out += ",\"minimum_next\":";
  json::append_amount(auction.minimum_next(), out);
  out += ",\"bids\":";
  json::append_number(auction.bids, out);
  out += ",\"closes_at\":";
  json::append_time(auction.closes_at, out);
  out += ",\"extensions\":";
  json::append_number(std::uint64_t{auction.extensions}, out);
  out += ",\"reserve_met\":";
  const auto reserve_met = auction.reserve_met();
  out += !reserve_met ? "null" : *reserve_met ? "true" : "false";
  out += ",\"winner\":";
  json::append_bidder(shown(auction.winner().value_or(BidderId{}), names), out);
  out += ",\"sold\":";
  out += auction.state != AuctionState::closed ? "null" : auction.sold ? "true" : "false";
  out += ",\"watchers\":";
  json::append_number(std::uint64_t{view.watchers}, out);
  out += ",\"epoch\":";
  json::append_number(view.epoch.value(), out);
  out += ",\"sequence\":";
  json::append_number(auction.sequence.value(), out);
}

void append_server_time(Timestamp now, std::string& out) {
  out += ",\"server_time\":";
  json::append_time(now, out);
}

void append_id_member(std::string_view id, std::string& out) {
  if (id.empty()) return;
  out += ",\"id\":";
  json::append_text(id, out);
}

// What is published was decided here or read back before: a text that is no event would be an error of our own.
SharedBytes text_of(const PublishedEvent& event, BidderNames names) {
  Result<SharedBytes> told = shown(event.json, names);
  require(told.has_value(), "a published event reads back as one");
  return std::move(*told);
}

}  // namespace

void encode_auction(const AuctionView& view, Timestamp now, BidderNames names, std::string& out) {
  out += "{\"id\":";
  json::append_number(view.auction.id.value(), out);
  out += ',';
  encode_public_terms(*view.auction.terms, out);
  out += ',';
  append_standing(view, names, out);
  append_server_time(now, out);
  out += '}';
}

void encode_auction_page(const AuctionPage& page, Timestamp now, BidderNames names, std::string& out) {
  out += "{\"auctions\":[";
  for (const AuctionView& view : page.auctions) {
    if (&view != &page.auctions.front()) out += ',';
    encode_auction(view, now, names, out);
  }
  out += "],\"next_cursor\":";
  if (page.more && !page.auctions.empty()) {
    out += '"';
    json::append_number(page.auctions.back().auction.id.value(), out);
    out += '"';
  } else {
    out += "null";
  }
  out += '}';
}

Result<void> encode_bids_page(const EventsPage& page, BidderNames names, std::string& out) {
  out += "{\"bids\":[";
  for (const SharedBytes& json : page.events) {
    if (&json != &page.events.front()) out += ',';
    const auto decoded = decode_event(*json, {});
    if (!decoded) return std::unexpected(decoded.error());
    const auto* bid = std::get_if<BidAccepted>(&decoded->event.body);
    if (bid == nullptr) return fail(Failure::internal, "a page of bids holds another event");
    out += "{\"sequence\":";
    json::append_number(decoded->event.sequence.value(), out);
    out += ",\"bidder\":";
    json::append_bidder(shown(bid->bidder, names), out);
    out += ",\"amount\":";
    json::append_number(bid->amount.value(), out);
    out += ",\"at\":";
    json::append_time(decoded->event.at, out);
    out += '}';
  }
  out += "],\"next_after_sequence\":";
  json::append_number(page.last.value(), out);
  out += '}';
  return {};
}

Result<void> encode_events_page(const EventsPage& page, BidderNames names, std::string& out) {
  out += "{\"events\":[";
  for (const SharedBytes& json : page.events) {
    if (&json != &page.events.front()) out += ',';
    const auto told = shown(json, names);
    if (!told) return std::unexpected(told.error());
    out += **told;
  }
  out += "],\"next_after_sequence\":";
  json::append_number(page.last.value(), out);
  out += '}';
  return {};
}

void encode_bid_answer(const BidAnswer& answer, BidderNames names, std::string& out) {
  if (names == BidderNames::full) return encode_answer(answer, out);
  encode_answer(masked_for_its_bidder(answer), out);
}

void encode_actions(std::span<const OperatorAction> actions, std::string& out) {
  out += "{\"actions\":[";
  for (const OperatorAction& action : actions) {
    if (&action != &actions.front()) out += ',';
    out += "{\"sequence\":";
    json::append_number(action.sequence.value(), out);
    out += ",\"action\":\"";
    out += action.action;
    out += "\",\"by\":";
    json::append_bidder(action.by, out);
    out += ",\"at\":";
    json::append_time(action.at, out);
    out += '}';
  }
  out += "]}";
}

void encode_snapshot(const Snapshot& snapshot, Timestamp now, BidderNames names, std::string& out) {
  out += snapshot.reset ? "{\"type\":\"reset\",\"auction\":" : "{\"type\":\"snapshot\",\"auction\":";
  encode_auction(*snapshot.view, now, names, out);
  out += '}';
}

void encode_event_text(std::string_view event_json, std::string& out) {
  out += "{\"type\":\"event\",";
  out.append(event_json, 1);
}

void encode_state(const AuctionView& view, Timestamp now, BidderNames names, std::string& out) {
  out += "{\"type\":\"state\",\"auction_id\":";
  json::append_number(view.auction.id.value(), out);
  out += ',';
  append_standing(view, names, out);
  append_server_time(now, out);
  out += '}';
}

void encode_bid_result(std::string_view id, const BidAnswer& answer, BidderNames names, std::string& out) {
  out += "{\"type\":\"bid_result\"";
  append_id_member(id, out);
  out += ',';
  const std::size_t brace = out.size();
  encode_bid_answer(answer, names, out);
  out.erase(brace, 1);
}

void encode_time(std::string_view id, Timestamp now, std::string& out) {
  out += "{\"type\":\"time\"";
  append_id_member(id, out);
  append_server_time(now, out);
  out += '}';
}

void encode_error(std::string_view id, std::optional<AuctionId> auction, const WireError& error, std::string& out) {
  out += "{\"type\":\"error\"";
  append_id_member(id, out);
  if (auction) {
    out += ",\"auction_id\":";
    json::append_number(auction->value(), out);
  }
  out += ",\"code\":\"";
  out += entry_of(error.code).name;
  out += "\",\"detail\":";
  json::append_text(error.detail, out);
  // What Retry-After is over HTTP.
  if (const int status = entry_of(error.code).http_status; status == 429 || status == 503) {
    out += ",\"retry_after_s\":";
    json::append_number(error.retry_after_s, out);
  }
  out += '}';
}

const SharedBytes& websocket_frame_of(PublishedEvent& event, BidderNames names) {
  SharedBytes& frame = event.frames[static_cast<std::size_t>(FrameForm::websocket)];
  if (!frame) {
    std::string text;
    const SharedBytes json = text_of(event, names);
    text.reserve(json->size() + 32);
    encode_event_text(*json, text);
    frame = encode_text_frame(text);
  }
  return frame;
}

const SharedBytes& sse_frame_of(PublishedEvent& event, Epoch epoch, BidderNames names) {
  SharedBytes& frame = event.frames[static_cast<std::size_t>(FrameForm::sse)];
  if (!frame) {
    auto text = std::make_shared<std::string>("id: ");
    json::append_number(epoch.value(), *text);
    *text += '-';
    json::append_number(event.sequence.value(), *text);
    *text += "\ndata: ";
    *text += *text_of(event, names);
    *text += "\n\n";
    frame = std::move(text);
  }
  return frame;
}

const SharedBytes& websocket_frame_of(StateUpdate& update, Timestamp now, BidderNames names) {
  if (!update.frame) {
    std::string text;
    encode_state(*update.view, now, names, text);
    update.frame = encode_text_frame(text);
  }
  return update.frame;
}

void encode_sse_snapshot(const Snapshot& snapshot, Timestamp now, BidderNames names, std::string& out) {
  out += "id: ";
  json::append_number(snapshot.view->epoch.value(), out);
  out += '-';
  json::append_number(snapshot.view->auction.sequence.value(), out);
  out += snapshot.reset ? "\nevent: reset\ndata: {\"auction\":" : "\nevent: snapshot\ndata: {\"auction\":";
  encode_auction(*snapshot.view, now, names, out);
  out += "}\n\n";
}

std::string to_decimal(Amount amount, int decimals) {
  std::string digits = std::to_string(amount.value());
  if (decimals == 0) return digits;
  const auto places = static_cast<std::size_t>(decimals);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  digits.insert(digits.size() - places, 1, '.');
  return digits;
}

}  // namespace flashbid
