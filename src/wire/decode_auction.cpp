// POST /v1/auctions: the terms of a new auction.
#include <array>

#include "wire/decode.hpp"
#include "wire/json_object.hpp"

namespace flashbid {
namespace {

constexpr std::uint64_t max_soft_close_ms = 31ULL * 24 * 3'600'000;

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
  auto error = read_object("increment", object, specs, [&](std::size_t index, JsonValue field) -> FieldError {
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
  simdjson::ondemand::json_type type{};
  if (const auto code = value.type().get(type)) return detail::explain_json(code);
  if (type != simdjson::ondemand::json_type::object || value.get_object().get(object)) {
    return wrong_type("soft_close", "null or {\"window_ms\",\"extend_ms\",\"mode\",\"max_extensions\"}");
  }
  static constexpr std::array<FieldSpec, 4> specs{
      {{"window_ms", true}, {"extend_ms", true}, {"mode", true}, {"max_extensions"}}};
  SoftClose& soft_close = out.emplace();
  return read_object("soft_close", object, specs, [&](std::size_t index, JsonValue field) -> FieldError {
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

// An empty text is no URL; none is null.
FieldError take_image_url(JsonValue value, std::string& out) {
  if (is_null(value)) return std::nullopt;
  if (auto error = take_own_text("image_url", value, max_image_url_bytes, out)) return error;
  if (out.empty()) return wrong_value("image_url", "an http or https URL is expected, or null for none");
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
      return take_image_url(value, terms.image_url);
    default:
      return is_null(value) ? std::nullopt : take_auction_id(name, value, out.id.emplace());
  }
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

}  // namespace flashbid
