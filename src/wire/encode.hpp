// Answers, pages and frames become JSON. Appends to the caller's text; pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "engine/engine.hpp"
#include "feed/publication.hpp"
#include "wire/errors.hpp"

namespace flashbid {

// The auction as the public may see it, `now` being server_time.
void encode_auction(const AuctionView& view, Timestamp now, std::string& out);

// {"auctions":[…],"next_cursor":…|null}
void encode_auction_page(const AuctionPage& page, Timestamp now, std::string& out);
// {"bids":[{"sequence","bidder","amount","at"},…],"next_after_sequence":…}
[[nodiscard]] Result<void> encode_bids_page(const EventsPage& page, std::string& out);
// {"events":[…],"next_after_sequence":…}
void encode_events_page(const EventsPage& page, std::string& out);

// WebSocket texts.
void encode_snapshot(const Snapshot& snapshot, Timestamp now, std::string& out);  // type snapshot or reset
void encode_event_text(const PublishedEvent& event, std::string& out);
void encode_state(const AuctionView& view, Timestamp now, std::string& out);
void encode_bid_result(std::string_view id, const BidAnswer& answer, std::string& out);
void encode_time(std::string_view id, Timestamp now, std::string& out);
// `id` and `auction` are left out where there is none.
void encode_error(std::string_view id, std::optional<AuctionId> auction, const WireError& error, std::string& out);

// The event's frame in each form, encoded on first use and shared by everyone on the loop.
[[nodiscard]] const SharedBytes& websocket_frame_of(PublishedEvent& event);
[[nodiscard]] const SharedBytes& sse_frame_of(PublishedEvent& event, Epoch epoch);
[[nodiscard]] const SharedBytes& websocket_frame_of(StateUpdate& update, Timestamp now);

// An SSE message that starts over: {"auction":…} as it stands, under the event name `reset` or `snapshot`.
void encode_sse_snapshot(const Snapshot& snapshot, Timestamp now, std::string& out);

// A decimal text of the amount in major units with the currency's places: 10550 CNY -> 105.50.
[[nodiscard]] std::string to_decimal(Amount amount, int decimals);

}  // namespace flashbid
