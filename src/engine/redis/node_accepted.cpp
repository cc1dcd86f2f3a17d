// What becomes of accepted bids: when their answers leave, and what a failover took of those that have left.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "engine/redis/functions.hpp"
#include "engine/redis/node.hpp"

namespace flashbid {
namespace {

constexpr unsigned max_asks = 3;  // of one group's replicas: its connection may be on its way to another primary
constexpr std::size_t losses_at_once = 500;      // few beside what the client lets wait: bids need it
constexpr std::chrono::seconds losses_pause{1};  // if somebody did not answer

}  // namespace

// The answer leaves when the bid is as durable as it was asked to be.
void Node::acknowledge(unsigned shard, Accepted bid) {
  if (options_.durability.replicas == 0) {
    losses_.acknowledged(shard, bid.answer.auction, bid.answer.as_of_sequence, bid.answer.closes_at);
    return bid.done(bid.answer);
  }
  Replicas& replicas = replicas_[shard];
  replicas.waiting.push_back(std::move(bid));
  if (!replicas.asking) ask_replicas(shard);
}

// WAIT holds up what comes behind it on its connection, so that has one of its own. It counts the replicas that have
// received all that its connection wrote: a small write goes ahead of it, in the same piece, after the bids were
// answered. If that was not done, the count says nothing, and is asked for again.
void Node::ask_replicas(unsigned shard) {
  const std::string& key = meta_keys_[shard];
  Replicas& replicas = replicas_[shard];
  replicas.asking = true;
  if (!replicas.connection) replicas.connection = client_.dedicated(key, {});
  const auto patience = options_.replica_patience * 4;
  auto has_written = std::make_shared<bool>(false);
  auto write = redis::Command::of({"HINCRBY", key, "waits", "1"});
  replicas.connection->send(std::move(write).within(patience), [has_written](const Result<redis::Reply>& reply) {
    *has_written = reply && !reply->is_error();
  });
  auto wait = redis::Command::of(
      {"WAIT", std::to_string(options_.durability.replicas), std::to_string(options_.replica_patience.count())});
  replicas.connection->send(
      std::move(wait).within(patience),
      [this, shard, has_written, asked = std::exchange(replicas.waiting, {})](Result<redis::Reply> reply) mutable {
        Replicas& its = replicas_[shard];
        its.asking = false;
        const bool is_told = reply && *has_written;
        if (!is_told && ++its.asks < max_asks) {
          std::ranges::move(its.waiting, std::back_inserter(asked));
          its.waiting = std::move(asked);
          return ask_replicas(shard);
        }
        its.asks = 0;
        on_replicas(shard, std::move(asked),
                    is_told && reply->integer() >= static_cast<std::int64_t>(options_.durability.replicas));
        if (!its.waiting.empty()) ask_replicas(shard);
      });
}

void Node::on_replicas(unsigned shard, std::vector<Accepted> asked, bool enough) {
  const Stopwatch::time_point now = Stopwatch::now();
  for (Accepted& bid : asked) {
    if (bid.decided_at != unmeasured) counters_.bid_stages.add(BidStage::commit, now - bid.decided_at);
    if (enough && bid.epoch == admission_.epoch(shard)) {
      losses_.acknowledged(shard, bid.answer.auction, bid.answer.as_of_sequence, bid.answer.closes_at);
      bid.done(bid.answer);
      continue;
    }
    ++counters_.short_of_replicas;
    bid.done(fail(Failure::outcome_unknown,
                  fmt::format("accepted, but not {} replicas have received it in time; ask again with the same key",
                              options_.durability.replicas)));
  }
}

// A page at a time, of all shards together. Whom nobody could tell of stays suspected, and is asked for again.
void Node::count_losses(unsigned shard) {
  if (counting_ > 0 || std::chrono::steady_clock::now() < count_again_) return;
  const std::vector<LossWatch::Suspect> suspects = losses_.suspects(shard, losses_at_once);
  counting_ = suspects.size();
  for (const LossWatch::Suspect& suspect : suspects) ask_what_is_kept(shard, suspect);
}

void Node::ask_what_is_kept(unsigned shard, const LossWatch::Suspect& suspect) {
  // By field of the packed state (engine/redis/lua/store.lua).
  constexpr std::size_t sequence_field = 0;
  constexpr std::size_t epoch_field = 8;
  constexpr std::size_t base_field = 9;
  auto state = redis::Command::of({"HGET", redis::auction_key(shard, suspect.auction), "state"}).may_repeat();
  client_.send(meta_keys_[shard], std::move(state), [this, shard, suspect](Result<redis::Reply> reply) {
    if (!reply) return count_loss(shard, suspect, std::unexpected(std::move(reply.error())));
    if (reply->is_error()) return count_loss(shard, suspect, fail(Failure::internal, std::string(reply->text())));
    if (reply->is_nil() && options_.archive != nullptr) {  // it may have left Redis
      return archived_sequence(suspect.auction, [this, shard, suspect](const Result<Sequence>& archived) {
        count_loss(shard, suspect, archived);
      });
    }
    const auto fields = packed_fields(reply->text());
    // Where the shard went on from: everything above it that was acknowledged is gone.
    const bool moved_on = fields[epoch_field] >= suspect.epoch.value();
    count_loss(shard, suspect, Sequence{fields[moved_on ? base_field : sequence_field]});
  });
}

void Node::count_loss(unsigned shard, const LossWatch::Suspect& suspect, const Result<Sequence>& kept) {
  --counting_;
  if (!kept) {
    count_again_ = std::chrono::steady_clock::now() + losses_pause;
    return;
  }
  if (!losses_.clear(shard, suspect) || *kept >= suspect.acknowledged) return;
  const std::uint64_t lost = suspect.acknowledged.value() - kept->value();
  counters_.lost += lost;
  if (!options_.on_notice) return;
  options_.on_notice(
      fmt::format("auction {}: events {} to {} were acknowledged by this node and are lost: the new "
                  "primary of shard {} did not have them",
                  suspect.auction.value(), kept->value() + 1, suspect.acknowledged.value(), shard));
}

}  // namespace flashbid
