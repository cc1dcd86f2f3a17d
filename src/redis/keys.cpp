#include "redis/keys.hpp"

#include <fmt/format.h>

#include <array>

namespace flashbid::redis {
namespace {

// CRC16 with polynomial 0x1021, from 0, as the Redis Cluster specification names it.
constexpr auto crc_table = [] {
  std::array<std::uint16_t, 256> table{};
  for (unsigned byte = 0; byte < 256; ++byte) {
    unsigned crc = byte << 8U;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000U) != 0 ? (crc << 1U) ^ 0x1021U : crc << 1U;
    table[byte] = static_cast<std::uint16_t>(crc);
  }
  return table;
}();

unsigned crc16(std::string_view text) {
  unsigned crc = 0;
  for (const char c : text) {
    crc = ((crc << 8U) ^ crc_table[((crc >> 8U) ^ static_cast<unsigned char>(c)) & 0xffU]) & 0xffffU;
  }
  return crc;
}

}  // namespace

std::string meta_key(unsigned shard) { return fmt::format("flashbid:{{{}}}", shard); }
std::string stream_key(unsigned shard) { return fmt::format("flashbid:{{{}}}:stream", shard); }
std::string never_key(std::string_view meta_key) { return fmt::format("{}:never", meta_key); }
std::string auction_key(unsigned shard, AuctionId id) { return fmt::format("flashbid:{{{}}}:a:{}", shard, id.value()); }
std::string index_key(unsigned shard, AuctionId id) { return fmt::format("flashbid:{{{}}}:i:{}", shard, id.value()); }
std::string accepted_keys_key(unsigned shard, AuctionId id) {
  return fmt::format("flashbid:{{{}}}:k:{}", shard, id.value());
}
std::string due_key(unsigned shard) { return fmt::format("flashbid:{{{}}}:due", shard); }
std::string ids_key(unsigned shard, std::string_view state) {
  return fmt::format("flashbid:{{{}}}:ids:{}", shard, state);
}
std::string over_key(unsigned shard) { return fmt::format("flashbid:{{{}}}:over", shard); }
std::string last_id_key() { return "flashbid:{0}:ids"; }

unsigned slot_of(std::string_view key) {
  if (const auto open = key.find('{'); open != std::string_view::npos) {
    const auto close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return crc16(key) % slots;
}

}  // namespace flashbid::redis
