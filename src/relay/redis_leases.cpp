#include "relay/redis_leases.hpp"

#include <fmt/format.h>

#include "redis/keys.hpp"

namespace flashbid {
namespace {

// Scripts of one key, by Redis' clock. They write little, and a full Redis lets them.

constexpr std::string_view beat_script = R"lua(#!lua flags=allow-oom
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
)lua";

constexpr std::string_view acquire_script = R"lua(#!lua flags=allow-oom
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local held = redis.call('HMGET', KEYS[1], 'owner', 'until')
if held[1] and held[1] ~= '' and held[1] ~= ARGV[1] and tonumber(held[2]) > now then
  return 0
end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'until', string.format('%d', now + ARGV[2]))
return redis.call('HINCRBY', KEYS[1], 'token', 1)
)lua";

constexpr std::string_view renew_script = R"lua(#!lua flags=allow-oom
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return 0
end
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'until', string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[2]))
return 1
)lua";

constexpr std::string_view release_script = R"lua(#!lua flags=allow-oom
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then
  redis.call('HSET', KEYS[1], 'owner', '')
end
return 1
)lua";

}  // namespace

std::string RedisLeases::key(std::uint64_t shard) const {
  return redis::lease_key(static_cast<unsigned>(shard), group_);
}

Result<std::int64_t> RedisLeases::run(std::string_view script, const std::string& key, std::string_view first,
                                      std::int64_t second) {
  const auto reply = ledger_->ask(key, redis::Command::of({"EVAL", script, "1", key, first, std::to_string(second)}));
  if (!reply) return std::unexpected(reply.error());
  return reply->integer();
}

Result<std::uint64_t> RedisLeases::beat(std::string_view owner, Duration alive) {
  const auto workers = run(beat_script, redis::workers_key(group_), owner, alive.ms);
  if (!workers) return std::unexpected(workers.error());
  return static_cast<std::uint64_t>(*workers);
}

Result<std::optional<ShardLease>> RedisLeases::acquire(std::uint64_t shard, std::string_view owner, Duration length) {
  const auto token = run(acquire_script, key(shard), owner, length.ms);
  if (!token) return std::unexpected(token.error());
  if (*token == 0) return std::nullopt;
  return ShardLease{shard, static_cast<std::uint64_t>(*token), {}};
}

Result<void> RedisLeases::renew(const ShardLease& lease, Duration length) {
  const auto renewed = run(renew_script, key(lease.shard), std::to_string(lease.token), length.ms);
  if (!renewed) return std::unexpected(renewed.error());
  if (*renewed == 1) return {};
  return fail(Failure::conflict, fmt::format("another worker has taken shard {} over", lease.shard));
}

Result<void> RedisLeases::release(const ShardLease& lease) {
  const auto released = run(release_script, key(lease.shard), std::to_string(lease.token), 0);
  if (!released) return std::unexpected(released.error());
  return {};
}

}  // namespace flashbid
