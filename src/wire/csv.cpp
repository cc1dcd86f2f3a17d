#include "wire/csv.hpp"

#include <array>
#include <variant>

#include "base/time.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/json_text.hpp"
#include "wire/encode.hpp"

namespace flashbid {
namespace {

constexpr std::string_view line_end = "\r\n";

void append_bid(const Event& event, const BidAccepted& bid, const Currency& currency, BidderNames names,
                std::string& out) {
  json::append_number(event.sequence.value(), out);
  out += ',';
  std::array<char, timestamp_text_size> at;
  write_timestamp(event.at, at.data());
  out.append(at.data(), at.size());
  out += ',';
  append_csv_text(shown(bid.bidder, names).view(), out);
  out += ',';
  out += to_decimal(bid.amount, currency.decimals());
  out += ',';
  out += currency.code();
  out += ',';
  json::append_number(bid.amount.value(), out);
  out += line_end;
}

}  // namespace

void append_csv_text(std::string_view text, std::string& out) {
  const bool is_formula = !text.empty() && std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos;
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    if (is_formula) out += '\'';
    out += text;
    return;
  }
  out += '"';
  if (is_formula) out += '\'';
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

void append_bids_csv_header(std::string& out) {
  out += "sequence,at,bidder,amount,currency,amount_minor";
  out += line_end;
}

Result<void> append_bids_csv(const EventsPage& page, Sequence last, const Currency& currency, BidderNames names,
                             std::string& out) {
  for (const SharedBytes& json : page.events) {
    const auto decoded = decode_event(*json, {});
    if (!decoded) return std::unexpected(decoded.error());
    if (decoded->event.sequence > last) return {};
    const auto* bid = std::get_if<BidAccepted>(&decoded->event.body);
    if (bid == nullptr) return fail(Failure::internal, "a page of bids holds another event");
    append_bid(decoded->event, *bid, currency, names, out);
  }
  return {};
}

}  // namespace flashbid
