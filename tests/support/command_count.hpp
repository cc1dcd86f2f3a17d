// How long the long random tests are: the whole length in an optimised build, less under sanitizers and in debug ones,
// and what FLASHBID_COMMANDS says where it is set.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace flashbid::support {

inline std::int64_t command_count(std::int64_t whole) {
  if (const char* chosen = std::getenv("FLASHBID_COMMANDS")) return std::stoll(chosen);
#if !defined(NDEBUG) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  return whole / 10;
#else
  return whole;
#endif
}

}  // namespace flashbid::support
