#include "redis/meta.hpp"

#include <fmt/format.h>

#include <charconv>

#include "redis/keys.hpp"

namespace flashbid::redis {

// A full Redis, too: only what was archived can leave it.
Command mark_archived(unsigned shard) {
  constexpr std::string_view script = "#!lua flags=allow-oom\nreturn redis.call('HSET', KEYS[1], ARGV[1], '1')";
  return Command::of({"EVAL", script, "1", meta_key(shard), archived_field}).may_repeat();
}

Command ask_shards() { return Command::of({"HGET", meta_key(0), "shards"}).may_repeat(); }

Result<unsigned> read_shards(const Reply& reply) {
  if (reply.is_nil()) return 0U;
  unsigned shards = 0;
  const std::string_view text = reply.text();
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), shards);
  const bool is_whole = wrong == std::errc() && end == text.data() + text.size();
  if (is_whole && shards >= 1 && shards <= max_shards) return shards;
  return fail(Failure::corrupt, fmt::format("Redis says that it has {} shards", text));
}

}  // namespace flashbid::redis
