// How long the long random tests are: the whole length in an optimised build, less under sanitizers and in debug ones,
// and what FLASHBID_COMMANDS says where it is set. And which run of them: always the same one, or FLASHBID_SEED's.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace flashbid::support {

#if !defined(NDEBUG) || __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool is_optimised = false;
#else
inline constexpr bool is_optimised = true;
#endif

inline std::int64_t command_count(std::int64_t whole) {
  if (const char* chosen = std::getenv("FLASHBID_COMMANDS")) return std::stoll(chosen);
  return is_optimised ? whole : whole / 10;
}

inline std::uint64_t chosen_seed(std::uint64_t usual) {
  const char* chosen = std::getenv("FLASHBID_SEED");
  return chosen != nullptr ? std::stoull(chosen) : usual;
}

}  // namespace flashbid::support
