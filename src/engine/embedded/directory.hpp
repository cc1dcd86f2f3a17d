// Hands out auction ids and remembers under which idempotency keys auctions were created. Lives on loop 0.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "engine/embedded/remembered.hpp"
#include "engine/engine.hpp"
#include "ledger/ledger.hpp"

namespace flashbid {

// Ids from here on are never picked by the engine, so that an explicit one cannot use all others up.
inline constexpr AuctionId first_explicit_only_id{std::uint64_t{1} << 52};

class Directory {
 public:
  // How to reach the auction's shard; `done` comes back on loop 0.
  struct Shards {
    std::function<void(AuctionId, CreateRequest, AuctionDone)> create;
    std::function<void(AuctionId, AuctionDone)> read_as_created;
  };

  Directory(std::unique_ptr<LedgerReader> reader, Shards shards)
      : reader_(std::move(reader)), shards_(std::move(shards)) {}

  // Start-up: a creation that the journal holds, and the highest id that history knows.
  void restore(AuctionId created, const std::optional<KeyUse>& key_use);

  void create(CreateRequest request, AuctionDone done);

 private:
  struct Creation {
    std::string fingerprint;
    AuctionId auction;
    bool durable = false;
    std::vector<AuctionDone> waiting;  // for the same key, until it is durable
  };

  void create_new(CreateRequest request, AuctionDone done);
  void finish(const CallerKey& key, const Result<AuctionView>& created);
  void note_id(AuctionId id);

  std::unique_ptr<LedgerReader> reader_;
  Shards shards_;
  AuctionId last_id_;
  std::unordered_map<CallerKey, Creation, CallerKeyHash> by_key_;
};

}  // namespace flashbid
