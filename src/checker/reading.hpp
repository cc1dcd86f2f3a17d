// The server's JSON as values of a history: answers, events, auctions, terms, as api.md writes them. Bidders become
// indices of the history's names. Pure; one thread. The server's own codecs are not used here: they are what is being
// checked.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "checker/history.hpp"

namespace flashbid::checker {

// The members of one JSON object, asked for by name. The first that is missing or of the wrong type is remembered.
class Fields {
 public:
  explicit Fields(simdjson::dom::element element);

  [[nodiscard]] std::uint64_t number(const char* name);
  [[nodiscard]] std::int64_t signed_number(const char* name);
  [[nodiscard]] bool boolean(const char* name);
  [[nodiscard]] std::optional<bool> boolean_or_null(const char* name);
  [[nodiscard]] std::string_view text(const char* name);
  [[nodiscard]] std::optional<std::string_view> text_or_null(const char* name);
  [[nodiscard]] Amount amount(const char* name);
  [[nodiscard]] std::optional<Amount> amount_or_null(const char* name);
  [[nodiscard]] Timestamp time(const char* name);
  // The member itself; if it is missing, null and an error is remembered.
  [[nodiscard]] simdjson::dom::element member(const char* name);
  // The member, or nothing if it is missing: no error.
  [[nodiscard]] std::optional<simdjson::dom::element> find(const char* name) const;

  void wrong(std::string_view what, const char* name);
  [[nodiscard]] bool good() const { return error_.empty(); }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  [[nodiscard]] bool is_null(const char* name) const;
  simdjson::dom::object object_;
  std::string error_;
};

// Fills the answer's part of `operation`, whose auction, bidder and amount are what was sent.
[[nodiscard]] Result<void> read_answer(simdjson::dom::element json, Names& bidders, Operation& operation);
[[nodiscard]] Result<HistoryEvent> read_event(simdjson::dom::element json, Names& bidders);
// The auction object of a GET, snapshot, reset or state frame; times of asking and seeing are the caller's.
[[nodiscard]] Result<StateSeen> read_state(simdjson::dom::element json, Names& bidders);
[[nodiscard]] Result<BidRow> read_bid_row(simdjson::dom::element json, Names& bidders);
// The terms in an auction object, as `created` carries it (closes_at is the first one).
[[nodiscard]] Result<Terms> read_terms(simdjson::dom::element json);

}  // namespace flashbid::checker
