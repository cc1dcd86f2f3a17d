// Answers, pages and frames become JSON. Appends to the caller's text; pure; any thread. What names bidders is told how
// much of their names to show, so that none goes out by an oversight.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/engine.hpp"
#include "feed/publication.hpp"
#include "wire/bidder_names.hpp"
#include "wire/errors.hpp"

namespace flashbid {

// The auction as the public may see it, `now` being server_time.
void encode_auction(const AuctionView& view, Timestamp now, BidderNames names, std::string& out);

// {"auctions":[…],"next_cursor":…|null}
void encode_auction_page(const AuctionPage& page, Timestamp now, BidderNames names, std::string& out);
// {"bids":[{"sequence","bidder","amount","at"},…],"next_after_sequence":…}
[[nodiscard]] Result<void> encode_bids_page(const EventsPage& page, BidderNames names, std::string& out);
// {"events":[…],"next_after_sequence":…}
[[nodiscard]] Result<void> encode_events_page(const EventsPage& page, BidderNames names, std::string& out);
// The answer to a bid, to who made it.
void encode_bid_answer(const BidAnswer& answer, BidderNames names, std::string& out);
// {"actions":[{"sequence","action","by","at"},…]}
void encode_actions(std::span<const OperatorAction> actions, std::string& out);
// {"currency":…|null,"presets":[{"name","source","published":[[below,step],…],"table":[[below,step],…]|null},…]}:
// published are decimal texts of major units; the table is in minor units of the currency, null without one and where
// it does not come out whole.
void encode_increments(const std::optional<Currency>& currency, std::string& out);

// WebSocket texts.
// Type snapshot or reset.
void encode_snapshot(const Snapshot& snapshot, Timestamp now, BidderNames names, std::string& out);
void encode_event_text(std::string_view event_json, std::string& out);
void encode_state(const AuctionView& view, Timestamp now, BidderNames names, std::string& out);
void encode_bid_result(std::string_view id, const BidAnswer& answer, BidderNames names, std::string& out);
void encode_time(std::string_view id, Timestamp now, std::string& out);
// `id` and `auction` are left out where there is none.
void encode_error(std::string_view id, std::optional<AuctionId> auction, const WireError& error, std::string& out);

// The event's frame in each form, encoded on first use and shared by everyone on the loop: `names` is the same for all.
[[nodiscard]] const SharedBytes& websocket_frame_of(PublishedEvent& event, BidderNames names);
[[nodiscard]] const SharedBytes& sse_frame_of(PublishedEvent& event, Epoch epoch, BidderNames names);
[[nodiscard]] const SharedBytes& websocket_frame_of(StateUpdate& update, Timestamp now, BidderNames names);

// An SSE message that starts over: {"auction":…} as it stands, under the event name `reset` or `snapshot`.
void encode_sse_snapshot(const Snapshot& snapshot, Timestamp now, BidderNames names, std::string& out);

// A decimal text of the amount in major units with the currency's places: 10550 CNY -> 105.50.
[[nodiscard]] std::string to_decimal(Amount amount, int decimals);

}  // namespace flashbid
