// The library of Redis Functions that counts for the rate limits: lua/*.lua joined into one text, named after what is
// in it, so that nodes of two versions can run on one Redis. The keys and their contents are the same for all versions.
// Made once, never changed; any thread.
#pragma once

#include <string>
#include <string_view>

#include "access/rate_limits.hpp"
#include "redis/command.hpp"

namespace flashbid {

struct RateLibrary {
  std::string text;     // for FUNCTION LOAD
  std::string name;     // flashbid_rate_VERSION
  std::string version;  // the first 8 hex digits of the SHA-256 of what is joined
};

[[nodiscard]] const RateLibrary& rate_library();

// The same under another text of functions: for tests that pass the time in.
[[nodiscard]] RateLibrary join_rate_library(std::string_view functions);
// Lua that defines load_gcra(), which returns the module of lua/gcra.lua.
[[nodiscard]] std::string join_gcra();

// Where a limit of one bidder, address or auction is kept. What stands in the braces is all of the key that a client
// has a say in, and no bidder id, address or number has a brace in it; the letter before it keeps the kinds apart.
[[nodiscard]] std::string rate_key(const BidderId& bidder);    // flashbid:rate:{b:ID}
[[nodiscard]] std::string rate_key(const IpAddress& address);  // flashbid:rate:{a:ADDRESS}, an IPv6 one's /64
[[nodiscard]] std::string rate_key(AuctionId auction);         // flashbid:rate:{l:ID}, l for lot

// Adds the five words of a rate, as lua/gcra.lua reads them.
void add_rate(redis::CommandBuilder& command, const Gcra& rate);
inline constexpr std::size_t rate_words = 5;

}  // namespace flashbid
