#include "checker/reading.hpp"

#include <fmt/format.h>

#include <vector>

namespace flashbid::checker {
namespace {

std::unexpected<Error> unreadable(const Fields& fields) { return fail(Failure::invalid, fields.error()); }

// An element without a document crashes when it is asked; this one may be asked.
simdjson::dom::element json_null() {
  thread_local simdjson::dom::parser parser;
  return parser.parse(std::string_view("null")).value_unsafe();
}

BidderIndex bidder_or_nobody(Fields& fields, const char* name, Names& bidders) {
  const auto text = fields.text_or_null(name);
  return text ? bidders.index_of(*text) : nobody;
}

std::optional<Increment> read_table(simdjson::dom::element json) {
  simdjson::dom::array lines;
  if (json.get(lines) != simdjson::SUCCESS) return std::nullopt;
  std::vector<IncrementRow> rows;
  for (const simdjson::dom::element line : lines) {
    IncrementRow row;
    std::int64_t below = 0;
    std::int64_t step = 0;
    if (line.at(0).get(below) == simdjson::SUCCESS) row.below = Amount(below);
    if (line.at(1).get(step) != simdjson::SUCCESS) return std::nullopt;
    row.step = Amount(step);
    rows.push_back(row);
  }
  return Increment::table(std::move(rows));
}

std::optional<Increment> read_increment(simdjson::dom::element json, const Currency& currency) {
  std::int64_t step = 0;
  if (json.get(step) == simdjson::SUCCESS) return Increment::fixed(Amount(step));
  simdjson::dom::element inner;
  if (json["table"].get(inner) == simdjson::SUCCESS) return read_table(inner);
  std::string_view name;
  if (json["preset"].get(name) != simdjson::SUCCESS) return std::nullopt;
  const auto preset = parse_increment_preset(name);
  if (!preset) return std::nullopt;
  return Increment::preset(*preset, currency);
}

std::optional<SoftClose> read_soft_close(simdjson::dom::element json, Fields& outer) {
  if (json.is_null()) return std::nullopt;
  Fields fields(json);
  SoftClose soft;
  soft.window = {fields.signed_number("window_ms")};
  soft.extend = {fields.signed_number("extend_ms")};
  const std::string_view mode = fields.text("mode");
  soft.mode = mode == "from_close" ? SoftClose::Mode::from_close : SoftClose::Mode::from_bid;
  if (mode != "from_close" && mode != "from_bid") fields.wrong("from_bid or from_close", "mode");
  if (const auto most = fields.find("max_extensions"); most && !most->is_null()) {
    soft.max_extensions = static_cast<std::uint32_t>(fields.number("max_extensions"));
  }
  if (!fields.good()) outer.wrong("a soft close", "soft_close");
  return soft;
}

}  // namespace

Fields::Fields(simdjson::dom::element element) {
  if (element.get(object_) != simdjson::SUCCESS) error_ = "it is not a JSON object";
}

void Fields::wrong(std::string_view what, const char* name) {
  if (error_.empty()) error_ = fmt::format("{} is missing or not {}", name, what);
}

simdjson::dom::element Fields::member(const char* name) {
  if (const auto found = find(name)) return *found;
  wrong("there", name);
  return json_null();
}

std::optional<simdjson::dom::element> Fields::find(const char* name) const {
  simdjson::dom::element found;
  if (!good() || object_.at_key(name).get(found) != simdjson::SUCCESS) return std::nullopt;
  return found;
}

bool Fields::is_null(const char* name) const {
  const auto found = find(name);
  return found && found->is_null();
}

std::uint64_t Fields::number(const char* name) {
  std::uint64_t value = 0;
  if (!good() || object_.at_key(name).get(value) != simdjson::SUCCESS) wrong("a whole number", name);
  return value;
}

std::int64_t Fields::signed_number(const char* name) {
  std::int64_t value = 0;
  if (!good() || object_.at_key(name).get(value) != simdjson::SUCCESS) wrong("a whole number", name);
  return value;
}

bool Fields::boolean(const char* name) {
  bool value = false;
  if (!good() || object_.at_key(name).get(value) != simdjson::SUCCESS) wrong("true or false", name);
  return value;
}

std::optional<bool> Fields::boolean_or_null(const char* name) {
  if (is_null(name)) return std::nullopt;
  return boolean(name);
}

std::string_view Fields::text(const char* name) {
  std::string_view value;
  if (!good() || object_.at_key(name).get(value) != simdjson::SUCCESS) wrong("a text", name);
  return value;
}

std::optional<std::string_view> Fields::text_or_null(const char* name) {
  if (is_null(name)) return std::nullopt;
  return text(name);
}

Amount Fields::amount(const char* name) {
  const std::int64_t value = signed_number(name);
  if (good() && (value < 0 || value > max_safe_integer)) wrong("an amount", name);
  return Amount(value);
}

std::optional<Amount> Fields::amount_or_null(const char* name) {
  if (is_null(name)) return std::nullopt;
  return amount(name);
}

Timestamp Fields::time(const char* name) {
  const auto time = parse_timestamp(text(name));
  if (!time) wrong("an RFC 3339 time", name);
  return time.value_or(Timestamp{});
}

Result<void> read_answer(simdjson::dom::element json, Names& bidders, Operation& operation) {
  Fields fields(json);
  const std::string_view verdict = fields.text("verdict");
  if (verdict == "accepted") {
    operation.outcome = Outcome::accepted;
    operation.reason = Reason::none;
    operation.sequence = Sequence(fields.number("sequence"));
  } else if (verdict == "rejected") {
    operation.outcome = Outcome::rejected;
    operation.sequence = Sequence();
    const auto reason = parse_reason(fields.text("reason"));
    if (!reason) fields.wrong("one of the published reasons", "reason");
    operation.reason = reason.value_or(Reason::none);
    if (fields.find("sequence")) fields.wrong("left out of a rejection", "sequence");
  } else {
    fields.wrong("accepted or rejected", "verdict");
  }
  Quote& quote = operation.quote;
  quote.price = fields.amount_or_null("price");
  quote.leader = bidder_or_nobody(fields, "leader", bidders);
  quote.minimum_next = fields.amount_or_null("minimum_next");
  quote.closes_at = fields.time("closes_at");
  quote.as_of_sequence = Sequence(fields.number("as_of_sequence"));
  quote.decided_at = fields.time("decided_at");
  operation.echo_differs = AuctionId(fields.number("auction_id")) != operation.auction;
  // A rejection need not say who bid what; where it does, it must be what was sent.
  if (operation.outcome == Outcome::accepted || fields.find("bidder")) {
    operation.echo_differs |= fields.text("bidder") != bidders[operation.bidder];
  }
  if (operation.outcome == Outcome::accepted || fields.find("amount")) {
    operation.echo_differs |= fields.amount("amount") != operation.amount;
  }
  if (!fields.good()) return unreadable(fields);
  return {};
}

Result<HistoryEvent> read_event(simdjson::dom::element json, Names& bidders) {
  Fields fields(json);
  HistoryEvent event;
  event.sequence = Sequence(fields.number("sequence"));
  event.epoch = Epoch(fields.number("epoch"));
  event.at = fields.time("at");
  const auto kind = parse_event_kind(fields.text("event"));
  if (!kind) fields.wrong("the name of an event", "event");
  event.kind = kind.value_or(EventKind::created);
  switch (event.kind) {
    case EventKind::created: {
      Fields auction(fields.member("auction"));
      event.closes_at = auction.time("closes_at");
      if (!auction.good()) fields.wrong("an auction", "auction");
      break;
    }
    case EventKind::bid_accepted:
      event.bidder = bidders.index_of(fields.text("bidder"));
      event.amount = fields.amount("amount");
      event.price = fields.amount("price");
      event.leader = bidders.index_of(fields.text("leader"));
      event.minimum_next = fields.amount_or_null("minimum_next");
      event.closes_at = fields.time("closes_at");
      break;
    case EventKind::extended:
      event.closes_at = fields.time("closes_at");
      event.extensions = static_cast<std::uint32_t>(fields.number("extensions"));
      break;
    case EventKind::closed:
      event.leader = bidder_or_nobody(fields, "winner", bidders);
      event.price = fields.amount_or_null("price");
      event.sold = fields.boolean("sold");
      break;
    case EventKind::opened:
    case EventKind::cancelled:
      break;
  }
  if (!fields.good()) return unreadable(fields);
  return event;
}

Result<StateSeen> read_state(simdjson::dom::element json, Names& bidders) {
  Fields fields(json);
  StateSeen seen;
  seen.epoch = Epoch(fields.number("epoch"));
  seen.sequence = Sequence(fields.number("sequence"));
  const auto state = parse_auction_state(fields.text("state"));
  if (!state) fields.wrong("the state of an auction", "state");
  seen.state = state.value_or(AuctionState::scheduled);
  seen.price = fields.amount_or_null("price");
  seen.leader = bidder_or_nobody(fields, "leader", bidders);
  seen.minimum_next = fields.amount_or_null("minimum_next");
  seen.closes_at = fields.time("closes_at");
  seen.bids = fields.number("bids");
  seen.extensions = static_cast<std::uint32_t>(fields.number("extensions"));
  seen.winner = bidder_or_nobody(fields, "winner", bidders);
  seen.sold = fields.boolean_or_null("sold");
  if (!fields.good()) return unreadable(fields);
  return seen;
}

Result<BidRow> read_bid_row(simdjson::dom::element json, Names& bidders) {
  Fields fields(json);
  const BidRow row{Sequence(fields.number("sequence")), bidders.index_of(fields.text("bidder")),
                   fields.amount("amount"), fields.time("at")};
  if (!fields.good()) return unreadable(fields);
  return row;
}

Result<Terms> read_terms(simdjson::dom::element json) {
  Fields fields(json);
  Terms terms;
  const auto currency = Currency::parse(fields.text("currency"));
  if (!currency) fields.wrong("an ISO 4217 code", "currency");
  terms.currency = currency.value_or(Currency());
  terms.opening_price = fields.amount("opening_price");
  if (const auto increment = read_increment(fields.member("increment"), terms.currency)) {
    terms.increment = *increment;
  } else {
    fields.wrong("a step, a table or a preset", "increment");
  }
  terms.opens_at = fields.time("opens_at");
  terms.closes_at = fields.time("closes_at");
  if (const auto soft = fields.find("soft_close")) terms.soft_close = read_soft_close(*soft, fields);
  if (const auto seller = fields.text_or_null("seller")) terms.seller = BidderId::from(*seller).value_or(BidderId());
  terms.self_outbid = fields.boolean("self_outbid");
  terms.amount_limit = fields.amount_or_null("amount_limit");
  if (!fields.good()) return unreadable(fields);
  return terms;
}

}  // namespace flashbid::checker
