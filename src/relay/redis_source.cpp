#include "relay/redis_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/whole_number.hpp"
#include "ledger/record_of_event.hpp"
#include "redis/keys.hpp"
#include "redis/meta.hpp"
#include "redis/stream_entry.hpp"
#include "redis/topology.hpp"

namespace flashbid {
namespace {

// Scripts, each one moment of one server, which say what a full Redis has to know: that they write nothing, or little
// (it refuses transactions, and all else that might).

// The stream's reader. XINFO is an error, and an element of the answer, where there is no stream yet.
constexpr std::string_view look_at = R"lua(#!lua flags=no-writes
return {
  redis.call('INFO', 'server'),
  redis.call('HMGET', KEYS[2], 'epoch', 'incarnation', ARGV[1]),
  redis.pcall('XINFO', 'STREAM', KEYS[1]),
  redis.pcall('XINFO', 'GROUPS', KEYS[1]),
}
)lua";

constexpr std::string_view create_group = R"lua(#!lua flags=allow-oom
return redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], '0', 'MKSTREAM', 'ENTRIESREAD', ARGV[2])
)lua";

constexpr std::string_view create_group_anew = R"lua(#!lua flags=allow-oom
redis.call('XGROUP', 'DESTROY', KEYS[1], ARGV[1])
return redis.call('XGROUP', 'CREATE', KEYS[1], ARGV[1], ARGV[2])
)lua";

// The group is moved only on the server that the entries were read from: on a new primary they may be missing, and
// their ids be given to others.
constexpr std::string_view move_group = R"lua(#!lua flags=allow-oom
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

Epoch epoch_of(const redis::Reply& entry) { return Epoch{whole_number(redis::entry_fields(entry).epoch).value_or(0)}; }

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

// Entries through a script cost Redis three times what they cost without. So they are read before the look, and count
// if one server has answered both and what was asked before them: what it had then it has at the look, for entries do
// not change, and who trims has stored them under a lease that was taken from us. A redirected read may come after the
// look: then its entries may be of a later epoch.
Result<RedisSource::Look> RedisSource::look(std::size_t entries) {
  std::vector<redis::Command> commands;
  if (entries > 0) {
    commands.push_back(redis::Command::of({"INFO", "server"}).may_repeat());
    commands.push_back(redis::Command::of({"XRANGE", stream_key_, "(" + to_text(at_.value_or(StreamId{})), "+", "COUNT",
                                           std::to_string(entries)})
                           .may_repeat());
  }
  commands.push_back(
      redis::Command::of({"EVAL_RO", look_at, "2", stream_key_, meta_key_, redis::archived_field}).may_repeat());
  auto replies = ledger_->ask(stream_key_, std::move(commands));
  if (!replies) return std::unexpected(std::move(replies.error()));
  const auto told = replies->back().elements();
  if (told.size() != 4)
    return fail(Failure::internal, fmt::format("a look was answered with: {}", replies->back().text()));
  const auto meta = told[1].elements();
  Look look;
  look.run_id = redis::property_of(told[0].text(), "run_id");
  if (meta.size() != 3 || meta[0].is_nil()) return not_there();
  look.epoch = Epoch{whole_number(meta[0].text()).value_or(0)};
  look.admitted = !look.run_id.empty() && look.run_id == meta[1].text();
  look.marked = !meta[2].is_nil();
  look.extent = extent_of(told[2]);
  look.groups = groups_of(told[3]);
  if (entries == 0) return look;
  if (redis::property_of(replies->front().text(), "run_id") != look.run_id) {
    return fail(Failure::unavailable, fmt::format("shard {} has another primary since a moment ago", shard_));
  }
  look.entries = std::move((*replies)[1]);
  if (const auto read = look.entries.elements(); !read.empty() && epoch_of(read.back()) > look.epoch) {
    return fail(Failure::unavailable, fmt::format("shard {} has had a new epoch while it was read", shard_));
  }
  return look;
}

const StreamGroup* RedisSource::own_group(const Look& look) const {
  const auto own = std::ranges::find(look.groups, options_.group, &StreamGroup::name);
  return own == look.groups.end() ? nullptr : &*own;
}

Result<SourceBatch> RedisSource::read(std::size_t max) {
  constexpr int most_turns = 4;
  for (int turn = 0; turn < most_turns; ++turn) {
    const auto look = this->look(at_ ? max : 0);
    if (!look) return std::unexpected(look.error());
    if (!look->admitted) {
      return fail(Failure::unavailable, fmt::format("shard {} waits for a node to admit its new primary", shard_));
    }
    const StreamGroup* group = own_group(*look);
    if (options_.lets_go && !look->marked) {
      const auto marked = ledger_->ask(stream_key_, redis::mark_archived(shard_));
      if (!marked) return std::unexpected(marked.error());
    }
    if (group == nullptr) {
      if (auto made = make_group(look->extent); !made) return std::unexpected(std::move(made.error()));
      at_.reset();
    } else if (group->pending > 0) {
      if (auto reclaimed = reclaim(*group); !reclaimed) return std::unexpected(std::move(reclaimed.error()));
      at_.reset();
    } else if (!at_ || *at_ != group->delivered) {
      at_ = group->delivered;
    } else {
      return batch_of(*look, *group, max);
    }
  }
  return fail(Failure::unavailable, fmt::format("shard {}: somebody else reads as group {}; give it a name of its own",
                                                shard_, options_.group));
}

Result<SourceBatch> RedisSource::batch_of(const Look& look, const StreamGroup& group, std::size_t max) {
  SourceBatch batch;
  batch.epoch = look.epoch;
  const auto entries = look.entries.elements();
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
  entries_read_ = group.entries_read;
  const auto lag = group.lag;
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
  if (!whole_number(fields.auction) || !whole_number(fields.sequence) || !whole_number(fields.epoch)) {
    return refuse("its a, e and s are not all numbers");
  }
  // The rest of the payload is read by whoever stores it, which names the auction's event.
  auto record = record_of_event(std::string(fields.payload), std::string(fields.secret));
  const std::string named =
      fmt::format(R"({{"auction_id":{},"epoch":{},"sequence":{},)", fields.auction, fields.epoch, fields.sequence);
  if (!fields.payload.starts_with(named)) return refuse("its payload is not the event that a, e and s name");
  if (!record) return refuse("its payload is no event: " + record.error().detail);
  return record;
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
  const auto made =
      ledger_->ask(stream_key_, redis::Command::of({"EVAL", create_group, "1", stream_key_, options_.group, read}));
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
  const auto done =
      ledger_->ask(stream_key_, redis::Command::of({"EVAL", create_group_anew, "1", stream_key_, group.name, from}));
  if (!done) return std::unexpected(done.error());
  return {};
}

Result<Waiting> RedisSource::waiting() {
  const auto look = this->look(0);
  if (!look) return std::unexpected(look.error());
  Waiting waiting{look->extent.length, {}};
  StreamId from;
  if (const StreamGroup* group = own_group(*look); group != nullptr) {
    from = group->delivered;
    waiting.events = group->lag.value_or(waiting.events);
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
