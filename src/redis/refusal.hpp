// What an error reply means for the command that got it. Pure: any thread.
#pragma once

#include "redis/reply.hpp"
#include "redis/url.hpp"

namespace flashbid::redis {

struct Refusal {
  enum class Meaning : std::uint8_t {
    none,         // the command's own answer
    moved,        // its slot lives at `address` now
    ask,          // this once at `address`, behind ASKING
    later,        // not executed; the same may succeed soon
    elsewhere,    // not executed here: this server is no primary (any more)
    no_function,  // the library is not loaded there
    hopeless,     // not executed, and trying again at once would not help
  };
  Meaning meaning = Meaning::none;
  unsigned slot = 0;
  Address address;
};

// `from`: who sent it; a redirection without a host means the same host.
[[nodiscard]] Refusal refusal_of(const Reply& reply, const Address& from);
// A hopeless one as a sentence: what is wrong with Redis, and what would be right.
[[nodiscard]] std::string describe_refusal(const Reply& reply, const Address& from);

}  // namespace flashbid::redis
