// Reads the tables of tests/vectors (their README.md says what is in them) into the core's types. Throws on a table
// that is not as the README says: a broken table is a failed test.
#pragma once

#include <simdjson.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "auction/auction.hpp"
#include "auction/decide.hpp"

namespace flashbid::support {

using Json = simdjson::dom::element;
using JsonObject = simdjson::dom::object;

// The field of the first object that has it: a case is laid over its file.
inline std::optional<Json> find(std::string_view key, std::initializer_list<Json> objects) {
  for (const Json object : objects) {
    Json found;
    if (object[key].get(found) == simdjson::SUCCESS) return found;
  }
  return std::nullopt;
}

// As find(), but none also for null.
inline std::optional<Json> find_value(std::string_view key, std::initializer_list<Json> objects) {
  const auto found = find(key, objects);
  if (!found || found->is_null()) return std::nullopt;
  return found;
}

inline std::int64_t integer(Json value) { return value.get_int64().value(); }

inline std::optional<Amount> amount(std::optional<Json> value) {
  if (!value || value->is_null()) return std::nullopt;
  return Amount{integer(*value)};
}

inline BidderId bidder_or_nobody(std::optional<Json> value) {
  if (!value || value->is_null()) return {};
  return parse_bidder_id(value->get_string().value()).value();
}

inline Currency currency_of(std::optional<Json> value) {
  return value ? Currency::parse(value->get_string().value()).value() : Currency{};
}

// nullopt if the rules refuse it.
inline std::optional<Increment> read_increment(std::optional<Json> value, const Currency& currency) {
  if (!value) return Increment{};
  if (value->is_int64()) return Increment::fixed(Amount{integer(*value)});
  if (const auto name = find("preset", {*value})) {
    const auto preset = parse_increment_preset(name->get_string().value());
    return preset ? Increment::preset(*preset, currency) : std::nullopt;
  }
  std::vector<IncrementRow> rows;
  for (const Json row : (*value)["table"].get_array()) {
    rows.push_back({amount(row.at(0).value()), Amount{integer(row.at(1).value())}});
  }
  return Increment::table(std::move(rows));
}

inline SoftClose read_soft_close(Json value) {
  SoftClose soft_close{.window = {integer(value["window_ms"].value())},
                       .extend = {integer(value["extend_ms"].value())}};
  const std::string_view mode = value["mode"].get_string().value();
  if (mode != "from_bid" && mode != "from_close") throw std::invalid_argument("unknown mode of soft close");
  soft_close.mode = mode == "from_bid" ? SoftClose::Mode::from_bid : SoftClose::Mode::from_close;
  if (const auto limit = find_value("max_extensions", {value})) {
    soft_close.max_extensions = static_cast<std::uint32_t>(integer(*limit));
  }
  return soft_close;
}

// Terms whose fields stand in the first of `from` that has them.
inline Terms read_terms(std::initializer_list<Json> from) {
  Terms terms;
  terms.title = "a lot of a table";
  terms.currency = currency_of(find("currency", from));
  terms.opening_price = Amount{integer(find("opening_price", from).value())};
  terms.increment = read_increment(find("increment", from), terms.currency).value();
  terms.reserve = amount(find("reserve", from));
  terms.amount_limit = amount(find("amount_limit", from));
  terms.opens_at = Timestamp{integer(find("opens_at", from).value())};
  terms.closes_at = Timestamp{integer(find("closes_at", from).value())};
  if (const auto soft_close = find_value("soft_close", from)) terms.soft_close = read_soft_close(*soft_close);
  terms.seller = bidder_or_nobody(find("seller", from));
  if (const auto self_outbid = find("self_outbid", from)) terms.self_outbid = self_outbid->get_bool().value();
  return terms;
}

// The state whose fields stand in the first of `from` that has them.
inline Auction read_state(const SharedTerms& terms, std::initializer_list<Json> from) {
  Auction auction;
  auction.id = AuctionId{1};
  auction.terms = terms;
  auction.sequence = Sequence{static_cast<std::uint64_t>(integer(find("sequence", from).value()))};
  auction.state = parse_auction_state(find("state", from).value().get_string().value()).value();
  auction.bids = static_cast<std::uint64_t>(integer(find("bids", from).value()));
  auction.price = amount(find("price", from)).value_or(Amount{});
  auction.leader = bidder_or_nobody(find("leader", from));
  auction.extensions = static_cast<std::uint32_t>(integer(find("extensions", from).value()));
  const auto closes_at = find("closes_at", from);
  auction.closes_at = closes_at ? Timestamp{integer(*closes_at)} : terms->closes_at;
  const auto sold = find_value("sold", from);
  if (sold.has_value() != (auction.state == AuctionState::closed)) throw std::invalid_argument("sold goes with closed");
  auction.sold = sold && sold->get_bool().value();
  return auction;
}

inline Command read_command(Json command) {
  if (const auto bid = find("bid", {command})) {
    return Bid{bidder_or_nobody(find("bidder", {*bid})), Amount{integer((*bid)["amount"].value())}};
  }
  if (find("cancel", {command})) return Cancel{};
  if (find("tick", {command})) return Tick{};
  throw std::invalid_argument("unknown command");
}

}  // namespace flashbid::support
