#include "redis/keys.hpp"

#include <fmt/format.h>

#include <array>
#include <atomic>

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

// Which of max_shards equal parts of the slots a hash tag is in.
unsigned part_of(std::string_view tag) { return crc16(tag) % slots / (slots / max_shards); }

// The part for a shard: 0 stays where its number puts it, 1 is half of all slots further, 2 and 3 between them, and so
// on (the number's bits in reverse). So the first N lie evenly, whatever N is.
unsigned place_of(unsigned shard) {
  unsigned further = 0;
  for (unsigned bit = 1; bit < max_shards; bit <<= 1U) {
    further = further << 1U | static_cast<unsigned>((shard & bit) != 0);
  }
  return (part_of("0") + further) % max_shards;
}

std::string tag_with(unsigned shard, unsigned number) {
  return number == 0 ? fmt::format("{}", shard) : fmt::format("{}.{}", shard, number);
}

// A shard's hash tag: its number, and behind a dot, if that alone does not do, the first number that puts it in its
// place. Looked for once: some thousand steps.
std::string tag_of(unsigned shard) {
  static std::array<std::atomic<unsigned>, max_shards> found{};  // that number and 1; 0 = not looked for yet
  std::atomic<unsigned>& known = found.at(shard);
  if (const unsigned number = known.load(std::memory_order_relaxed); number > 0) return tag_with(shard, number - 1);
  const unsigned place = place_of(shard);
  unsigned number = 0;
  while (part_of(tag_with(shard, number)) != place) ++number;
  known.store(number + 1, std::memory_order_relaxed);
  return tag_with(shard, number);
}

std::string key_of(unsigned shard, std::string_view rest) {
  return fmt::format("flashbid:{{{}}}{}", tag_of(shard), rest);
}

std::string key_of(unsigned shard, std::string_view kind, AuctionId id) {
  return fmt::format("flashbid:{{{}}}:{}:{}", tag_of(shard), kind, id.value());
}

}  // namespace

std::string meta_key(unsigned shard) { return key_of(shard, ""); }
std::string stream_key(unsigned shard) { return key_of(shard, ":stream"); }
std::string never_key(std::string_view meta_key) { return fmt::format("{}:never", meta_key); }
std::string auction_key(unsigned shard, AuctionId id) { return key_of(shard, "a", id); }
std::string index_key(unsigned shard, AuctionId id) { return key_of(shard, "i", id); }
std::string accepted_keys_key(unsigned shard, AuctionId id) { return key_of(shard, "k", id); }
std::string due_key(unsigned shard) { return key_of(shard, ":due"); }
std::string ids_key(unsigned shard, std::string_view state) { return key_of(shard, fmt::format(":ids:{}", state)); }
std::string over_key(unsigned shard) { return key_of(shard, ":over"); }
std::string lease_key(unsigned shard, std::string_view group) { return key_of(shard, fmt::format(":lease:{}", group)); }
std::string workers_key(std::string_view group) { return key_of(0, fmt::format(":workers:{}", group)); }
std::string last_id_key() { return key_of(0, ":ids"); }

unsigned slot_of(std::string_view key) {
  if (const auto open = key.find('{'); open != std::string_view::npos) {
    const auto close = key.find('}', open + 1);
    if (close != std::string_view::npos && close > open + 1) key = key.substr(open + 1, close - open - 1);
  }
  return crc16(key) % slots;
}

}  // namespace flashbid::redis
