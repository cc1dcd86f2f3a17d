// The life of one auction as a list: its terms, when it was created, and every command with its moment. It can be
// played again, alone, and be made shorter. Values only.
#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "auction/decide.hpp"
#include "engine/redis/rules_text.hpp"

namespace flashbid::differential {

// What is put to the auction, and when.
struct Put {
  Command command;
  Timestamp now;
};

struct Life {
  AuctionId id;
  SharedTerms terms;
  Timestamp created_at;
  std::vector<Put> puts;
};

// "+12 ms Alice bids 10600": moments count from the creation.
inline std::string text_of(const Put& put, Timestamp from) {
  std::string text = fmt::format("{:+} ms ", (put.now - from).ms);
  if (const auto* bid = std::get_if<Bid>(&put.command)) {
    return text + fmt::format("{} bids {}", bid->bidder.view(), bid->amount.value());
  }
  return text + (std::holds_alternative<Cancel>(put.command) ? "it is called off" : "time passes");
}

inline std::string text_of(const Terms& terms, Timestamp created_at) {
  std::string text =
      fmt::format("created at {} in {}; it opens at {:+} ms and closes at {:+} ms\n", created_at.ms,
                  terms.currency.code(), (terms.opens_at - created_at).ms, (terms.closes_at - created_at).ms);
  return text + "    opening limit reserve opens_at window extend mode max_extensions self_outbid steps seller:\n    " +
         rules_text(terms);
}

}  // namespace flashbid::differential
