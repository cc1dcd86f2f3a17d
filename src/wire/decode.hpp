// Bytes of requests become commands: nothing malformed passes this line. Pure; any thread.
// Texts passed in must have json_padding readable bytes behind them (HttpReader and FrameReader see to that).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "auction/terms.hpp"
#include "base/ids.hpp"
#include "feed/hub.hpp"
#include "ledger/ledger.hpp"
#include "wire/errors.hpp"

namespace flashbid {

template <class T>
using Decoded = std::expected<T, WireError>;

// POST /v1/auctions
struct NewAuction {
  std::optional<AuctionId> id;
  Terms terms;
};
// `now` fills opens_at and is what the terms are checked against.
[[nodiscard]] Decoded<NewAuction> decode_new_auction(std::string_view json, Timestamp now);

// POST /v1/auctions/{id}/bids: {"amount":10600}
[[nodiscard]] Decoded<Amount> decode_bid(std::string_view json);

// A body that must be empty or an object without fields (cancel).
[[nodiscard]] std::optional<WireError> decode_nothing(std::string_view json);

// Bodies of /v1/accounts and /v1/sessions. Their errors never quote a value.
struct CredentialsBody {
  std::string name;
  std::string password;
};
[[nodiscard]] Decoded<CredentialsBody> decode_credentials(std::string_view json);
struct PasswordChange {
  CredentialsBody credentials;
  std::string new_password;
};
[[nodiscard]] Decoded<PasswordChange> decode_password_change(std::string_view json);
[[nodiscard]] Decoded<std::string> decode_refresh_token(std::string_view json);

// POST /v1/load, every field of which may be left out.
struct LoadOrder {
  std::optional<AuctionId> auction;  // none = one is made for it
  std::uint32_t bots = 50;
  Duration duration{10'000};
  std::optional<std::uint32_t> rate;  // bids a second in all; none = each bot waits for its answer
};
[[nodiscard]] Decoded<LoadOrder> decode_load_order(std::string_view json);

// What a client says on the WebSocket.
struct AuthFrame {
  std::optional<BidderId> bidder;
  std::string token;
};
struct SubscribeFrame {
  AuctionId auction;
  std::optional<ResumePoint> from;
  WatchMode mode = WatchMode::every;
};
struct UnsubscribeFrame {
  AuctionId auction;
};
struct BidFrame {
  std::string id;
  AuctionId auction;
  Amount amount;
  IdempotencyKey key;
};
struct TimeFrame {
  std::string id;
};
using ClientFrame = std::variant<AuthFrame, SubscribeFrame, UnsubscribeFrame, BidFrame, TimeFrame>;

// An error of a frame, with the frame's id if that could be read.
struct FrameError {
  std::string id;
  WireError error;
};
inline constexpr std::size_t max_frame_id_bytes = 64;
[[nodiscard]] std::expected<ClientFrame, FrameError> decode_frame(std::string_view json);

// The original demo's bodies; decimals are read from their text, exactly.
struct DemoInit {
  AuctionId item;
  Amount start_price;
};
struct DemoBid {
  AuctionId item;
  BidderId user;
  Amount amount;
};
[[nodiscard]] Decoded<DemoInit> decode_demo_init(std::string_view json);
[[nodiscard]] Decoded<DemoBid> decode_demo_bid(std::string_view json);

// Parts of targets. A positive whole number without leading zero; nullopt for anything else.
[[nodiscard]] std::optional<AuctionId> parse_auction_id(std::string_view text);

// ?after_sequence=&limit= of history and events.
struct PageQuery {
  Sequence after;
  std::size_t limit = 100;
};
[[nodiscard]] Decoded<PageQuery> decode_page_query(std::string_view query);
// ?state=&limit=&cursor= of the list of auctions. The cursor is the id of the last one seen.
[[nodiscard]] Decoded<ListQuery> decode_list_query(std::string_view query);
// `currency`, or none.
[[nodiscard]] Decoded<std::optional<Currency>> decode_increments_query(std::string_view query);
// A header `Last-Event-ID: epoch-sequence`.
[[nodiscard]] std::optional<ResumePoint> parse_event_id(std::string_view text);

// A short name for a request's body: equal bodies have equal ones (SHA-256, the first 32 hex digits).
[[nodiscard]] std::string fingerprint_of(std::string_view body);

}  // namespace flashbid
