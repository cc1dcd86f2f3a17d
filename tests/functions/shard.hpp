// One shard on a live Redis, asked through the real functions: what the tests of the library stand on. One thread.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "auction/decide.hpp"
#include "engine/redis/library.hpp"
#include "engine/redis/rules_text.hpp"
#include "ledger/event_codec.hpp"
#include "support/auctions.hpp"
#include "support/redis_connection.hpp"
#include "support/redis_server.hpp"

namespace flashbid::functions {

using testing::RedisConnection;
using testing::RedisServer;
using testing::RedisValue;

inline constexpr std::int64_t day_ms = 86'400'000;

inline std::string text(std::uint64_t number) { return std::to_string(number); }
inline std::string ms(Timestamp time) { return std::to_string(time.ms); }

inline std::string image_of(const Auction& auction) {
  std::string image;
  encode_image(auction, image);
  return image;
}

// A Redis with an empty shard `flashbid:{0}`, admitted in epoch 1, for each test; one server for the whole program.
class Shard : public ::testing::Test {
 protected:
  static constexpr auto key = "flashbid:{0}";

  void SetUp() override {
    ASSERT_EQ(redis().ask({"FLUSHALL"}).text, "OK");
    redis().ask({"FUNCTION", "FLUSH"});
    ASSERT_EQ(redis().ask({"FUNCTION", "LOAD", redis_library().text}).text, redis_library().name);
    ASSERT_EQ(call("admit", {"run-1", "", "1", "16"}).text, "ok");
  }

  static RedisServer& server() {
    static RedisServer server({.appendonly = false, .appendfsync = "no", .more = {}});
    return server;
  }
  static RedisConnection& redis() {
    static RedisConnection connection(server().port());
    return connection;
  }

  static RedisValue call(const std::string& function, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"FCALL", redis_library().function(function), "1", key});
    return redis().ask(arguments);
  }

  // Redis's clock.
  static Timestamp now() {
    const RedisValue time = redis().ask({"TIME"});
    return Timestamp{std::stoll(time.items[0].text) * 1'000 + std::stoll(time.items[1].text) / 1'000};
  }

  // Opening price 10000, steps of 100, open since a second and for an hour.
  static Terms open_terms() {
    Terms terms = support::plain_terms();
    terms.opens_at = now() - Duration{1'000};
    terms.closes_at = now() + Duration{3'600'000};
    return terms;
  }

  static RedisValue create(std::uint64_t id, const Terms& terms, const std::string& caller = "",
                           const std::string& used_key = "", const std::string& fingerprint = "",
                           const std::string& epoch = "1", const std::string& by = "") {
    std::string public_terms;
    encode_public_terms(terms, public_terms);
    Secret secret{.reserve = terms.reserve, .key_use = {}, .by = BidderId::from(by).value()};
    if (!used_key.empty()) {
      secret.key_use = KeyUse{.operation = Operation::create,
                              .caller = support::bidder(caller),
                              .key = parse_idempotency_key(used_key).value(),
                              .fingerprint = fingerprint};
    }
    return call("create", {epoch, text(id), public_terms, ms(terms.opens_at), ms(terms.closes_at), rules_text(terms),
                           encode_secret(secret), caller, used_key, fingerprint});
  }

  static RedisValue bid(std::uint64_t id, const std::string& bidder, std::int64_t amount,
                        const std::string& used_key = "", const std::string& epoch = "1") {
    return call("bid", {epoch, text(id), bidder, std::to_string(amount), used_key});
  }

  // The answer to a bid that Redis is to take or reject.
  static BidReply answer(std::uint64_t id, const std::string& bidder, std::int64_t amount,
                         const std::string& used_key = "") {
    const RedisValue reply = Shard::bid(id, bidder, amount, used_key);
    EXPECT_FALSE(reply.error) << reply;
    const auto read = read_bid_reply_in_full(reply.text, AuctionId{id}, support::bid(bidder, amount));
    EXPECT_TRUE(read) << reply;
    return read.value_or(BidReply{});
  }

  static RedisValue cancel(std::uint64_t id, const std::string& caller = "", const std::string& used_key = "",
                           const std::string& fingerprint = "", const std::string& secret = "") {
    return call("cancel", {"1", text(id), caller, used_key, fingerprint, secret});
  }

  static Auction view(std::uint64_t id) {
    const RedisValue reply = call("view", {text(id), "", "0"});
    EXPECT_EQ(reply.items.size(), 3U) << reply;
    return reply.items.size() == 3 ? decode_image(reply.items[1].text).value() : Auction{};
  }

  // Makes the auction as if it had been so all along, by moving what its state says: "closes_at" and "last_at".
  static void set_state(const Auction& auction, const StoredPosition& position) {
    redis().ask({"HSET", auction_key(auction.id.value()), "state", state_text(auction, position)});
  }

  static std::string auction_key(std::uint64_t id) { return std::string(key) + ":a:" + text(id); }
  static std::string suffixed(const std::string& suffix) { return std::string(key) + ":" + suffix; }

  // The shard's whole stream, decoded: each event with its fields a, e, s.
  struct Entry {
    std::map<std::string, std::string> fields;
    DecodedEvent decoded;
    std::string id;
  };
  static std::vector<Entry> stream() {
    std::vector<Entry> entries;
    for (const RedisValue& item : redis().ask({"XRANGE", suffixed("stream"), "-", "+"}).items) {
      Entry entry;
      entry.id = item.items[0].text;
      const auto& fields = item.items[1].items;
      for (std::size_t i = 0; i + 1 < fields.size(); i += 2) entry.fields[fields[i].text] = fields[i + 1].text;
      const auto secret = entry.fields.find("x");
      auto decoded = decode_event(entry.fields.at("p"), secret == entry.fields.end() ? "" : secret->second);
      EXPECT_TRUE(decoded) << entry.fields.at("p");
      if (decoded) entry.decoded = std::move(*decoded);
      entries.push_back(std::move(entry));
    }
    return entries;
  }

  static void expect_error(const RedisValue& reply, const std::string& code) {
    EXPECT_TRUE(reply.error) << reply;
    EXPECT_EQ(reply.text.substr(0, reply.text.find(' ')), code) << reply;
  }
};

}  // namespace flashbid::functions
