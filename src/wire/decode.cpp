#include "wire/decode.hpp"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "wire/json_object.hpp"

namespace flashbid {
namespace {

constexpr std::uint64_t max_whole = static_cast<std::uint64_t>(max_safe_integer);
constexpr std::uint64_t max_soft_close_ms = 31ULL * 24 * 3'600'000;

std::optional<std::uint64_t> parse_number(std::string_view text) {
  if (text.empty() || text.size() > 16 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number > max_whole) return std::nullopt;
  return number;
}

FieldError take_auction_id(std::string_view name, JsonValue value, AuctionId& out) {
  std::uint64_t id = 0;
  if (auto error = take_integer(name, value, 1, max_whole, id)) return error;
  out = AuctionId{id};
  return std::nullopt;
}

FieldError take_key(JsonValue value, IdempotencyKey& out) {
  if (is_null(value)) return std::nullopt;
  std::string_view text;
  if (auto error = take_text("idempotency_key", value, 1024, text)) return error;
  const auto key = parse_idempotency_key(text);
  if (!key) return wrong_value("idempotency_key", "1-64 visible ASCII characters are expected");
  out = *key;
  return std::nullopt;
}

FieldError take_own_text(std::string_view name, JsonValue value, std::size_t most_bytes, std::string& out) {
  std::string_view text;
  if (auto error = take_text(name, value, most_bytes, text)) return error;
  out = text;
  return std::nullopt;
}

// ---- increments -------------------------------------------------------------------------------------------------

// What stands under "increment"; a preset needs the currency, which may come later in the text.
struct AskedIncrement {
  std::optional<Increment> ready;
  IncrementPreset preset = IncrementPreset::none;
};

FieldError take_row(JsonValue value, IncrementRow& out) {
  constexpr std::string_view shape = "each row is [below, step], the last one [null, step]";
  simdjson::ondemand::array row;
  if (value.get_array().get(row)) return wrong_type("increment.table", "an array of rows: " + std::string(shape));
  std::size_t column = 0;
  for (auto found : row) {
    JsonValue cell;
    if (const auto code = std::move(found).get(cell)) return detail::explain_json(code);
    FieldError error;
    if (column == 0) error = take_amount_or_null("increment.table", cell, out.below);
    if (column == 1) error = take_amount("increment.table", cell, out.step);
    if (column > 1) error = wrong_value("increment.table", std::string(shape));
    if (error) return error;
    ++column;
  }
  if (column != 2) return wrong_value("increment.table", std::string(shape));
  return std::nullopt;
}

FieldError take_table(JsonValue value, std::optional<Increment>& out) {
  simdjson::ondemand::array rows;
  if (value.get_array().get(rows)) return wrong_type("increment.table", "an array of rows [below, step]");
  std::vector<IncrementRow> table;
  for (auto found : rows) {
    JsonValue row;
    if (const auto code = std::move(found).get(row)) return detail::explain_json(code);
    if (table.size() >= Increment::max_rows) {
      return wrong_value("increment.table", "at most " + std::to_string(Increment::max_rows) + " rows are allowed");
    }
    if (auto error = take_row(row, table.emplace_back())) return error;
  }
  out = Increment::table(std::move(table));
  if (out) return std::nullopt;
  return wrong_value("increment.table",
                     "`below` must rise from row to row, steps must be at least 1, and only the last "
                     "row, which must be there, has null for `below`");
}

FieldError take_increment(JsonValue value, AskedIncrement& out) {
  simdjson::ondemand::json_type type{};
  if (const auto code = value.type().get(type)) return detail::explain_json(code);
  if (type != simdjson::ondemand::json_type::object) {
    if (type != simdjson::ondemand::json_type::number && type != simdjson::ondemand::json_type::string) {
      return wrong_type("increment", "an amount, {\"table\":[[below,step],…]} or {\"preset\":\"ebay-us\"}");
    }
    Amount step;
    if (auto error = take_amount("increment", value, step)) return error;
    out.ready = Increment::fixed(step);
    if (!out.ready) return WireError{ErrorCode::invalid_amount, "\"increment\" must be at least 1"};
    return std::nullopt;
  }
  simdjson::ondemand::object object;
  if (const auto code = value.get_object().get(object)) return detail::explain_json(code);
  static constexpr std::array<FieldSpec, 2> specs{{{"table"}, {"preset"}}};
  std::size_t given = 0;
  auto error = read_object(object, specs, [&](std::size_t index, JsonValue field) -> FieldError {
    ++given;
    if (index == 0) return take_table(field, out.ready);
    std::string_view name;
    if (auto text_error = take_text("increment.preset", field, 64, name)) return text_error;
    const auto preset = parse_increment_preset(name);
    if (!preset || *preset == IncrementPreset::none) {
      return wrong_value("increment.preset", "the presets are ebay-us, yahoo-jp, whatnot");
    }
    out.preset = *preset;
    return std::nullopt;
  });
  if (error) return error;
  if (given != 1) return wrong_value("increment", "give either \"table\" or \"preset\"");
  return std::nullopt;
}

FieldError finish_increment(const AskedIncrement& asked, Terms& terms) {
  if (asked.preset == IncrementPreset::none) {
    if (asked.ready) terms.increment = *asked.ready;
    return std::nullopt;
  }
  auto scaled = Increment::preset(asked.preset, terms.currency);
  if (!scaled) {
    return wrong_value("increment.preset", "the steps of " + std::string(to_text(asked.preset)) + " are not whole in " +
                                               std::string(terms.currency.code()) + "'s minor units");
  }
  terms.increment = *std::move(scaled);
  return std::nullopt;
}

// ---- soft close -------------------------------------------------------------------------------------------------

FieldError take_soft_close(JsonValue value, std::optional<SoftClose>& out) {
  if (is_null(value)) return std::nullopt;
  simdjson::ondemand::object object;
  if (value.get_object().get(object)) {
    return wrong_type("soft_close", "null or {\"window_ms\",\"extend_ms\",\"mode\",\"max_extensions\"}");
  }
  static constexpr std::array<FieldSpec, 4> specs{
      {{"window_ms", true}, {"extend_ms", true}, {"mode", true}, {"max_extensions"}}};
  SoftClose& soft_close = out.emplace();
  return read_object(object, specs, [&](std::size_t index, JsonValue field) -> FieldError {
    std::uint64_t number = 0;
    FieldError error;
    switch (index) {
      case 0:
        error = take_integer("soft_close.window_ms", field, 1, max_soft_close_ms, number);
        soft_close.window = {static_cast<std::int64_t>(number)};
        return error;
      case 1:
        error = take_integer("soft_close.extend_ms", field, 1, max_soft_close_ms, number);
        soft_close.extend = {static_cast<std::int64_t>(number)};
        return error;
      case 2: {
        std::string_view mode;
        if (auto text_error = take_text("soft_close.mode", field, 64, mode)) return text_error;
        if (mode != "from_bid" && mode != "from_close") {
          return wrong_value("soft_close.mode", "\"from_bid\" or \"from_close\" is expected");
        }
        soft_close.mode = mode == "from_bid" ? SoftClose::Mode::from_bid : SoftClose::Mode::from_close;
        return std::nullopt;
      }
      default:
        if (is_null(field)) return std::nullopt;
        error = take_integer("soft_close.max_extensions", field, 0, 1'000'000'000, number);
        soft_close.max_extensions = static_cast<std::uint32_t>(number);
        return error;
    }
  });
}

// ---- an auction -------------------------------------------------------------------------------------------------

enum AuctionField : std::size_t {
  title,
  currency,
  format,
  opening_price,
  increment,
  reserve,
  opens_at,
  closes_at,
  soft_close,
  seller,
  self_outbid,
  amount_limit,
  description,
  image_url,
  id,
};
constexpr std::array<FieldSpec, 15> auction_fields{{{"title", true},
                                                    {"currency", true},
                                                    {"format"},
                                                    {"opening_price", true},
                                                    {"increment"},
                                                    {"reserve"},
                                                    {"opens_at"},
                                                    {"closes_at", true},
                                                    {"soft_close"},
                                                    {"seller"},
                                                    {"self_outbid"},
                                                    {"amount_limit"},
                                                    {"description"},
                                                    {"image_url"},
                                                    {"id"}}};

FieldError take_currency(JsonValue value, Currency& out) {
  std::string_view code;
  if (auto error = take_text("currency", value, 64, code)) return error;
  const auto known = Currency::parse(code);
  if (!known) return wrong_value("currency", "an ISO 4217 code is expected, such as CNY, USD, JPY");
  out = *known;
  return std::nullopt;
}

FieldError take_format(JsonValue value) {
  std::string_view name;
  if (auto error = take_text("format", value, 64, name)) return error;
  if (name != "english") return wrong_value("format", "the formats are: english");
  return std::nullopt;
}

FieldError take_auction_field(std::size_t index, JsonValue value, Timestamp now, NewAuction& out,
                              AskedIncrement& asked) {
  Terms& terms = out.terms;
  const std::string_view name = auction_fields[index].name;
  switch (index) {
    case title:
      return take_own_text(name, value, max_title_bytes, terms.title);
    case currency:
      return take_currency(value, terms.currency);
    case format:
      return take_format(value);
    case opening_price:
      return take_amount(name, value, terms.opening_price);
    case increment:
      return take_increment(value, asked);
    case reserve:
      return take_amount_or_null(name, value, terms.reserve);
    case opens_at:
      if (is_null(value)) {
        terms.opens_at = now;
        return std::nullopt;
      }
      return take_time(name, value, terms.opens_at);
    case closes_at:
      return take_time(name, value, terms.closes_at);
    case soft_close:
      return take_soft_close(value, terms.soft_close);
    case seller:
      return is_null(value) ? std::nullopt : take_bidder(name, value, terms.seller);
    case self_outbid:
      return take_bool(name, value, terms.self_outbid);
    case amount_limit:
      return take_amount_or_null(name, value, terms.amount_limit);
    case description:
      return take_own_text(name, value, max_description_bytes, terms.description);
    case image_url:
      return is_null(value) ? std::nullopt : take_own_text(name, value, max_image_url_bytes, terms.image_url);
    default:
      return is_null(value) ? std::nullopt : take_auction_id(name, value, out.id.emplace());
  }
}

// ---- frames -----------------------------------------------------------------------------------------------------

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

// ---- queries ----------------------------------------------------------------------------------------------------

// Walks `name=value&…` and calls take(name, value); values are plain (ids, numbers, words), so nothing is decoded.
template <class Take>
FieldError each_parameter(std::string_view query, std::span<const std::string_view> names, Take take) {
  std::uint32_t seen = 0;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view name = pair.substr(0, equals);
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    const auto known = std::ranges::find(names, name);
    if (known == names.end()) {
      return WireError{ErrorCode::invalid_query,
                       "there is no parameter \"" + std::string(name.substr(0, 64)) + "\" here"};
    }
    const std::uint32_t bit = 1U << (known - names.begin());
    if ((seen & bit) != 0) {
      return WireError{ErrorCode::invalid_query, "\"" + std::string(name) + "\" stands twice; give it once"};
    }
    seen |= bit;
    if (value.empty()) continue;  // "?state=" is as if it were not there
    if (!take(name, value)) {
      return WireError{ErrorCode::invalid_query,
                       "\"" + std::string(name) + "\" cannot be \"" + std::string(value.substr(0, 64)) + "\""};
    }
  }
  return std::nullopt;
}

bool take_limit(std::string_view value, std::size_t& out) {
  const auto number = parse_number(value);
  if (!number || *number < 1 || *number > 1000) return false;
  out = *number;
  return true;
}

// ---- the original demo ------------------------------------------------------------------------------------------

// A decimal of at most two places, exactly as written, in fen: 105.5 -> 10550.
FieldError take_decimal(std::string_view name, JsonValue value, Amount& out) {
  const WireError wrong{
      ErrorCode::invalid_amount,
      "\"" + std::string(name) + "\" must be a decimal number with at most two places, such as 105.50"};
  std::string_view token = value.raw_json_token();
  while (!token.empty() && token.back() <= ' ') token.remove_suffix(1);
  const std::size_t point = std::min(token.find('.'), token.size());
  const std::string_view whole = token.substr(0, point);
  std::string_view places = token.substr(std::min(point + 1, token.size()));
  if (point < token.size() && places.empty()) return wrong;
  while (places.size() > 2 && places.back() == '0') places.remove_suffix(1);
  if (places.size() > 2) return wrong;
  const auto major = parse_number(whole);
  std::uint64_t minor = 0;
  for (const char c : places) {
    if (c < '0' || c > '9') return wrong;
    minor = minor * 10 + static_cast<std::uint64_t>(c - '0');
  }
  if (places.size() == 1) minor *= 10;
  if (!major || *major > (max_whole - minor) / 100) return wrong;
  out = Amount{static_cast<std::int64_t>(*major * 100 + minor)};
  double ignored = 0;
  if (const auto code = value.get_double().get(ignored)) return detail::explain_json(code);
  return std::nullopt;
}

}  // namespace

Decoded<NewAuction> decode_new_auction(std::string_view json, Timestamp now) {
  NewAuction auction;
  auction.terms.opens_at = now;
  AskedIncrement asked;
  auto error = read_object(json, auction_fields, [&](std::size_t index, JsonValue value) {
    return take_auction_field(index, value, now, auction, asked);
  });
  if (!error) error = finish_increment(asked, auction.terms);
  if (error) return std::unexpected(*std::move(error));
  if (const auto wrong = check_terms(auction.terms, now)) {
    return std::unexpected(wrong_value(wrong->field, wrong->detail));
  }
  return auction;
}

Decoded<Amount> decode_bid(std::string_view json) {
  static constexpr std::array<FieldSpec, 1> specs{{{"amount", true}}};
  Amount amount;
  auto error =
      read_object(json, specs, [&](std::size_t, JsonValue value) { return take_amount("amount", value, amount); });
  if (error) return std::unexpected(*std::move(error));
  return amount;
}

std::optional<WireError> decode_nothing(std::string_view json) {
  if (json.empty()) return std::nullopt;
  return read_object(json, {}, [](std::size_t, JsonValue) -> FieldError { return std::nullopt; });
}

std::expected<ClientFrame, FrameError> decode_frame(std::string_view json) {
  AnyFrame frame;
  auto error = read_object(json, frame_fields,
                           [&](std::size_t index, JsonValue value) { return take_frame_field(index, value, frame); });
  if (error) return std::unexpected(FrameError{std::move(frame.id), *std::move(error)});
  auto decoded = to_client_frame(frame);
  if (!decoded) return std::unexpected(FrameError{std::move(frame.id), decoded.error()});
  return *std::move(decoded);
}

Decoded<DemoInit> decode_demo_init(std::string_view json) {
  static constexpr std::array<FieldSpec, 2> specs{{{"item_id", true}, {"start_price", true}}};
  DemoInit init;
  auto error = read_object(json, specs, [&](std::size_t index, JsonValue value) {
    return index == 0 ? take_auction_id("item_id", value, init.item)
                      : take_decimal("start_price", value, init.start_price);
  });
  if (error) return std::unexpected(*std::move(error));
  return init;
}

Decoded<DemoBid> decode_demo_bid(std::string_view json) {
  static constexpr std::array<FieldSpec, 3> specs{{{"item_id", true}, {"user_id", true}, {"amount", true}}};
  DemoBid bid;
  auto error = read_object(json, specs, [&](std::size_t index, JsonValue value) {
    if (index == 0) return take_auction_id("item_id", value, bid.item);
    if (index == 1) return take_bidder("user_id", value, bid.user);
    return take_decimal("amount", value, bid.amount);
  });
  if (error) return std::unexpected(*std::move(error));
  return bid;
}

std::optional<AuctionId> parse_auction_id(std::string_view text) {
  const auto number = parse_number(text);
  if (!number || *number == 0) return std::nullopt;
  return AuctionId{*number};
}

Decoded<PageQuery> decode_page_query(std::string_view query) {
  static constexpr std::array<std::string_view, 2> names{"after_sequence", "limit"};
  PageQuery page;
  auto error = each_parameter(query, names, [&](std::string_view name, std::string_view value) {
    if (name == "limit") return take_limit(value, page.limit);
    const auto number = parse_number(value);
    if (number) page.after = Sequence{*number};
    return number.has_value();
  });
  if (error) return std::unexpected(*std::move(error));
  return page;
}

Decoded<ListQuery> decode_list_query(std::string_view query) {
  static constexpr std::array<std::string_view, 3> names{"state", "limit", "cursor"};
  ListQuery list;
  auto error = each_parameter(query, names, [&](std::string_view name, std::string_view value) {
    if (name == "limit") return take_limit(value, list.limit);
    if (name == "state") {
      list.state = parse_auction_state(value);
      return list.state.has_value();
    }
    const auto after = parse_auction_id(value);
    if (after) list.after = *after;
    return after.has_value();
  });
  if (error) return std::unexpected(*std::move(error));
  return list;
}

std::optional<ResumePoint> parse_event_id(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto epoch_number = parse_number(text.substr(0, dash));
  const auto sequence = parse_number(text.substr(dash + 1));
  if (!epoch_number || *epoch_number == 0 || !sequence) return std::nullopt;
  return ResumePoint{Epoch{*epoch_number}, Sequence{*sequence}};
}

std::string fingerprint_of(std::string_view body) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < digest.size() / 2; ++i) {
    text += digits[digest[i] >> 4U];
    text += digits[digest[i] & 15U];
  }
  return text;
}

}  // namespace flashbid
