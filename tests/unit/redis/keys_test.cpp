#include "redis/keys.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace flashbid::redis {
namespace {

// From the Redis Cluster specification ("123456789" is CRC16/XMODEM's check value) and CLUSTER KEYSLOT of Redis 7.0.
TEST(RedisKeys, SlotsAreRedisSlots) {
  EXPECT_EQ(slot_of("123456789"), 0x31C3U);
  EXPECT_EQ(slot_of("foo"), 12'182U);
  EXPECT_EQ(slot_of("bar"), 5'061U);
  EXPECT_EQ(slot_of(""), 0U);
}

TEST(RedisKeys, OnlyTheFirstFilledTagCounts) {
  EXPECT_EQ(slot_of("{user1000}.following"), slot_of("user1000"));
  EXPECT_EQ(slot_of("foo{}{bar}"), 8'363U);
  EXPECT_EQ(slot_of("foo{{bar}}zap"), slot_of("{bar"));
  EXPECT_EQ(slot_of("foo{bar}{zap}"), slot_of("bar"));
  EXPECT_NE(slot_of("foo{bar"), slot_of("bar"));
}

TEST(RedisKeys, AShardsKeysShareASlot) {
  EXPECT_EQ(shard_of(AuctionId(33), 16), 1U);
  for (const unsigned shard : {0U, 7U, 1'023U}) {
    const unsigned slot = slot_of(meta_key(shard));
    const AuctionId id(shard + 1'024);
    for (const std::string& key : {stream_key(shard), auction_key(shard, id), index_key(shard, id), due_key(shard),
                                   accepted_keys_key(shard, id), ids_key(shard, "open"), over_key(shard)}) {
      EXPECT_EQ(slot_of(key), slot) << key;
      EXPECT_TRUE(key.starts_with(meta_key(shard) + ":")) << key;
    }
  }
  EXPECT_EQ(auction_key(3, AuctionId(19)), "flashbid:{3.101}:a:19");
  EXPECT_EQ(meta_key(0), "flashbid:{0}");
  EXPECT_EQ(slot_of(last_id_key()), slot_of(meta_key(0)));
}

// By primary, of which each has as many slots as any other: how many of the first `shards` it has.
std::vector<unsigned> spread(unsigned shards, unsigned primaries) {
  std::vector<unsigned> held(primaries);
  for (unsigned shard = 0; shard < shards; ++shard) ++held[slot_of(meta_key(shard)) * primaries / slots];
  return held;
}

TEST(RedisKeys, ShardsLieEvenlyOverTheSlots) {
  for (unsigned shards = 1; shards <= max_shards; shards *= 2) {
    for (unsigned primaries = 1; primaries <= shards; primaries *= 2) {
      EXPECT_EQ(spread(shards, primaries), std::vector<unsigned>(primaries, shards / primaries)) << shards;
    }
  }
  EXPECT_EQ(spread(16, 3), (std::vector<unsigned>{5, 6, 5}));
  for (const auto [shards, primaries] : {std::pair{16U, 5U}, {24U, 6U}, {64U, 7U}, {100U, 10U}, {1'000U, 50U}}) {
    for (const unsigned held : spread(shards, primaries)) EXPECT_NEAR(held, shards / primaries, 2) << shards;
  }
}

}  // namespace
}  // namespace flashbid::redis
