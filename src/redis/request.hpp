// A command on its way, with what is known about it. Moved from queue to queue, all on the client's thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "redis/client.hpp"

namespace flashbid::redis {

using SteadyTime = std::chrono::steady_clock::time_point;

struct Request {
  Command command;
  Done done;                  // empty once it was called: the answer that still comes is dropped
  SteadyTime deadline;        // answered by then, one way or another
  SteadyTime give_up;         // refused: until when it is tried again; 0 = never refused yet
  SteadyTime written_at;      // last
  std::size_t batch_end = 0;  // where its bytes end in the write that they left with
  std::uint16_t slot = 0;
  std::uint16_t pauses = 0;       // made since it was refused first
  std::uint8_t redirections = 0;  // followed since the last pause
  bool asking = false;            // goes behind an ASKING, whose answer comes first
  bool maybe_executed = false;    // written once before, and never answered
  bool direct = false;            // of the client's own making: not routed, not counted, not tried again
};

// What a request ends with that Redis did not answer.
[[nodiscard]] inline std::unexpected<Error> unanswered(const Request& request, bool written, std::string why) {
  return fail(written || request.maybe_executed ? Failure::outcome_unknown : Failure::unavailable, std::move(why));
}

}  // namespace flashbid::redis
