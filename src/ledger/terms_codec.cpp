#include "ledger/terms_codec.hpp"

#include <limits>
#include <utility>
#include <vector>

#include "ledger/event_codec.hpp"
#include "ledger/json_text.hpp"

namespace flashbid {
namespace {

std::string_view name_of(Format format) {
  switch (format) {
    case Format::english:
      return "english";
  }
  return "";
}

std::string_view name_of(SoftClose::Mode mode) { return mode == SoftClose::Mode::from_bid ? "from_bid" : "from_close"; }

// As it was given: a number, {"preset":"ebay-us"} or {"table":[[1000,50],[null,100]]}.
void append_increment(const Increment& increment, std::string& out) {
  if (increment.kind() == Increment::Kind::fixed) {
    json::append_number(increment.fixed_step().value(), out);
    return;
  }
  if (increment.kind() == Increment::Kind::preset) {
    out += R"({"preset":")";
    out += to_text(increment.preset_name());
    out += "\"}";
    return;
  }
  out += R"({"table":[)";
  bool first = true;
  for (const IncrementRow& row : increment.rows()) {
    out += first ? "[" : ",[";
    first = false;
    json::append_amount(row.below, out);
    out += ',';
    json::append_number(row.step.value(), out);
    out += ']';
  }
  out += "]}";
}

void append_soft_close(const std::optional<SoftClose>& soft_close, std::string& out) {
  if (!soft_close) {
    out += "null";
    return;
  }
  out += R"({"window_ms":)";
  json::append_number(soft_close->window.ms, out);
  out += R"(,"extend_ms":)";
  json::append_number(soft_close->extend.ms, out);
  out += R"(,"mode":")";
  out += name_of(soft_close->mode);
  out += R"(","max_extensions":)";
  if (soft_close->max_extensions) {
    json::append_number(std::uint64_t{*soft_close->max_extensions}, out);
  } else {
    out += "null";
  }
  out += '}';
}

std::optional<Increment> read_table(json::Cursor& cursor) {
  std::vector<IncrementRow> rows;
  do {
    cursor.expect("[");
    IncrementRow row;
    row.below = cursor.amount_or_null();
    cursor.expect(",");
    row.step = cursor.amount();
    cursor.expect("]");
    rows.push_back(row);
  } while (cursor.accept(","));
  cursor.expect("]}");
  return Increment::table(std::move(rows));
}

Increment read_increment(json::Cursor& cursor, const Currency& currency) {
  std::optional<Increment> increment;
  if (cursor.accept(R"({"table":[)")) {
    increment = read_table(cursor);
  } else if (cursor.accept(R"({"preset":)")) {
    const auto preset = parse_increment_preset(cursor.name());
    cursor.expect("}");
    if (preset) increment = Increment::preset(*preset, currency);
  } else {
    increment = Increment::fixed(cursor.amount());
  }
  if (!increment) cursor.refuse("expected an increment");
  return increment.value_or(Increment{});
}

std::optional<SoftClose> read_soft_close(json::Cursor& cursor) {
  if (cursor.accept("null")) return std::nullopt;
  SoftClose soft_close;
  cursor.expect(R"({"window_ms":)");
  soft_close.window.ms = static_cast<std::int64_t>(cursor.number());
  cursor.expect(R"(,"extend_ms":)");
  soft_close.extend.ms = static_cast<std::int64_t>(cursor.number());
  cursor.expect(R"(,"mode":)");
  const std::string_view mode = cursor.name();
  if (mode == name_of(SoftClose::Mode::from_close)) {
    soft_close.mode = SoftClose::Mode::from_close;
  } else if (mode != name_of(SoftClose::Mode::from_bid)) {
    cursor.refuse("expected from_bid or from_close");
  }
  cursor.expect(R"(,"max_extensions":)");
  if (!cursor.accept("null")) {
    soft_close.max_extensions = static_cast<std::uint32_t>(cursor.number(std::numeric_limits<std::uint32_t>::max()));
  }
  cursor.expect("}");
  return soft_close;
}

}  // namespace

void encode_public_terms(const Terms& terms, std::string& out) {
  out += R"("title":)";
  json::append_text(terms.title, out);
  out += R"(,"currency":")";
  out += terms.currency.code();
  out += R"(","format":")";
  out += name_of(terms.format);
  out += R"(","opening_price":)";
  json::append_number(terms.opening_price.value(), out);
  out += R"(,"increment":)";
  append_increment(terms.increment, out);
  out += R"(,"opens_at":)";
  json::append_time(terms.opens_at, out);
  out += R"(,"soft_close":)";
  append_soft_close(terms.soft_close, out);
  out += R"(,"seller":)";
  json::append_bidder(terms.seller, out);
  out += R"(,"self_outbid":)";
  out += terms.self_outbid ? "true" : "false";
  out += R"(,"amount_limit":)";
  json::append_amount(terms.amount_limit, out);
  out += R"(,"description":)";
  json::append_text(terms.description, out);
  out += R"(,"image_url":)";
  if (terms.image_url.empty()) {
    out += "null";
  } else {
    json::append_text(terms.image_url, out);
  }
}

Terms read_public_terms(json::Cursor& cursor) {
  Terms terms;
  cursor.expect(R"("title":)");
  terms.title = cursor.text();
  cursor.expect(R"(,"currency":)");
  const auto currency = Currency::parse(cursor.name());
  if (!currency) cursor.refuse("expected a currency");
  terms.currency = currency.value_or(Currency{});
  cursor.expect(R"(,"format":"english","opening_price":)");
  terms.opening_price = cursor.amount();
  cursor.expect(R"(,"increment":)");
  terms.increment = read_increment(cursor, terms.currency);
  cursor.expect(R"(,"opens_at":)");
  terms.opens_at = cursor.time();
  cursor.expect(R"(,"soft_close":)");
  terms.soft_close = read_soft_close(cursor);
  cursor.expect(R"(,"seller":)");
  terms.seller = cursor.bidder_or_null();
  cursor.expect(R"(,"self_outbid":)");
  terms.self_outbid = cursor.boolean();
  cursor.expect(R"(,"amount_limit":)");
  terms.amount_limit = cursor.amount_or_null();
  cursor.expect(R"(,"description":)");
  terms.description = cursor.text();
  cursor.expect(R"(,"image_url":)");
  if (!cursor.accept("null")) terms.image_url = cursor.text();
  return terms;
}

}  // namespace flashbid
