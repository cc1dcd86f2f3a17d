// Redis as a relay reaches it: one connection a primary for all shards, made when it is first needed and kept up from
// then on. Belongs to one thread at a time; each call waits for its answers, but not for long.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "redis/sync.hpp"
#include "redis/url.hpp"

namespace flashbid {

class RedisLedger {
 public:
  // `library_text`: the functions that are called there, loaded where they are missing.
  RedisLedger(redis::Url url, std::string library_text)
      : url_(std::move(url)), library_text_(std::move(library_text)) {}

  // How many shards it is divided into. Failure::unavailable while it is away, or empty.
  [[nodiscard]] Result<unsigned> count_shards();

  // One command, at the primary of `key`; an error reply is a failure. Here and below Failure::unavailable also where
  // it may have been done: all of it may be done again.
  [[nodiscard]] Result<redis::Reply> ask(std::string_view key, redis::Command command);
  // Commands of one key, pipelined.
  [[nodiscard]] Result<std::vector<redis::Reply>> ask(std::string_view key, std::vector<redis::Command> commands);

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] Result<redis::SyncClient*> client();
  [[nodiscard]] Result<std::vector<redis::Reply>> run(std::string_view key, std::vector<redis::Command> commands);

  redis::Url url_;
  std::string library_text_;
  std::unique_ptr<redis::SyncClient> client_;
  Clock::time_point quiet_until_;  // after a failure, so that many shards do not wait for the same
  Error last_failure_;
};

}  // namespace flashbid
