// The names of a shard's keys. All of a shard share one hash tag, so that one slot of a cluster holds them; the tags
// are chosen so that shards lie evenly over the slots: {0}, {1.723}, {2.1071} … Shard 0's is plain, for it is asked how
// many shards there are. Any thread. The same names stand in engine/redis/lua/store.lua.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.hpp"

namespace flashbid::redis {

inline constexpr unsigned slots = 16'384;
inline constexpr unsigned default_shards = 16;
inline constexpr unsigned max_shards = 1'024;

[[nodiscard]] constexpr unsigned shard_of(AuctionId id, unsigned shards) {
  return static_cast<unsigned>(id.value() % shards);
}

[[nodiscard]] std::string meta_key(unsigned shard);  // hash: format, shards, epoch, incarnation
// A key that is never written. Every call of a function names it beside the meta key: while a slot of a cluster moves,
// Redis refuses what names a key that is not there (TRYAGAIN), so that no function ever sees a part of its shard.
[[nodiscard]] std::string never_key(std::string_view meta_key);
[[nodiscard]] std::string stream_key(unsigned shard);                       // stream: the ledger
[[nodiscard]] std::string auction_key(unsigned shard, AuctionId id);        // hash
[[nodiscard]] std::string index_key(unsigned shard, AuctionId id);          // list: stream ids of the auction's events
[[nodiscard]] std::string accepted_keys_key(unsigned shard, AuctionId id);  // hash: accepted bids' idempotency keys
[[nodiscard]] std::string due_key(unsigned shard);                          // zset: id -> next boundary (ms)
[[nodiscard]] std::string ids_key(unsigned shard, std::string_view state);  // zset: ids in that state
[[nodiscard]] std::string over_key(unsigned shard);                         // zset: id -> when it was over (ms)
[[nodiscard]] std::string lease_key(unsigned shard, std::string_view group);  // hash: owner, until (ms), token
[[nodiscard]] std::string workers_key(std::string_view group);  // zset, on shard 0: worker -> alive until (ms)
[[nodiscard]] std::string last_id_key();                        // hash, on shard 0

// The cluster's slot of a key: CRC16 (XMODEM) of what stands between the first { and the next }, if anything does,
// otherwise of the whole key; modulo 16384.
[[nodiscard]] unsigned slot_of(std::string_view key);

}  // namespace flashbid::redis
