#include "server/admission.hpp"

namespace flashbid {

WireError to_wire(const LimitDecision& refusal) {
  if (refusal.verdict == LimitDecision::Verdict::unavailable) return {ErrorCode::unavailable, refusal.why};
  return {ErrorCode::rate_limited, refusal.detail(), refusal.retry_after_s()};
}

std::optional<WireError> check_room(LoopServer& server) {
  if (*server.waiting_bids() < server.limits().bids_waiting) return std::nullopt;
  server.traffic().bids_without_room.add();
  return WireError{ErrorCode::unavailable, "more bids wait than can be decided in time; this one was not taken"};
}

}  // namespace flashbid
