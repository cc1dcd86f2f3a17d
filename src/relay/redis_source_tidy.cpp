// Letting go: what every reader of the shard's stream has stored leaves Redis, in slices.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/system_clock.hpp"
#include "base/whole_number.hpp"
#include "ledger/history_step.hpp"
#include "redis/function_call.hpp"
#include "redis/keys.hpp"
#include "relay/redis_source.hpp"

namespace flashbid {
namespace {

constexpr std::size_t auctions_a_slice = 100;

}  // namespace

Result<bool> RedisSource::tidy(std::size_t events) {
  if (!options_.lets_go) return false;
  const auto look = this->look(0);
  if (!look) return std::unexpected(look.error());
  const auto stored = stored_by_all(look->groups);
  if (!stored) return std::unexpected(stored.error());
  const auto more_events = trim(events, *stored, look->extent.length);
  if (!more_events) return more_events;
  const auto more_auctions = forget(*stored);
  if (!more_auctions) return more_auctions;
  return *more_events || *more_auctions;
}

// The last entry that no group needs any more. Without our own there is none: it has to be made first.
Result<StreamId> RedisSource::stored_by_all(const std::vector<StreamGroup>& groups) {
  if (std::ranges::find(groups, options_.group, &StreamGroup::name) == groups.end()) return StreamId{};
  std::optional<StreamId> stored;
  for (const StreamGroup& group : groups) {
    StreamId done = group.delivered;
    if (group.pending > 0) {
      const auto pending = ledger_->ask(stream_key_, redis::Command::of({"XPENDING", stream_key_, group.name}));
      if (!pending) return std::unexpected(pending.error());
      const auto first = pending->elements().size() < 2 ? std::nullopt : StreamId::parse(pending->elements()[1].text());
      if (first) done = std::min(done, first->before());
    }
    stored = std::min(stored.value_or(done), done);
  }
  return *stored;
}

Result<bool> RedisSource::trim(std::size_t events, StreamId stored, std::uint64_t length) {
  if (length <= options_.keep_events) return false;
  const std::uint64_t most = std::min<std::uint64_t>(events, length - options_.keep_events);
  const auto oldest =
      ledger_->ask(stream_key_, redis::Command::of({"XRANGE", stream_key_, "-", "+", "COUNT", std::to_string(most)}));
  if (!oldest) return std::unexpected(oldest.error());
  std::vector<Record> records;
  std::vector<StreamId> ids;
  for (const redis::Reply& entry : oldest->elements()) {
    const auto id = entry.elements().empty() ? std::nullopt : StreamId::parse(entry.elements()[0].text());
    if (!id || *id > stored) break;
    auto record = record_of(entry);
    if (!record) return std::unexpected(std::move(record.error()));
    records.push_back(std::move(*record));
    ids.push_back(*id);
  }
  const std::size_t going = options_.count_archived ? options_.count_archived(records) : records.size();
  if (going == 0) return false;
  std::map<std::uint64_t, std::uint64_t> last;  // by auction: its last event that goes
  for (const Record& record : std::span(records).first(going)) last[record.auction.value()] = record.sequence.value();
  const StreamId newest = ids[going - 1];
  auto command = redis::function_call(options_.trim_function, meta_key_, 1 + 2 * last.size());
  command.add(to_text(newest.after()));
  for (const auto& [auction, sequence] : last) command.add(auction).add(sequence);
  const auto trimmed = ledger_->ask(stream_key_, command.take());
  if (!trimmed) return std::unexpected(trimmed.error());
  return most == events && going == records.size() && newest < stored;
}

// What has been over for so long that its keys do not count any more (the function `forget` checks it itself), and
// whose last event is stored by all. The archive has its keys for as long as they count.
Result<bool> RedisSource::forget(StreamId stored) {
  const std::string until = std::to_string((SystemClock().now() - effect_kept).ms);
  const auto over =
      ledger_->ask(stream_key_, redis::Command::of({"ZRANGE", redis::over_key(shard_), "-inf", until, "BYSCORE",
                                                    "LIMIT", "0", std::to_string(auctions_a_slice)}));
  if (!over) return std::unexpected(over.error());
  std::vector<std::uint64_t> ids;
  std::vector<redis::Command> commands;
  for (const redis::Reply& member : over->elements()) {
    const auto id = whole_number(member.text());
    if (!id) continue;
    ids.push_back(*id);
    commands.push_back(redis::Command::of({"LINDEX", redis::index_key(shard_, AuctionId{*id}), "-1"}));
  }
  if (ids.empty()) return false;
  const auto newest = ledger_->ask(stream_key_, std::move(commands));
  if (!newest) return std::unexpected(newest.error());
  std::vector<std::uint64_t> gone;
  for (std::size_t k = 0; k < ids.size(); ++k) {
    const redis::Reply& last = (*newest)[k];  // nil = all of it was trimmed
    const auto id = StreamId::parse(last.text());
    if (!last.is_nil()) {
      if (!id || *id > stored) continue;
      const auto archived = is_archived(*id);
      if (!archived) return std::unexpected(archived.error());
      if (!*archived) continue;
    }
    gone.push_back(ids[k]);
  }
  if (gone.empty()) return false;
  auto command = redis::function_call(options_.forget_function, meta_key_, gone.size());
  for (const std::uint64_t id : gone) command.add(id);
  const auto forgotten = ledger_->ask(stream_key_, command.take());
  if (!forgotten) return std::unexpected(forgotten.error());
  return ids.size() == auctions_a_slice && forgotten->integer() > 0;
}

// It is stored.
Result<bool> RedisSource::is_archived(StreamId entry) {
  if (!options_.count_archived) return true;
  const std::string id = to_text(entry);
  const auto found = ledger_->ask(stream_key_, redis::Command::of({"XRANGE", stream_key_, id, id}));
  if (!found) return std::unexpected(found.error());
  if (found->elements().empty()) return false;  // trimmed just now: the next look finds it so
  const auto record = record_of(found->elements()[0]);
  if (!record) return std::unexpected(record.error());
  return options_.count_archived({&*record, 1}) == 1;
}

}  // namespace flashbid
