#include "engine/redis/durability.hpp"

#include <charconv>

namespace flashbid {

std::optional<RedisDurability> parse_redis_durability(std::string_view text) {
  constexpr std::string_view replicated = "replicated:";
  constexpr unsigned most_replicas = 16;
  if (text == "memory") return RedisDurability{.fsync = false, .replicas = 0};
  if (text == "fsync") return RedisDurability{};
  if (!text.starts_with(replicated)) return std::nullopt;
  text.remove_prefix(replicated.size());
  unsigned replicas = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), replicas);
  if (wrong != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (replicas < 1 || replicas > most_replicas) return std::nullopt;
  return RedisDurability{.fsync = true, .replicas = replicas};
}

}  // namespace flashbid
