#include "client/reading.hpp"

#include <array>

#include "client/fields.hpp"

namespace flashbid::client {
namespace {

using simdjson::dom::element;

std::unexpected<Problem> unreadable(const Fields& fields) { return std::unexpected(malformed(fields.error())); }

template <class Enum>
struct Named {
  std::string_view text;
  Enum value;
};

constexpr std::array states{
    Named{"scheduled", AuctionState::scheduled},
    Named{"open", AuctionState::open},
    Named{"closed", AuctionState::closed},
    Named{"cancelled", AuctionState::cancelled},
};
constexpr std::array reasons{
    Named{"not_open_yet", Reason::not_open_yet},
    Named{"closed", Reason::closed},
    Named{"cancelled", Reason::cancelled},
    Named{"own_auction", Reason::own_auction},
    Named{"already_leading", Reason::already_leading},
    Named{"amount_below_minimum", Reason::amount_below_minimum},
    Named{"amount_above_limit", Reason::amount_above_limit},
};
constexpr std::array kinds{
    Named{"created", EventKind::created},
    Named{"opened", EventKind::opened},
    Named{"bid_accepted", EventKind::bid_accepted},
    Named{"extended", EventKind::extended},
    Named{"closed", EventKind::closed},
    Named{"cancelled", EventKind::cancelled},
};

template <class Enum, std::size_t N>
std::optional<Enum> find(const std::array<Named<Enum>, N>& table, std::string_view text) {
  for (const Named<Enum>& named : table) {
    if (named.text == text) return named.value;
  }
  return std::nullopt;
}

template <class Enum, std::size_t N>
std::string_view text_of(const std::array<Named<Enum>, N>& table, Enum value, std::string_view otherwise) {
  for (const Named<Enum>& named : table) {
    if (named.value == value) return named.text;
  }
  return otherwise;
}

Time time_of(Timestamp time) { return Time(Milliseconds(time.ms)); }
Time read_time(Fields& fields, const char* name) { return time_of(fields.time(name)); }

std::int64_t read_amount(Fields& fields, const char* name) { return fields.amount(name).value(); }
std::optional<std::int64_t> amount_or_none(Fields& fields, const char* name) {
  const auto amount = fields.amount_or_null(name);
  return amount ? std::optional(amount->value()) : std::nullopt;
}

std::optional<std::string> text_or_none(Fields& fields, const char* name) {
  const auto text = fields.text_or_null(name);
  return text ? std::optional(std::string(*text)) : std::nullopt;
}

std::uint32_t read_count(Fields& fields, const char* name) { return static_cast<std::uint32_t>(fields.number(name)); }
Place read_place(Fields& fields) { return {fields.number("epoch"), fields.number("sequence")}; }

Standing standing_of(Fields& fields) {
  Standing standing;
  const auto state = find(states, fields.text("state"));
  if (!state) fields.wrong("the state of an auction", "state");
  standing.state = state.value_or(AuctionState::scheduled);
  standing.price = amount_or_none(fields, "price");
  standing.leader = text_or_none(fields, "leader");
  standing.minimum_next = amount_or_none(fields, "minimum_next");
  standing.bids = fields.number("bids");
  standing.closes_at = read_time(fields, "closes_at");
  standing.extensions = read_count(fields, "extensions");
  standing.winner = text_or_none(fields, "winner");
  standing.sold = fields.boolean_or_null("sold");
  standing.place = read_place(fields);
  // Not of the auction but of the moment: a recorded one has none of them.
  if (fields.find("reserve_met")) standing.reserve_met = fields.boolean_or_null("reserve_met");
  if (fields.find("watchers")) standing.watchers = read_count(fields, "watchers");
  if (fields.find("server_time")) standing.server_time = read_time(fields, "server_time");
  return standing;
}

std::optional<Increment> increment_of(element json) {
  std::int64_t step = 0;
  if (json.get(step) == simdjson::SUCCESS) return step;
  std::string_view preset;
  if (json["preset"].get(preset) == simdjson::SUCCESS) return std::string(preset);
  simdjson::dom::array lines;
  if (json["table"].get(lines) != simdjson::SUCCESS) return std::nullopt;
  std::vector<IncrementRow> rows;
  for (const element line : lines) {
    IncrementRow& row = rows.emplace_back();
    std::int64_t below = 0;
    if (line.at(0).get(below) == simdjson::SUCCESS) row.below = below;
    if (line.at(1).get(row.step) != simdjson::SUCCESS) return std::nullopt;
  }
  return rows;
}

std::optional<SoftClose> soft_close_of(element json, Fields& outer) {
  if (json.is_null()) return std::nullopt;
  Fields fields(json);
  SoftClose soft;
  soft.window = Milliseconds(fields.signed_number("window_ms"));
  soft.extend = Milliseconds(fields.signed_number("extend_ms"));
  soft.mode = fields.text("mode") == "from_close" ? SoftClose::Mode::from_close : SoftClose::Mode::from_bid;
  if (const auto most = fields.find("max_extensions"); most && !most->is_null()) {
    soft.max_extensions = read_count(fields, "max_extensions");
  }
  if (!fields.good()) outer.wrong("a soft close", "soft_close");
  return soft;
}

// The time of the close that `created` begins with.
Time first_close(Fields& fields) {
  Fields auction(fields.member("auction"));
  const Time time = read_time(auction, "closes_at");
  if (!auction.good()) fields.wrong("an auction", "auction");
  return time;
}

}  // namespace

std::string_view to_text(AuctionState state) { return text_of(states, state, ""); }
std::string_view to_text(Reason reason) { return text_of(reasons, reason, reason == Reason::none ? "none" : "other"); }
std::string_view to_text(EventKind kind) { return text_of(kinds, kind, "other"); }
std::string to_text(Time time) { return flashbid::to_text(Timestamp{time.time_since_epoch().count()}); }

Problem malformed(std::string detail) { return {.code = "malformed_answer", .detail = std::move(detail)}; }

Result<BidResult> read_bid_result(element json) {
  Fields fields(json);
  BidResult result;
  const std::string_view verdict = fields.text("verdict");
  if (verdict == "accepted") {
    result.sequence = fields.number("sequence");
  } else if (verdict == "rejected") {
    result.reason = find(reasons, fields.text("reason")).value_or(Reason::other);
  } else {
    fields.wrong("accepted or rejected", "verdict");
  }
  result.auction_id = fields.number("auction_id");
  // A rejection need not say who bid what.
  if (result.accepted() || fields.find("bidder")) result.bidder = fields.text("bidder");
  if (result.accepted() || fields.find("amount")) result.amount = read_amount(fields, "amount");
  result.price = amount_or_none(fields, "price");
  result.leader = text_or_none(fields, "leader");
  result.minimum_next = amount_or_none(fields, "minimum_next");
  result.closes_at = read_time(fields, "closes_at");
  result.as_of_sequence = fields.number("as_of_sequence");
  result.decided_at = read_time(fields, "decided_at");
  if (!fields.good()) return unreadable(fields);
  return result;
}

Result<Event> read_event(element json) {
  Fields fields(json);
  Event event;
  if (fields.find("auction_id")) event.auction_id = fields.number("auction_id");
  event.place = read_place(fields);
  event.at = read_time(fields, "at");
  event.kind = find(kinds, fields.text("event")).value_or(EventKind::other);
  switch (event.kind) {
    case EventKind::created:
      event.closes_at = first_close(fields);
      break;
    case EventKind::bid_accepted:
      event.bidder = fields.text("bidder");
      event.amount = read_amount(fields, "amount");
      event.price = read_amount(fields, "price");
      event.leader = fields.text("leader");
      event.minimum_next = amount_or_none(fields, "minimum_next");
      event.closes_at = read_time(fields, "closes_at");
      break;
    case EventKind::extended:
      event.closes_at = read_time(fields, "closes_at");
      event.extensions = read_count(fields, "extensions");
      break;
    case EventKind::closed:
      event.winner = text_or_none(fields, "winner");
      event.price = amount_or_none(fields, "price");
      event.sold = fields.boolean("sold");
      break;
    case EventKind::opened:
    case EventKind::cancelled:
    case EventKind::other:
      break;
  }
  if (!fields.good()) return unreadable(fields);
  return event;
}

Result<Standing> read_standing(element json) {
  Fields fields(json);
  Standing standing = standing_of(fields);
  if (!fields.good()) return unreadable(fields);
  return standing;
}

Result<Auction> read_auction(element json) {
  Fields fields(json);
  Auction auction;
  static_cast<Standing&>(auction) = standing_of(fields);
  auction.id = fields.number("id");
  auction.title = fields.text("title");
  if (fields.find("description")) auction.description = fields.text("description");
  if (fields.find("image_url")) auction.image_url = text_or_none(fields, "image_url");
  auction.currency = fields.text("currency");
  auction.opening_price = read_amount(fields, "opening_price");
  if (const auto increment = increment_of(fields.member("increment"))) {
    auction.increment = *increment;
  } else {
    fields.wrong("a step, a table or a preset", "increment");
  }
  auction.opens_at = read_time(fields, "opens_at");
  if (const auto soft = fields.find("soft_close")) auction.soft_close = soft_close_of(*soft, fields);
  if (fields.find("seller")) auction.seller = text_or_none(fields, "seller");
  auction.self_outbid = fields.boolean("self_outbid");
  if (fields.find("amount_limit")) auction.amount_limit = amount_or_none(fields, "amount_limit");
  if (!fields.good()) return unreadable(fields);
  return auction;
}

Result<Bid> read_bid(element json) {
  Fields fields(json);
  Bid bid{fields.number("sequence"), std::string(fields.text("bidder")), read_amount(fields, "amount"),
          read_time(fields, "at")};
  if (!fields.good()) return unreadable(fields);
  return bid;
}

Problem read_problem(element json) {
  Fields fields(json);
  Problem problem;
  problem.code = fields.text("code");
  if (!fields.good()) return malformed(fields.error());
  problem.detail = fields.find("detail") ? fields.text("detail") : problem.code;
  if (fields.find("retry_after_s")) problem.retry_after = std::chrono::seconds(fields.number("retry_after_s"));
  return problem;
}

}  // namespace flashbid::client
