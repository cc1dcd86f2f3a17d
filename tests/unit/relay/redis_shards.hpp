// A redis-server of a test's own with shards that have been admitted, and what is decided there, by the real functions:
// what a relay reads. One thread.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/redis/library.hpp"
#include "engine/redis/rules_text.hpp"
#include "ledger/event_codec.hpp"
#include "redis/keys.hpp"
#include "redis/url.hpp"
#include "relay/redis_ledger.hpp"
#include "relay/redis_source.hpp"
#include "support/auctions.hpp"
#include "support/redis_connection.hpp"
#include "support/redis_server.hpp"

namespace flashbid::testing {

class RedisShards {
 public:
  explicit RedisShards(unsigned shards = 1) : shards_(shards) { admit(); }

  // As a node does for a new primary: a new epoch on every shard.
  void admit() {
    connection = std::make_unique<RedisConnection>(server.port());
    connection->ask({"FUNCTION", "LOAD", "REPLACE", redis_library().text});
    ++epoch_;
    for (unsigned shard = 0; shard < shards_; ++shard) {
      const RedisValue present = ask({"HGET", redis::meta_key(shard), "incarnation"});
      const RedisValue done = call(shard, "admit", {run_id(), present.text, epoch(), std::to_string(shards_)});
      require(done.text == "ok", "the shard is admitted: " + done.text);
    }
  }
  [[nodiscard]] std::string epoch() const { return std::to_string(epoch_); }
  [[nodiscard]] std::string run_id() {
    const std::string about = ask({"INFO", "server"}).text;
    const std::size_t at = about.find("run_id:") + 7;
    return about.substr(at, about.find('\r', at) - at);
  }

  RedisValue ask(const std::vector<std::string>& words) { return connection->ask(words); }
  RedisValue call(unsigned shard, const std::string& function, std::vector<std::string> arguments) {
    return ask(call_of(shard, function, std::move(arguments)));
  }

  // Opening price 10000, steps of 100, open for an hour.
  void create(std::uint64_t id) {
    const RedisValue time = ask({"TIME"});
    const std::int64_t now = std::stoll(time.items[0].text) * 1'000;
    Terms terms = support::plain_terms();
    terms.opens_at = Timestamp{now - 1'000};
    terms.closes_at = Timestamp{now + 3'600'000};
    std::string public_terms;
    encode_public_terms(terms, public_terms);
    const RedisValue done =
        call(shard_of(id), "create",
             {epoch(), std::to_string(id), public_terms, std::to_string(terms.opens_at.ms),
              std::to_string(terms.closes_at.ms), rules_text(terms), encode_secret({}), "", "", ""});
    require(!done.error, "the auction is created: " + done.text);
  }
  // Accepted bids on one auction, each higher than all before, every third with a key; each is one event. Pipelined.
  void bid(std::uint64_t id, int count = 1) {
    constexpr int in_flight = 500;
    for (int sent = 0; sent < count; sent += in_flight) {
      const int now = std::min(in_flight, count - sent);
      for (int k = 0; k < now; ++k) {
        const std::string amount = std::to_string(10'000 + 100 * ++bids_);
        connection->send(call_of(shard_of(id), "bid",
                                 {epoch(), std::to_string(id), bids_ % 2 == 0 ? "Alice" : "Bob", amount,
                                  bids_ % 3 == 0 ? "key-" + amount : ""}));
      }
      for (int k = 0; k < now; ++k) {
        const RedisValue done = connection->receive();
        require(done.text.starts_with("0 "), "the bid is accepted: " + done.text);
      }
    }
  }
  void cancel(std::uint64_t id) {
    const RedisValue done = call(shard_of(id), "cancel", {epoch(), std::to_string(id), "", "", "", ""});
    require(!done.error, "the auction is cancelled: " + done.text);
  }

  // What stands in a shard's stream, as records; `from` is inclusive.
  std::vector<Record> stream(unsigned shard = 0, const std::string& from = "-") {
    std::vector<Record> records;
    for (const RedisValue& entry : ask({"XRANGE", redis::stream_key(shard), from, "+"}).items) {
      Record record;
      for (std::size_t k = 0; k + 1 < entry.items[1].items.size(); k += 2) {
        const std::string& value = entry.items[1].items[k + 1].text;
        if (entry.items[1].items[k].text == "a") record.auction = AuctionId{std::stoull(value)};
        if (entry.items[1].items[k].text == "s") record.sequence = Sequence{std::stoull(value)};
        if (entry.items[1].items[k].text == "p") record.payload = std::make_shared<const std::string>(value);
        if (entry.items[1].items[k].text == "x") record.secret = value;
      }
      records.push_back(std::move(record));
    }
    return records;
  }
  std::vector<std::string> stream_ids(unsigned shard = 0) {
    std::vector<std::string> ids;
    for (const RedisValue& entry : ask({"XRANGE", redis::stream_key(shard), "-", "+"}).items) {
      ids.push_back(entry.items[0].text);
    }
    return ids;
  }
  std::uint64_t length(unsigned shard = 0) { return std::stoull(ask({"XLEN", redis::stream_key(shard)}).text); }
  // A field of the group, as XINFO GROUPS tells it; empty if there is no such group.
  std::string of_group(const std::string& field, const std::string& name = "archive", unsigned shard = 0) {
    for (const RedisValue& group : ask({"XINFO", "GROUPS", redis::stream_key(shard)}).items) {
      if (group.items[1].text != name) continue;
      for (std::size_t k = 0; k + 1 < group.items.size(); k += 2) {
        if (group.items[k].text == field) return group.items[k + 1].text;
      }
    }
    return {};
  }

  [[nodiscard]] std::shared_ptr<RedisLedger> ledger() const {
    return std::make_shared<RedisLedger>(redis::parse_url(server.url()).value(), redis_library().text);
  }
  static RedisSourceOptions options(std::uint64_t keep_events = 100'000) {
    return {.keep_events = keep_events,
            .trim_function = redis_library().function("trim"),
            .forget_function = redis_library().function("forget")};
  }
  [[nodiscard]] std::unique_ptr<Source> source(unsigned shard = 0, std::uint64_t keep_events = 100'000) const {
    return std::make_unique<RedisSource>(ledger(), shard, options(keep_events));
  }
  [[nodiscard]] OpenSource open(std::uint64_t keep_events = 100'000) const {
    return [redis = ledger(), keep_events](std::uint64_t shard) -> Result<std::unique_ptr<Source>> {
      return std::make_unique<RedisSource>(redis, static_cast<unsigned>(shard), options(keep_events));
    };
  }

  RedisServer server;
  std::unique_ptr<RedisConnection> connection;

 private:
  static std::vector<std::string> call_of(unsigned shard, const std::string& function,
                                          std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"FCALL", redis_library().function(function), "1", redis::meta_key(shard)});
    return arguments;
  }
  [[nodiscard]] unsigned shard_of(std::uint64_t id) const { return redis::shard_of(AuctionId{id}, shards_); }

  unsigned shards_;
  std::uint64_t epoch_ = 0;
  std::int64_t bids_ = 0;
};

}  // namespace flashbid::testing
