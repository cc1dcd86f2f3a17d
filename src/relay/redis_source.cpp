#include "relay/redis_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/time.hpp"
#include "redis/keys.hpp"
#include "redis/meta.hpp"
#include "redis/stream_entry.hpp"
#include "redis/topology.hpp"

namespace flashbid {
namespace {

// The group is moved only on the server that the entries were read from: on a new primary they may be missing, and
// their ids be given to others.
constexpr std::string_view move_group = R"lua(
if not string.find(redis.call('INFO', 'server'), 'run_id:' .. ARGV[1], 1, true) then
  return 0
end
if ARGV[4] == '' then
  redis.call('XGROUP', 'SETID', KEYS[1], ARGV[2], ARGV[3])
else
  redis.call('XGROUP', 'SETID', KEYS[1], ARGV[2], ARGV[3], 'ENTRIESREAD', ARGV[4])
end
return 1
)lua";

// Its own text for a moment: `"at":"2026-01-31T08:00:00.000Z"}` ends every event's payload.
std::optional<Timestamp> moment_of(std::string_view payload) {
  constexpr std::string_view before = R"("at":")";
  constexpr std::string_view behind = R"("})";
  constexpr std::size_t size = before.size() + timestamp_text_size + behind.size();
  if (payload.size() < size || !payload.ends_with(behind)) return std::nullopt;
  const std::string_view end = payload.substr(payload.size() - size);
  if (!end.starts_with(before)) return std::nullopt;
  return parse_timestamp(end.substr(before.size(), timestamp_text_size));
}

}  // namespace

RedisSource::RedisSource(std::shared_ptr<RedisLedger> ledger, unsigned shard, RedisSourceOptions options)
    : ledger_(std::move(ledger)),
      shard_(shard),
      options_(std::move(options)),
      meta_key_(redis::meta_key(shard)),
      stream_key_(redis::stream_key(shard)) {}

Result<void> RedisSource::begin(std::string_view position) {
  position_ = position;
  at_.reset();
  unstored_ = 0;
  return {};
}

std::unexpected<Error> RedisSource::not_there() const {
  return fail(Failure::unavailable, fmt::format("shard {} is not in this Redis, which is empty: start a node on it, or "
                                                "bring its data back (flashbid restore)",
                                                shard_));
}

Result<RedisSource::Look> RedisSource::look(std::size_t max) {
  const std::string from = "(" + to_text(at_.value_or(StreamId{}));
  auto reply =
      ledger_->transact(stream_key_, {{"INFO", "server"},
                                      {"HMGET", meta_key_, "epoch", "incarnation", redis::archived_field},
                                      {"XINFO", "STREAM", stream_key_},
                                      {"XINFO", "GROUPS", stream_key_},
                                      {"XRANGE", stream_key_, from, "+", "COUNT", std::to_string(at_ ? max : 1)}});
  if (!reply) return std::unexpected(std::move(reply.error()));
  const auto told = reply->elements();
  const auto meta = told[1].elements();
  Look look;
  look.run_id = redis::property_of(told[0].text(), "run_id");
  if (meta.size() != 3 || meta[0].is_nil()) return not_there();
  look.epoch = Epoch{whole_number(meta[0].text()).value_or(0)};
  if (look.run_id.empty() || look.run_id != meta[1].text()) {
    return fail(Failure::unavailable, fmt::format("shard {} waits for a node to admit its new primary", shard_));
  }
  look.marked = !meta[2].is_nil();
  look.extent = extent_of(told[2]);
  for (StreamGroup& group : groups_of(told[3])) {
    if (group.name == options_.group) look.group = std::move(group);
  }
  look.reply = std::move(*reply);
  return look;
}

Result<SourceBatch> RedisSource::read(std::size_t max) {
  constexpr int most_turns = 4;
  for (int turn = 0; turn < most_turns; ++turn) {
    const auto look = this->look(max);
    if (!look) return std::unexpected(look.error());
    if (!look->marked) {
      const auto marked = ledger_->ask(stream_key_, redis::mark_archived(shard_));
      if (!marked) return std::unexpected(marked.error());
    }
    if (!look->group) {
      if (auto made = make_group(look->extent); !made) return std::unexpected(std::move(made.error()));
      at_.reset();
    } else if (look->group->pending > 0) {
      if (auto reclaimed = reclaim(*look->group); !reclaimed) return std::unexpected(std::move(reclaimed.error()));
      at_.reset();
    } else if (!at_ || *at_ != look->group->delivered) {
      at_ = look->group->delivered;
    } else {
      return batch_of(*look, max);
    }
  }
  return fail(Failure::unavailable, fmt::format("shard {}: somebody else reads as group {}; give it a name of its own",
                                                shard_, options_.group));
}

Result<SourceBatch> RedisSource::batch_of(const Look& look, std::size_t max) {
  SourceBatch batch;
  batch.epoch = look.epoch;
  const auto entries = look.reply.elements().back().elements();
  batch.records.reserve(entries.size());
  for (const redis::Reply& entry : entries) {
    auto record = record_of(entry);
    if (!record) return std::unexpected(std::move(record.error()));
    batch.records.push_back(std::move(*record));
  }
  if (!entries.empty()) position_ = redis::entry_fields(entries.back()).id;
  batch.position = position_;
  unstored_ = entries.size();
  run_id_ = look.run_id;
  entries_read_ = look.group->entries_read;
  const auto lag = look.group->lag;
  if (!entries_read_ && lag && look.extent.added >= *lag) entries_read_ = look.extent.added - *lag;
  if (unstored_ < max) return batch;
  // Where Redis does not know how many are behind, it is as many as there are, at most.
  const std::uint64_t waiting = lag.value_or(look.extent.length);
  batch.behind = waiting - std::min(waiting, unstored_);
  return batch;
}

Result<Record> RedisSource::record_of(const redis::Reply& entry) const {
  const redis::EntryFields fields = redis::entry_fields(entry);
  const auto refuse = [&](std::string_view why) {
    return fail(Failure::corrupt, fmt::format("shard {}, stream entry {}: {}", shard_, fields.id, why));
  };
  const auto auction = whole_number(fields.auction);
  const auto sequence = whole_number(fields.sequence);
  if (!auction || !sequence || !whole_number(fields.epoch)) return refuse("its a, e and s are not all numbers");
  // The rest of the payload is read by whoever stores it, which names the auction's event.
  const std::string begin = fmt::format(R"({{"auction_id":{},"epoch":{},"sequence":{},"event":")", fields.auction,
                                        fields.epoch, fields.sequence);
  if (!fields.payload.starts_with(begin)) return refuse("its payload is not the event that a, e and s name");
  const auto at = moment_of(fields.payload);
  if (!at) return refuse("its payload does not end with the event's moment");
  return Record{.auction = AuctionId{*auction},
                .sequence = Sequence{*sequence},
                .kind = RecordKind::event,
                .at = *at,
                .payload = std::make_shared<const std::string>(fields.payload),
                .secret = std::string(fields.secret)};
}

Result<void> RedisSource::stored(std::string_view position) {
  if (unstored_ == 0) return {};
  const auto reached = StreamId::parse(position);
  if (!reached) return fail(Failure::internal, fmt::format("\"{}\" is no stream id", position));
  const std::string read = entries_read_ ? std::to_string(*entries_read_ + unstored_) : std::string();
  const auto moved = ledger_->ask(
      stream_key_, redis::Command::of({"EVAL", move_group, "1", stream_key_, run_id_, options_.group, position, read}));
  // If it was not done, these entries are read and stored again, to no effect.
  unstored_ = 0;
  if (!moved) return std::unexpected(moved.error());
  if (moved->integer() == 1) at_ = *reached;
  return {};
}

// Before the first event, whatever has been trimmed counts as read.
Result<void> RedisSource::make_group(const StreamExtent& extent) {
  const std::string read = std::to_string(extent.added - std::min(extent.added, extent.length));
  const auto made = ledger_->ask(stream_key_, redis::Command::of({"XGROUP", "CREATE", stream_key_, options_.group, "0",
                                                                  "MKSTREAM", "ENTRIESREAD", read}));
  // Another relay was faster.
  if (!made && made.error().detail.find("BUSYGROUP") == std::string::npos) return std::unexpected(made.error());
  return {};
}

// Entries that somebody was given by XREADGROUP and has not told as done: the group goes back to before the first of
// them, with nobody's name on any. The shard's lease is ours.
Result<void> RedisSource::reclaim(const StreamGroup& group) {
  const auto pending = ledger_->ask(stream_key_, redis::Command::of({"XPENDING", stream_key_, group.name}));
  if (!pending) return std::unexpected(pending.error());
  const auto first = pending->elements().size() < 2 ? std::nullopt : StreamId::parse(pending->elements()[1].text());
  const std::string from = to_text(std::min(first.value_or(group.delivered).before(), group.delivered));
  const auto done = ledger_->transact(stream_key_, {{"XGROUP", "DESTROY", stream_key_, group.name},
                                                    {"XGROUP", "CREATE", stream_key_, group.name, from}});
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<Waiting> RedisSource::waiting() {
  const auto told =
      ledger_->transact(stream_key_, {{"XINFO", "STREAM", stream_key_}, {"XINFO", "GROUPS", stream_key_}});
  if (!told) return std::unexpected(told.error());
  Waiting waiting{extent_of(told->elements()[0]).length, {}};
  StreamId from;
  for (const StreamGroup& group : groups_of(told->elements()[1])) {
    if (group.name != options_.group) continue;
    from = group.delivered;
    waiting.events = group.lag.value_or(waiting.events);
  }
  waiting.events -= std::min(waiting.events, unstored_);
  if (waiting.events == 0 || unstored_ > 0) return waiting;
  const auto first =
      ledger_->ask(stream_key_, redis::Command::of({"XRANGE", stream_key_, "(" + to_text(from), "+", "COUNT", "1"}));
  if (!first) return std::unexpected(first.error());
  if (first->elements().empty()) return waiting;
  if (const auto record = record_of(first->elements()[0]); record) waiting.oldest = record->at;
  return waiting;
}

}  // namespace flashbid
