#include "access/rate_limits.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace flashbid {

std::string_view to_text(LimitedBy limit) {
  switch (limit) {
    case LimitedBy::nothing:
      return "nothing";
    case LimitedBy::bidder:
      return "bidder";
    case LimitedBy::address:
      return "address";
    case LimitedBy::auction:
      return "auction";
    case LimitedBy::failed_authentications:
      return "failed_authentications";
  }
  return "?";
}

std::int64_t LimitDecision::retry_after_s() const {
  return std::max<std::int64_t>(1, (retry_after_us + second_us - 1) / second_us);
}

std::string LimitDecision::detail() const {
  if (verdict == Verdict::unavailable) return why;
  std::string_view whose = "from you";
  if (by == LimitedBy::address) whose = "from your address";
  if (by == LimitedBy::auction) whose = "about this auction";
  if (by == LimitedBy::failed_authentications) whose = "with a token that is not valid, from your address";
  const std::int64_t ms = (retry_after_us + 999) / 1000;
  return fmt::format("too many requests {}; the next one is taken in {}.{:03} s", whose, ms / 1000, ms % 1000);
}

LimitDecision refusal(LimitedBy limit, const GcraDecision& decision) {
  return {.verdict = LimitDecision::Verdict::refused, .by = limit, .retry_after_us = decision.retry_after_us};
}

}  // namespace flashbid
