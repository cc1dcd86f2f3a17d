#include "engine/redis/restored_auction.hpp"

#include <fmt/format.h>

#include <utility>

#include "engine/bid_answers.hpp"
#include "engine/redis/functions.hpp"
#include "engine/redis/rules_text.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"
#include "redis/keys.hpp"

namespace flashbid {
namespace {

std::unexpected<Error> contradiction(AuctionId auction, std::string_view what) {
  return fail(Failure::corrupt, fmt::format("the archive of auction {} contradicts itself: {}; run `flashbid verify`",
                                            auction.value(), what));
}

// "caller key fingerprint" of the operation that the event tells of; empty if it had no key.
Result<std::string> key_use_text(const Record& record, Operation operation) {
  const Result<Secret> secret = decode_secret(record.secret);
  if (!secret) return std::unexpected(secret.error());
  const auto& use = secret->key_use;
  if (!use || use->operation != operation) return std::string();
  return fmt::format("{} {} {}", use->caller.view(), use->key.view(), use->fingerprint);
}

Result<std::string> born_text(AuctionId id, std::span<const Record> beginning) {
  std::vector<DecodedEvent> first;
  for (const Record& record : beginning) {
    auto decoded = decode_event(*record.payload, record.secret);
    if (!decoded) return std::unexpected(decoded.error());
    first.push_back(std::move(*decoded));
  }
  const Result<Auction> born = as_created(id, first);
  if (!born) return std::unexpected(born.error());
  return state_text(*born, {first.front().event.at, first.front().epoch, Sequence{0}});
}

// Where the epoch of the last event began, as far back as `events` go.
Result<StoredPosition> position_of(std::span<const Record> events, Epoch epoch) {
  StoredPosition position{events.back().at, epoch, Sequence{events.front().sequence.value() - 1}};
  for (const Record& record : events) {
    const Result<DecodedEvent> decoded = decode_event(*record.payload, record.secret);
    if (!decoded) return std::unexpected(decoded.error());
    if (decoded->epoch != epoch) position.base = record.sequence;
  }
  return position;
}

}  // namespace

SeenState seen_state(std::string_view packed) {
  constexpr std::size_t sequence_field = 0;
  constexpr std::size_t epoch_field = 8;
  const auto fields = packed_fields(packed);
  return {Sequence{fields[sequence_field]}, Epoch{fields[epoch_field]}};
}

Result<redis::Command> restore_call(unsigned shard, Epoch epoch, const RestoredAuction& restored) {
  const Auction& auction = restored.archived.auction;
  const auto& events = restored.events;
  if (restored.beginning.empty() || events.empty() || events.back().sequence != auction.sequence) {
    return contradiction(auction.id, "its events do not lead to its image");
  }
  const auto born = born_text(auction.id, restored.beginning);
  if (!born) return std::unexpected(born.error());
  const auto position = position_of(events, restored.archived.epoch);
  if (!position) return std::unexpected(position.error());
  const auto create_key = key_use_text(restored.beginning.front(), Operation::create);
  if (!create_key) return std::unexpected(create_key.error());
  const auto cancel_key = key_use_text(events.back(), Operation::cancel);
  if (!cancel_key) return std::unexpected(cancel_key.error());

  const Terms& terms = *auction.terms;
  std::string public_terms;
  encode_public_terms(terms, public_terms);
  auto command = redis::function_call(function_name("restore"), redis::meta_key(shard), 11 + 4 * events.size());
  command.add(epoch.value()).add(auction.id.value()).add(public_terms).add(terms.closes_at.ms).add(rules_text(terms));
  command.add(terms.reserve ? std::to_string(terms.reserve->value()) : std::string());
  command.add(*born).add(state_text(auction, *position)).add(*create_key).add(*cancel_key);
  const SeenState& seen = restored.seen;
  command.add(seen.sequence == Sequence{0} ? std::string()
                                           : fmt::format("{} {}", seen.sequence.value(), seen.epoch.value()));
  for (const Record& record : events) {
    const Result<DecodedEvent> decoded = decode_event(*record.payload, record.secret);
    if (!decoded) return std::unexpected(decoded.error());
    command.add(decoded->epoch.value()).add(record.sequence.value()).add(*record.payload).add(record.secret);
  }
  return command.take();
}

Result<redis::Command> restore_keys_call(unsigned shard, AuctionId auction, std::span<const ArchivedBid> bids) {
  auto command = redis::function_call(function_name("restore_keys"), redis::meta_key(shard), 1 + 4 * bids.size());
  command.add(auction.value());
  for (const ArchivedBid& bid : bids) {
    const Result<Secret> secret = decode_secret(bid.secret);
    if (!secret) return std::unexpected(secret.error());
    const auto answer = answer_from_payloads(bid.payload, bid.next);
    if (!answer) return std::unexpected(answer.error());
    if (!secret->key_use) return contradiction(auction, "a keyed bid has no key");
    const KeyUse& use = *secret->key_use;
    command.add(use.caller.view()).add(use.key.view()).add(use.fingerprint).add(bid_reply_text(*answer));
  }
  return command.take();
}

redis::Command restore_ids_call(AuctionId last, std::span<const ArchivedCreation> creations) {
  auto command = redis::function_call(function_name("restore_ids"), redis::meta_key(0), 1 + 5 * creations.size());
  command.add(last.value());
  for (const ArchivedCreation& creation : creations) {
    command.add(creation.caller.view()).add(creation.key.view()).add(creation.auction.value());
    command.add(creation.fingerprint).add((creation.closes_at + effect_kept).ms);
  }
  return command.take();
}

}  // namespace flashbid
