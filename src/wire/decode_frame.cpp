// What a client says on the WebSocket.
#include <algorithm>
#include <array>

#include "wire/decode.hpp"
#include "wire/json_object.hpp"

namespace flashbid {
namespace {

FieldError take_key(JsonValue value, IdempotencyKey& out) {
  if (is_null(value)) return std::nullopt;
  std::string_view text;
  if (auto error = take_text("idempotency_key", value, 1024, text)) return error;
  const auto key = parse_idempotency_key(text);
  if (!key) return wrong_value("idempotency_key", "1-64 visible ASCII characters are expected");
  out = *key;
  return std::nullopt;
}

enum FrameField : std::size_t {
  type,
  frame_id,
  auction_id,
  amount,
  idempotency_key,
  epoch,
  after_sequence,
  mode,
  bidder,
  token
};
constexpr std::array<FieldSpec, 10> frame_fields{{{"type", true},
                                                  {"id"},
                                                  {"auction_id"},
                                                  {"amount"},
                                                  {"idempotency_key"},
                                                  {"epoch"},
                                                  {"after_sequence"},
                                                  {"mode"},
                                                  {"bidder"},
                                                  {"token"}}};

// All that any frame may say, and which of it was said.
struct AnyFrame {
  std::string type;
  std::string id;
  AuctionId auction;
  Amount amount;
  IdempotencyKey key;
  std::optional<Epoch> epoch;
  std::optional<Sequence> after;
  WatchMode mode = WatchMode::every;
  std::optional<BidderId> bidder;
  std::string token;
  std::uint32_t said = 0;
};

FieldError take_frame_field(std::size_t index, JsonValue value, AnyFrame& out) {
  const std::string_view name = frame_fields[index].name;
  std::uint64_t number = 0;
  out.said |= 1U << index;
  switch (index) {
    case type:
      return take_own_text(name, value, 64, out.type);
    case frame_id:
      return take_own_text(name, value, max_frame_id_bytes, out.id);
    case auction_id:
      return take_auction_id(name, value, out.auction);
    case amount:
      return take_amount(name, value, out.amount);
    case idempotency_key:
      return take_key(value, out.key);
    case epoch: {
      if (is_null(value)) return std::nullopt;
      if (auto error = take_integer(name, value, 1, max_whole, number)) return error;
      out.epoch = Epoch{number};
      return std::nullopt;
    }
    case after_sequence: {
      if (is_null(value)) return std::nullopt;
      if (auto error = take_integer(name, value, 0, max_whole, number)) return error;
      out.after = Sequence{number};
      return std::nullopt;
    }
    case mode: {
      std::string_view text;
      if (auto error = take_text(name, value, 64, text)) return error;
      if (text != "every" && text != "latest") return wrong_value(name, "\"every\" or \"latest\" is expected");
      out.mode = text == "latest" ? WatchMode::latest : WatchMode::every;
      return std::nullopt;
    }
    case bidder:
      return take_bidder(name, value, out.bidder.emplace());
    default:
      return take_own_text(name, value, 8 * 1024, out.token);
  }
}

constexpr std::uint32_t bits(std::initializer_list<std::size_t> fields) {
  std::uint32_t all = 0;
  for (const std::size_t field : fields) all |= 1U << field;
  return all;
}

// The fields that a frame of this type must and may have.
struct FrameShape {
  std::string_view name;
  std::uint32_t required;
  std::uint32_t optional;
};
constexpr std::array<FrameShape, 5> frame_shapes{{
    {"auth", bits({type}), bits({bidder, token})},
    {"subscribe", bits({type, auction_id}), bits({epoch, after_sequence, mode})},
    {"unsubscribe", bits({type, auction_id}), 0},
    {"bid", bits({type, auction_id, amount}), bits({frame_id, idempotency_key})},
    {"time", bits({type}), bits({frame_id})},
}};

FieldError check_shape(const AnyFrame& frame, const FrameShape& shape) {
  for (std::size_t i = 0; i < frame_fields.size(); ++i) {
    const std::uint32_t bit = 1U << i;
    const std::string name(frame_fields[i].name);
    if ((frame.said & bit) != 0 && ((shape.required | shape.optional) & bit) == 0) {
      return WireError{ErrorCode::unknown_field, "a \"" + std::string(shape.name) + "\" frame has no \"" + name + "\""};
    }
    if ((frame.said & bit) == 0 && (shape.required & bit) != 0) {
      return WireError{ErrorCode::missing_field, "a \"" + std::string(shape.name) + "\" frame needs \"" + name + "\""};
    }
  }
  return std::nullopt;
}

// The id of a frame that could not be taken, wherever it stands; empty if it cannot be read.
std::string find_frame_id(std::string_view json) {
  simdjson::ondemand::document document;
  const simdjson::padded_string_view padded(json.data(), json.size(), json.size() + json_padding);
  if (detail::parser_of_this_thread().iterate(padded).get(document)) return {};
  std::string_view id;
  if (document.find_field_unordered("id").get_string().get(id) || id.size() > max_frame_id_bytes) return {};
  return std::string(id);
}

std::expected<ClientFrame, WireError> to_client_frame(AnyFrame& frame) {
  const auto shape = std::ranges::find(frame_shapes, frame.type, &FrameShape::name);
  if (shape == frame_shapes.end()) {
    return std::unexpected(wrong_value("type", "the frames are auth, subscribe, unsubscribe, bid, time"));
  }
  if (auto error = check_shape(frame, *shape)) return std::unexpected(*error);
  if (frame.type == "auth") return AuthFrame{frame.bidder, std::move(frame.token)};
  if (frame.type == "unsubscribe") return UnsubscribeFrame{frame.auction};
  if (frame.type == "bid") return BidFrame{std::move(frame.id), frame.auction, frame.amount, frame.key};
  if (frame.type == "time") return TimeFrame{std::move(frame.id)};
  std::optional<ResumePoint> from;
  if (frame.after) from = ResumePoint{frame.epoch, *frame.after};
  return SubscribeFrame{frame.auction, from, frame.mode};
}

}  // namespace

std::expected<ClientFrame, FrameError> decode_frame(std::string_view json) {
  AnyFrame frame;
  auto error = read_object(json, frame_fields,
                           [&](std::size_t index, JsonValue value) { return take_frame_field(index, value, frame); });
  if (error) {
    if (frame.id.empty()) frame.id = find_frame_id(json);
    return std::unexpected(FrameError{std::move(frame.id), *std::move(error)});
  }
  auto decoded = to_client_frame(frame);
  if (!decoded) return std::unexpected(FrameError{std::move(frame.id), decoded.error()});
  return *std::move(decoded);
}

}  // namespace flashbid
