#include "checker/reading.hpp"

#include <fmt/format.h>

#include <vector>

#include "client/reading.hpp"

namespace flashbid::checker {
namespace {

std::unexpected<Error> unreadable(const Fields& fields) { return fail(Failure::invalid, fields.error()); }

Timestamp time_of(client::Time time) { return {time.time_since_epoch().count()}; }

std::optional<Amount> amount_of(std::optional<std::int64_t> amount) {
  return amount ? std::optional(Amount(*amount)) : std::nullopt;
}

BidderIndex index_of(const std::optional<std::string>& bidder, Names& bidders) {
  return bidder ? bidders.index_of(*bidder) : nobody;
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

Result<void> read_answer(simdjson::dom::element json, Names& bidders, Operation& operation) {
  const auto read = client::read_bid_result(json);
  if (!read) return fail(Failure::invalid, read.error().detail);
  Fields fields(json);
  operation.outcome = read->accepted() ? Outcome::accepted : Outcome::rejected;
  operation.sequence = Sequence(read->sequence.value_or(0));
  operation.reason = Reason::none;
  if (!read->accepted()) {
    const auto reason = parse_reason(client::to_text(read->reason));
    if (!reason) fields.wrong("one of the published reasons", "reason");
    operation.reason = reason.value_or(Reason::none);
    if (fields.find("sequence")) fields.wrong("left out of a rejection", "sequence");
  }
  operation.quote = {.price = amount_of(read->price),
                     .leader = index_of(read->leader, bidders),
                     .minimum_next = amount_of(read->minimum_next),
                     .closes_at = time_of(read->closes_at),
                     .as_of_sequence = Sequence(read->as_of_sequence),
                     .decided_at = time_of(read->decided_at)};
  // A rejection need not say who bid what; where it does, it must be what was sent.
  operation.echo_differs = AuctionId(read->auction_id) != operation.auction ||
                           (fields.find("bidder") && read->bidder != bidders[operation.bidder]) ||
                           (fields.find("amount") && Amount(read->amount) != operation.amount);
  if (!fields.good()) return unreadable(fields);
  return {};
}

Result<HistoryEvent> read_event(simdjson::dom::element json, Names& bidders) {
  const auto read = client::read_event(json);
  if (!read) return fail(Failure::invalid, read.error().detail);
  const auto kind = parse_event_kind(client::to_text(read->kind));
  if (!kind) return fail(Failure::invalid, "event is missing or not the name of an event");
  HistoryEvent event;
  event.kind = *kind;
  event.sequence = Sequence(read->place.sequence);
  event.epoch = Epoch(read->place.epoch);
  event.at = time_of(read->at);
  event.closes_at = time_of(read->closes_at);
  event.extensions = read->extensions;
  event.price = amount_of(read->price);
  if (*kind == EventKind::bid_accepted) {
    event.bidder = bidders.index_of(read->bidder);
    event.amount = Amount(read->amount);
    event.leader = bidders.index_of(read->leader);
    event.minimum_next = amount_of(read->minimum_next);
  } else if (*kind == EventKind::closed) {
    event.leader = index_of(read->winner, bidders);
    event.sold = read->sold;
  }
  return event;
}

Result<StateSeen> read_state(simdjson::dom::element json, Names& bidders) {
  const auto read = client::read_standing(json);
  if (!read) return fail(Failure::invalid, read.error().detail);
  StateSeen seen;
  seen.epoch = Epoch(read->place.epoch);
  seen.sequence = Sequence(read->place.sequence);
  seen.state = *parse_auction_state(client::to_text(read->state));
  seen.price = amount_of(read->price);
  seen.leader = index_of(read->leader, bidders);
  seen.minimum_next = amount_of(read->minimum_next);
  seen.closes_at = time_of(read->closes_at);
  seen.bids = read->bids;
  seen.extensions = read->extensions;
  seen.winner = index_of(read->winner, bidders);
  seen.sold = read->sold;
  return seen;
}

Result<BidRow> read_bid_row(simdjson::dom::element json, Names& bidders) {
  const auto read = client::read_bid(json);
  if (!read) return fail(Failure::invalid, read.error().detail);
  return BidRow{Sequence(read->sequence), bidders.index_of(read->bidder), Amount(read->amount), time_of(read->at)};
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
