#include "redis/keys.hpp"

#include <gtest/gtest.h>

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
  EXPECT_EQ(auction_key(3, AuctionId(19)), "flashbid:{3}:a:19");
  EXPECT_EQ(slot_of(last_id_key()), slot_of(meta_key(0)));
}

}  // namespace
}  // namespace flashbid::redis
