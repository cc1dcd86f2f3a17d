#include "client/writing.hpp"

#include <fmt/format.h>

#include <iterator>

namespace flashbid::client {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_text(text, out);
  return out;
}

void append_increment(const Increment& increment, std::string& out) {
  if (const auto* step = std::get_if<std::int64_t>(&increment)) {
    out += fmt::format("{}", *step);
  } else if (const auto* preset = std::get_if<std::string>(&increment)) {
    out += fmt::format(R"({{"preset":{}}})", quoted(*preset));
  } else {
    out += R"({"table":[)";
    for (const IncrementRow& row : std::get<std::vector<IncrementRow>>(increment)) {
      if (out.back() != '[') out += ',';
      out += row.below ? fmt::format("[{},{}]", *row.below, row.step) : fmt::format("[null,{}]", row.step);
    }
    out += "]}";
  }
}

std::string soft_close_of(const SoftClose& soft) {
  return fmt::format(R"({{"window_ms":{},"extend_ms":{},"mode":"{}","max_extensions":{}}})", soft.window.count(),
                     soft.extend.count(), soft.mode == SoftClose::Mode::from_bid ? "from_bid" : "from_close",
                     soft.max_extensions ? fmt::to_string(*soft.max_extensions) : "null");
}

}  // namespace

void append_text(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string in_query(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool is_unreserved = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                               c == '.' || c == '_' || c == '~';
    out += is_unreserved ? std::string(1, c)
                         : fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string header_of(const Who& who) {
  if (const auto* token = std::get_if<Token>(&who)) return fmt::format("Authorization: Bearer {}\r\n", token->text);
  if (const auto* dev = std::get_if<DevName>(&who)) return fmt::format("X-Bidder: {}\r\n", dev->name);
  return {};
}

std::string auth_frame(const Who& who) {
  if (const auto* token = std::get_if<Token>(&who)) return R"({"type":"auth","token":)" + quoted(token->text) + "}";
  if (const auto* dev = std::get_if<DevName>(&who)) return R"({"type":"auth","bidder":)" + quoted(dev->name) + "}";
  return {};
}

void write_bid_request(const BidSaid& bid, const Head& head, std::string& out) {
  out.clear();
  const auto end = std::back_inserter(out);
  fmt::format_to(end, "POST /v1/auctions/{}/bids HTTP/1.1\r\nHost: {}\r\n{}", bid.auction_id, head.authority,
                 head.who_header);
  if (!bid.key.empty()) fmt::format_to(end, "Idempotency-Key: {}\r\n", bid.key);
  const std::size_t size = fmt::formatted_size(R"({{"amount":{}}})", bid.amount);
  fmt::format_to(end, "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{{\"amount\":{}}}", size,
                 bid.amount);
}

std::string get_request(std::string_view target, const Head& head) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", target, head.authority, head.who_header);
}

std::string post_request(std::string_view target, const Head& head, std::string_view key, std::string_view body) {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\n{}{}{}{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}", target,
      head.authority, head.who_header, key.empty() ? "" : "Idempotency-Key: ", key, key.empty() ? "" : "\r\n",
      body.size(), body);
}

std::string bid_frame(std::string_view id, const BidSaid& bid) {
  std::string frame =
      fmt::format(R"({{"type":"bid","id":"{}","auction_id":{},"amount":{})", id, bid.auction_id, bid.amount);
  if (!bid.key.empty()) {
    frame += R"(,"idempotency_key":)";
    append_text(bid.key, frame);
  }
  frame += '}';
  return frame;
}

std::string subscribe_frame(std::uint64_t auction_id, std::optional<Place> place, Mode mode) {
  if (mode == Mode::latest) return fmt::format(R"({{"type":"subscribe","auction_id":{},"mode":"latest"}})", auction_id);
  if (!place) return fmt::format(R"({{"type":"subscribe","auction_id":{}}})", auction_id);
  return fmt::format(R"({{"type":"subscribe","auction_id":{},"epoch":{},"after_sequence":{}}})", auction_id,
                     place->epoch, place->sequence);
}

std::string unsubscribe_frame(std::uint64_t auction_id) {
  return fmt::format(R"({{"type":"unsubscribe","auction_id":{}}})", auction_id);
}

std::string time_frame(std::string_view id) { return fmt::format(R"({{"type":"time","id":"{}"}})", id); }

std::string auction_body(const NewAuction& wanted) {
  std::string body =
      R"({"title":)" + quoted(wanted.title) + R"(,"currency":)" + quoted(wanted.currency) +
      fmt::format(R"(,"opening_price":{},"closes_at":"{}")", wanted.opening_price, to_text(wanted.closes_at));
  const auto add = [&](const char* name, const auto& value) { body += fmt::format(R"(,"{}":{})", name, value); };
  if (wanted.id) add("id", *wanted.id);
  if (wanted.description) add("description", quoted(*wanted.description));
  if (wanted.image_url) add("image_url", quoted(*wanted.image_url));
  if (wanted.increment) {
    body += R"(,"increment":)";
    append_increment(*wanted.increment, body);
  }
  if (wanted.reserve) add("reserve", *wanted.reserve);
  if (wanted.opens_at) add("opens_at", quoted(to_text(*wanted.opens_at)));
  if (wanted.soft_close) add("soft_close", soft_close_of(*wanted.soft_close));
  if (wanted.seller) add("seller", quoted(*wanted.seller));
  if (wanted.self_outbid) add("self_outbid", *wanted.self_outbid);
  if (wanted.amount_limit) add("amount_limit", *wanted.amount_limit);
  body += '}';
  return body;
}

}  // namespace flashbid::client
