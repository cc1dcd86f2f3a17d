#include <fmt/format.h>
#include <simdjson.h>

#include <istream>
#include <string>

#include "checker/history_lines.hpp"
#include "checker/reading.hpp"

namespace flashbid::checker {
namespace {

class Reader {
 public:
  Result<void> read_line(const std::string& text) {
    simdjson::dom::element json;
    if (parser_.parse(text).get(json) != simdjson::SUCCESS) return fail(Failure::invalid, "it is not JSON");
    Fields fields(json);
    const std::string_view line = fields.text("line");
    if (first_ != (line == "history")) return fail(Failure::invalid, "a history begins with its history line");
    first_ = false;
    if (line == "history") {
      if (fields.number("version") != 1) fields.wrong("1", "version");
      history_.seed = fields.number("seed");
      if (fields.find("clock_ran_back")) history_.clock_ran_back = fields.boolean("clock_ran_back");
    } else if (line == "bidder") {
      history_.bidders.index_of(fields.text("name"));
    } else if (line == "key") {
      history_.keys.index_of(fields.text("name"));
    } else if (line == "malformed") {
      history_.malformed.emplace_back(fields.text("sentence"));
    } else if (line == "auction") {
      read_auction(fields);
    } else if (line == "operation") {
      read_operation(fields);
    } else if (line == "watcher") {
      read_watcher(fields);
    } else {
      read_of_auction(line, json, fields);
    }
    if (!problem_.empty()) return fail(Failure::invalid, problem_);
    if (!fields.good()) return fail(Failure::invalid, fields.error());
    return {};
  }

  [[nodiscard]] bool empty() const { return first_; }
  History take() { return std::move(history_); }

 private:
  // The value, or the problem remembered.
  template <class T>
  T take(Result<T> result) {
    if (result) return std::move(*result);
    problem_ = result.error().detail;
    return T{};
  }

  void read_auction(Fields& fields) {
    AuctionRecord auction;
    auction.id = AuctionId(fields.number("id"));
    const simdjson::dom::element terms = fields.member("terms");
    if (!fields.good()) return;
    auction.terms = take(read_terms(terms));
    auction.terms.reserve = Fields(terms).amount_or_null("reserve");
    auction.reserve_known = fields.boolean("reserve_known");
    auction.before_run = Sequence(fields.number("before_run"));
    auction.only_ours = fields.boolean("only_ours");
    auction.must_be_closed = fields.boolean("must_be_closed");
    history_.auctions.push_back(std::move(auction));
  }

  // Lines that belong to the auction line before them.
  void read_of_auction(std::string_view line, simdjson::dom::element json, Fields& fields) {
    if (history_.auctions.empty()) {
      problem_ = fmt::format("a line of kind {} stands before any auction", line);
      return;
    }
    AuctionRecord& auction = history_.auctions.back();
    if (line == "event") {
      auction.events.push_back(take(read_event(json, history_.bidders)));
    } else if (line == "bid") {
      auction.bids.push_back(take(read_bid_row(json, history_.bidders)));
    } else if (line == "read") {
      auction.reads.push_back(read_seen(fields));
    } else {
      problem_ = fmt::format("there is no line of kind {}", line);
    }
  }

  StateSeen read_seen(Fields& fields) {
    const simdjson::dom::element auction = fields.member("auction");
    if (!fields.good()) return {};
    StateSeen seen = take(read_state(auction, history_.bidders));
    seen.asked_ns = fields.signed_number("asked_ns");
    seen.seen_ns = fields.signed_number("seen_ns");
    return seen;
  }

  void read_operation(Fields& fields) {
    Operation operation;
    operation.auction = AuctionId(fields.number("auction_id"));
    operation.bidder = history_.bidders.index_of(fields.text("bidder"));
    operation.amount = fields.amount("amount");
    if (const auto key = fields.text_or_null("key")) operation.key = history_.keys.index_of(*key);
    operation.sent_ns = fields.signed_number("sent_ns");
    operation.answered_ns = fields.signed_number("answered_ns");
    operation.status = static_cast<std::uint16_t>(fields.number("status"));
    const std::string_view outcome = fields.text("outcome");
    if (const auto answer = fields.find("answer")) {
      if (const auto read = read_answer(*answer, history_.bidders, operation); !read) problem_ = read.error().detail;
    }
    operation.echo_differs = fields.boolean("echo_differs");
    if (outcome == "refused") operation.outcome = Outcome::refused;
    if (to_text(operation.outcome) != outcome) fields.wrong("what its answer says", "outcome");
    history_.operations.push_back(operation);
  }

  // [sequence,digest,seen_ns], or [event,null,seen_ns] where whoever wrote it knows no digests.
  bool read_event_seen(simdjson::dom::element json, EventSeen& seen) {
    if (json.at(2).get(seen.seen_ns) != simdjson::SUCCESS) return false;
    simdjson::dom::element whole;
    if (json.at(0).get(whole) != simdjson::SUCCESS) return false;
    if (whole.is_object()) {
      const auto event = read_event(whole, history_.bidders);
      if (!event) return false;
      seen.sequence = event->sequence;
      seen.digest = digest_of(*event);
      return true;
    }
    std::uint64_t sequence = 0;
    if (json.at(0).get(sequence) != simdjson::SUCCESS) return false;
    seen.sequence = Sequence(sequence);
    return json.at(1).get(seen.digest) == simdjson::SUCCESS;
  }

  void read_watcher(Fields& fields) {
    WatcherRecord watcher;
    watcher.auction = AuctionId(fields.number("auction_id"));
    watcher.latest = fields.boolean("latest");
    watcher.to_the_end = fields.boolean("to_the_end");
    if (const auto after = fields.find("resumed_after"); after && !after->is_null()) {
      watcher.resumed_after = Sequence(fields.number("resumed_after"));
    }
    simdjson::dom::array events;
    simdjson::dom::array states;
    if (!fields.good() || fields.member("events").get(events) != simdjson::SUCCESS)
      return fields.wrong("a list", "events");
    if (fields.member("states").get(states) != simdjson::SUCCESS) return fields.wrong("a list", "states");
    for (const simdjson::dom::element event : events) {
      EventSeen seen;
      if (!read_event_seen(event, seen)) return fields.wrong("a list of [sequence or event,digest,seen_ns]", "events");
      watcher.events.push_back(seen);
    }
    for (const simdjson::dom::element state : states) {
      Fields inner(state);
      const std::uint64_t events_before = inner.number("events_before");
      watcher.states.push_back({events_before, read_seen(inner)});
      if (!inner.good()) fields.wrong("a list of states", "states");
    }
    history_.watchers.push_back(std::move(watcher));
  }

  History history_;
  simdjson::dom::parser parser_;
  std::string problem_;
  bool first_ = true;
};

}  // namespace

Result<History> read_history(std::istream& in) {
  Reader reader;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (const auto read = reader.read_line(line); !read) {
      return fail(Failure::invalid, fmt::format("line {}: {}", number, read.error().detail));
    }
  }
  if (in.bad()) return fail(Failure::internal, "the file could not be read to its end");
  if (reader.empty()) return fail(Failure::invalid, "there is no history in it");
  return reader.take();
}

}  // namespace flashbid::checker
