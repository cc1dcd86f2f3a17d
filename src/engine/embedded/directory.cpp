#include "engine/embedded/directory.hpp"

#include <utility>

#include "engine/refusals.hpp"

namespace flashbid {

void Directory::note_id(AuctionId id) {
  if (id < first_explicit_only_id && id > last_id_) last_id_ = id;
}

void Directory::restore(AuctionId created, const std::optional<KeyUse>& key_use) {
  note_id(created);
  if (!key_use) return;
  by_key_[{key_use->operation, key_use->caller, key_use->key}] = {key_use->fingerprint, created, true, {}};
}

void Directory::create(CreateRequest request, AuctionDone done) {
  if (!request.key_use) return create_new(std::move(request), std::move(done));
  const CallerKey key{Operation::create, request.key_use->caller, request.key_use->key};
  auto known = by_key_.find(key);
  if (known == by_key_.end()) {
    const Result<std::optional<StoredAnswer>> stored =
        reader_->answer(Operation::create, AuctionId{0}, key.caller, key.key);
    if (!stored) return done(std::unexpected(stored.error()));
    if (*stored) known = by_key_.emplace(key, Creation{(*stored)->fingerprint, (*stored)->auction, true, {}}).first;
  }
  if (known == by_key_.end()) {
    by_key_[key] = {request.key_use->fingerprint, AuctionId{0}, false, {}};
    return create_new(std::move(request), [this, key, done = std::move(done)](Result<AuctionView> created) mutable {
      finish(key, created);
      done(std::move(created));
    });
  }
  Creation& creation = known->second;
  const bool reused = creation.fingerprint != request.key_use->fingerprint;
  if (!creation.durable) {
    // Neither the auction nor a refusal is told before the creation is durable (INV-2).
    creation.waiting.emplace_back([reused, key = key.key, done = std::move(done)](Result<AuctionView> created) mutable {
      if (created && reused) return done(std::unexpected(key_reused(key)));
      done(std::move(created));
    });
    return;
  }
  if (reused) return done(std::unexpected(key_reused(key.key)));
  shards_.read_as_created(creation.auction, std::move(done));
}

void Directory::create_new(CreateRequest request, AuctionDone done) {
  if (!request.id && last_id_.next() >= first_explicit_only_id) {
    return done(std::unexpected(no_id_is_left()));
  }
  const AuctionId id = request.id ? *request.id : last_id_.next();
  note_id(id);
  shards_.create(id, std::move(request), std::move(done));
}

void Directory::finish(const CallerKey& key, const Result<AuctionView>& created) {
  const auto known = by_key_.find(key);
  std::vector<AuctionDone> waiting = std::move(known->second.waiting);
  if (created) {
    known->second.auction = created->auction.id;
    known->second.durable = true;
  } else {
    by_key_.erase(known);  // only decisions are remembered
  }
  for (AuctionDone& done : waiting) done(created);
}

}  // namespace flashbid
