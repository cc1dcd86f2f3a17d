#include "access/limited_keys.hpp"

#include <cstring>
#include <random>

namespace flashbid {
namespace {

// splitmix64's mixing: every bit of the outcome hangs on every bit of x.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

}  // namespace

std::uint64_t keyed_hash(std::span<const char> bytes, std::uint64_t seed) {
  std::uint64_t hash = mixed(seed ^ bytes.size());
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t size = std::min(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), size);
    // The seed once more, so that no two words can be chosen that undo each other.
    hash = mixed((hash ^ word) + seed);
    bytes = bytes.subspan(size);
  }
  return hash;
}

std::uint64_t random_seed() {
  std::random_device random;
  return std::uint64_t{random()} << 32U | random();
}

}  // namespace flashbid
