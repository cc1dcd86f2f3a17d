#include "relay/redis_ledger.hpp"

#include <fmt/format.h>

#include <utility>

#include "redis/keys.hpp"
#include "redis/meta.hpp"

namespace flashbid {
namespace {

// A healthy Redis answers within milliseconds; one relay waits for many shards in turn.
constexpr std::chrono::milliseconds patience{1'500};
constexpr std::chrono::milliseconds quiet_after_failure{300};

}  // namespace

Result<redis::SyncClient*> RedisLedger::client() {
  if (client_) return client_.get();
  redis::Options options;
  options.url = url_;
  options.connect_timeout = patience;
  options.command_timeout = patience;
  options.retry_for = patience;
  options.library_text = library_text_;
  auto opened = redis::SyncClient::open(std::move(options));
  if (!opened) return std::unexpected(std::move(opened.error()));
  client_ = std::move(*opened);
  return client_.get();
}

Result<std::vector<redis::Reply>> RedisLedger::run(std::string_view key, std::vector<redis::Command> commands) {
  if (Clock::now() < quiet_until_) return std::unexpected(last_failure_);
  const auto there = client();
  std::vector<std::pair<std::string, redis::Command>> routed;
  for (redis::Command& command : commands) routed.emplace_back(key, std::move(command));
  auto replies = there ? (*there)->run(std::move(routed)) : std::unexpected(there.error());
  if (replies) return replies;
  last_failure_ = std::move(replies.error());
  if (last_failure_.failure == Failure::outcome_unknown) last_failure_.failure = Failure::unavailable;
  // In a cluster the other shards' primaries may be well.
  if (client_ && client_->client().kind() == redis::Kind::cluster) return std::unexpected(last_failure_);
  // A client makes its connection while it is asked something. An attempt that is left half done until a later call
  // is found too old there, and so would be all that follow: each call begins anew.
  client_.reset();
  quiet_until_ = Clock::now() + quiet_after_failure;
  return std::unexpected(last_failure_);
}

Result<std::vector<redis::Reply>> RedisLedger::ask(std::string_view key, std::vector<redis::Command> commands) {
  auto replies = run(key, std::move(commands));
  if (!replies) return replies;
  for (const redis::Reply& reply : *replies) {
    if (reply.is_error()) return fail(Failure::unavailable, fmt::format("Redis: {}", reply.text()));
  }
  return replies;
}

Result<redis::Reply> RedisLedger::ask(std::string_view key, redis::Command command) {
  std::vector<redis::Command> commands;
  commands.push_back(std::move(command));
  auto replies = ask(key, std::move(commands));
  if (!replies) return std::unexpected(std::move(replies.error()));
  return std::move(replies->front());
}

Result<unsigned> RedisLedger::count_shards() {
  const auto reply = ask(redis::meta_key(0), redis::ask_shards());
  if (!reply) return std::unexpected(reply.error());
  const auto shards = redis::read_shards(*reply);
  if (!shards || *shards > 0) return shards;
  return fail(Failure::unavailable, fmt::format("{} is empty: start a node on it, or bring its data back "
                                                "(flashbid restore)",
                                                redis::to_text(url_)));
}

}  // namespace flashbid
