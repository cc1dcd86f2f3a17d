#include "engine/redis/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/redis/functions.hpp"
#include "ledger/history_step.hpp"
#include "ledger/replay.hpp"
#include "redis/keys.hpp"
#include "redis/meta.hpp"
#include "redis/stream_entry.hpp"

namespace flashbid {
namespace {

using redis::Command;
using redis::Reply;

constexpr std::size_t page = 1'000;

std::unexpected<Error> violation(AuctionId id, std::string_view why) {
  return fail(Failure::corrupt, fmt::format("auction {}: {}", id.value(), why));
}

// A reply that is not what was asked for.
Result<Reply> expected(Result<Reply> reply, bool is_array) {
  if (!reply) return reply;
  if (reply->is_error()) return fail(Failure::invalid, fmt::format("Redis: {}", reply->text()));
  if (reply->is_array() != is_array) return fail(Failure::internal, "Redis answered in a form that is not known");
  return reply;
}

// One entry of a stream, as a record of the ledger.
struct Entry {
  std::string id;
  Record record;
  Epoch epoch;
};

Result<Entry> read_entry(const Reply& stored) {
  const redis::EntryFields fields = redis::entry_fields(stored);
  if (fields.payload.empty()) return fail(Failure::corrupt, fmt::format("entry {} has no payload", fields.id));
  Entry entry;
  entry.id = std::string(fields.id);
  entry.epoch = Epoch{to_number(fields.epoch)};
  entry.record.auction = AuctionId{to_number(fields.auction)};
  entry.record.sequence = Sequence{to_number(fields.sequence)};
  entry.record.payload = std::make_shared<const std::string>(fields.payload);
  entry.record.secret = fields.secret;
  const auto event = decode_event(*entry.record.payload, entry.record.secret);
  if (!event) return fail(Failure::corrupt, fmt::format("entry {}: {}", entry.id, event.error().detail));
  if (event->epoch != entry.epoch || event->auction != entry.record.auction ||
      event->event.sequence != entry.record.sequence) {
    return fail(Failure::corrupt, fmt::format("entry {}: its fields and its payload differ", entry.id));
  }
  entry.record.at = event->event.at;
  return entry;
}

// One shard. The order matters, as nodes and relays go on meanwhile: first the states, then what the archive has, then
// the stream, which can only be further than both.
class ShardVerifier {
 public:
  ShardVerifier(redis::SyncClient& client, unsigned shard, unsigned shards, ArchiveReader* archive,
                VerifiedRedis& verified)
      : client_(client),
        shard_(shard),
        shards_(shards),
        meta_key_(redis::meta_key(shard)),
        archive_(archive),
        verified_(verified) {}

  Result<void> run() {
    for (const auto check : {&ShardVerifier::check_meta, &ShardVerifier::read_states, &ShardVerifier::read_archived,
                             &ShardVerifier::play_stream, &ShardVerifier::check_ends, &ShardVerifier::check_places}) {
      if (auto checked = (this->*check)(); !checked) return checked;
    }
    return {};
  }

 private:
  struct Seen {
    std::optional<Auction> state;      // before the stream was read; none = it came later, or is not there
    std::string entry;                 // that state's last event in the stream; empty = not there any more
    bool compared = false;             // the state with what the events lead to
    Sequence archived;                 // how far the archive had it
    std::optional<Timestamp> over_at;  // none = it was not, as far as is known
    std::optional<Replay> replay;      // none = its first events are not at hand
    Sequence last;                     // event that was read
  };

  Result<Reply> ask(Command command, bool is_array = true) {
    return expected(client_.run(meta_key_, std::move(command).may_repeat()), is_array);
  }
  Result<std::vector<Reply>> ask_all(std::vector<Command> commands) {
    std::vector<std::pair<std::string, Command>> keyed;
    for (Command& command : commands) keyed.emplace_back(meta_key_, std::move(command).may_repeat());
    auto replies = client_.run(std::move(keyed));
    if (!replies) return replies;
    for (const Reply& reply : *replies) {
      if (reply.is_error()) return fail(Failure::invalid, fmt::format("Redis: {}", reply.text()));
    }
    return replies;
  }

  Result<void> check_meta() {
    const auto shards = ask(Command::of({"HGET", meta_key_, "shards"}), false);
    if (!shards) return std::unexpected(shards.error());
    if (to_number(shards->text()) == shards_) return {};
    return fail(Failure::corrupt, shards->is_nil()
                                      ? fmt::format("shard {} has no data", shard_)
                                      : fmt::format("shard {} belongs to {} shards", shard_, shards->text()));
  }

  Result<void> read_states() {
    for (AuctionId after;;) {
      auto command = redis::function_call(function_name("list"), meta_key_, 3, true);
      const auto images = ask(command.add("").add(after.value()).add(page).take());
      if (!images) return std::unexpected(images.error());
      for (const Reply& image : images->elements()) {
        auto state = decode_image(image.text());
        if (!state) return fail(Failure::corrupt, fmt::format("shard {}: {}", shard_, state.error().detail));
        after = state->id;
        seen_[after].state = std::move(*state);
        ++verified_.auctions;
      }
      if (images->elements().size() < page) return {};
    }
  }

  Result<void> read_archived() {
    if (archive_ == nullptr) return {};
    for (auto& [id, seen] : seen_) {
      const auto image = archive_->auction(id);
      if (!image) return std::unexpected(image.error());
      if (*image) seen.archived = (*image)->sequence;
    }
    for (AuctionId after;;) {
      const auto live = archive_->live(shard_, after, page);
      if (!live) return std::unexpected(live.error());
      for (const ArchivedPlace& each : *live) {
        after = each.id;
        Seen& seen = seen_[after];
        seen.archived = std::max(seen.archived, each.sequence);
      }
      if (live->size() < page) break;
    }
    return read_archived_ends();
  }

  // What was over within a day is still here.
  Result<void> read_archived_ends() {
    const auto now = this->now();
    if (!now) return std::unexpected(now.error());
    for (ArchivedPlace after;;) {
      const auto over = archive_->over(shard_, *now - effect_kept, after, page);
      if (!over) return std::unexpected(over.error());
      for (const ArchivedPlace& each : *over) {
        after = each;
        Seen& seen = seen_[each.id];
        seen.archived = std::max(seen.archived, each.sequence);
        seen.over_at = each.over_at;
      }
      if (over->size() < page) return {};
    }
  }

  // By the clock that forgets.
  Result<Timestamp> now() {
    const auto time = ask(Command::of({"TIME"}));
    if (!time) return std::unexpected(time.error());
    constexpr std::int64_t thousand = 1'000;
    return Timestamp{static_cast<std::int64_t>(number_of(time->elements()[0])) * thousand +
                     static_cast<std::int64_t>(number_of(time->elements()[1])) / thousand};
  }

  Result<void> play_stream() {
    for (std::string after = "-";;) {
      const auto stored =
          ask(Command::of({"XRANGE", redis::stream_key(shard_), after, "+", "COUNT", std::to_string(page)}));
      if (!stored) return std::unexpected(stored.error());
      std::vector<Record> records;
      for (const Reply& each : stored->elements()) {
        auto entry = read_entry(each);
        if (!entry) return fail(Failure::corrupt, fmt::format("shard {}: {}", shard_, entry.error().detail));
        if (auto played = play_entry(*entry); !played) return played;
        after = "(" + entry->id;
        records.push_back(std::move(entry->record));
      }
      verified_.events += records.size();
      if (auto checked = check_keys(records); !checked) return checked;
      if (auto compared = compare_with_archive(records); !compared) return compared;
      if (records.size() < page) return {};
    }
  }

  Result<void> play_entry(const Entry& entry) {
    const AuctionId id = entry.record.auction;
    if (redis::shard_of(id, shards_) != shard_) return violation(id, fmt::format("it is in shard {}", shard_));
    Seen& seen = seen_[id];
    if (seen.last == Sequence{0}) {
      const bool whole = entry.record.sequence == Sequence{1};
      if (whole || archive_ != nullptr) seen.replay.emplace(id);
      const Sequence before{entry.record.sequence.value() - 1};
      if (seen.replay) {
        if (auto played = play_archived(id, seen, before); !played) return played;
      }
      seen.last = before;
    }
    if (seen.state && seen.state->sequence == entry.record.sequence) seen.entry = entry.id;
    return play(id, seen, entry.record);
  }

  Result<void> play(AuctionId id, Seen& seen, const Record& record) {
    if (record.sequence != seen.last.next()) {
      return violation(id, fmt::format("event {} follows event {}", record.sequence.value(), seen.last.value()));
    }
    seen.last = record.sequence;
    if (!seen.replay) return {};
    if (auto played = seen.replay->play(record); !played) return played;
    if (is_over(seen.replay->auction().state)) seen.over_at = record.at;
    if (!seen.state || seen.state->sequence != record.sequence) return {};
    seen.compared = true;
    if (seen.replay->auction() == *seen.state) return {};
    return violation(id, fmt::format("its state is not what its {} events lead to", record.sequence.value()));
  }

  // What has left the stream.
  Result<void> play_archived(AuctionId id, Seen& seen, Sequence up_to) {
    while (seen.last < up_to) {
      const auto records =
          archive_->records(id, seen.last, std::min<std::size_t>(page, up_to.value() - seen.last.value()));
      if (!records) return std::unexpected(records.error());
      if (records->empty()) {
        return violation(id,
                         fmt::format("event {} is neither in the stream nor in the archive", seen.last.value() + 1));
      }
      for (const Record& record : *records) {
        if (auto played = play(id, seen, record); !played) return played;
      }
    }
    return {};
  }

  // A repeat of an accepted bid's key is answered as the bid was.
  Result<void> check_keys(const std::vector<Record>& records) {
    std::vector<Command> commands;
    std::vector<std::pair<const Record*, std::string>> answers;  // what they begin with
    for (const Record& record : records) {
      const auto step = read_step(record);
      if (!step) return violation(record.auction, step.error().detail);
      const Seen& seen = seen_[record.auction];
      if (!step->key || step->key->use.operation != Operation::bid || !seen.state || is_over(seen.state->state))
        continue;
      const KeyUse& use = step->key->use;
      commands.push_back(Command::of({"HGET", redis::accepted_keys_key(shard_, record.auction),
                                      fmt::format("{} {}", use.caller.view(), use.key.view())}));
      answers.emplace_back(&record, fmt::format("{} 0 {} ", use.fingerprint, record.sequence.value()));
    }
    if (commands.empty()) return {};
    const auto replies = ask_all(std::move(commands));
    if (!replies) return std::unexpected(replies.error());
    for (std::size_t k = 0; k < answers.size(); ++k) {
      if ((*replies)[k].text().starts_with(answers[k].second)) continue;
      return violation(answers[k].first->auction, fmt::format("the key of event {} is not remembered with its answer",
                                                              answers[k].first->sequence.value()));
    }
    verified_.keys += answers.size();
    return {};
  }

  Result<void> compare_with_archive(const std::vector<Record>& records) {
    if (archive_ == nullptr || records.empty()) return {};
    const auto missing = archive_->first_missing(records);
    if (!missing) return std::unexpected(missing.error());
    if (*missing && !verified_.undrained)
      verified_.undrained = {records[**missing].auction, records[**missing].sequence};
    return {};
  }

  Result<void> check_ends() {
    const auto now = this->now();
    if (!now) return std::unexpected(now.error());
    forgotten_before_ = *now - effect_kept;
    for (auto& [id, seen] : seen_) {
      if (seen.state && seen.last == Sequence{0} && archive_ != nullptr) {
        seen.replay.emplace(id);
        if (auto played = play_archived(id, seen, seen.state->sequence); !played) return played;
      }
      if (auto checked = check_end(id, seen); !checked) return checked;
    }
    return {};
  }

  Result<void> check_end(AuctionId id, const Seen& seen) {
    if (seen.archived > seen.last && (seen.last != Sequence{0} || !seen.state) && !is_forgotten(seen)) {
      return violation(id, fmt::format("the archive has it up to event {}, Redis up to {}: `flashbid restore` puts the "
                                       "rest back",
                                       seen.archived.value(), seen.last.value()));
    }
    if (seen.replay && seen.replay->in_the_middle()) return violation(id, "it ends between a bid and its extension");
    if (!seen.state) return check_there(id, seen);
    if (seen.compared) return {};
    if (seen.last != Sequence{0} && seen.state->sequence > seen.last) {
      return violation(id, fmt::format("its state is that after event {}, its last event is {}",
                                       seen.state->sequence.value(), seen.last.value()));
    }
    ++verified_.unplayed;
    return {};
  }

  [[nodiscard]] bool is_forgotten(const Seen& seen) const { return seen.over_at && *seen.over_at < forgotten_before_; }

  // Created since the states were read; or over and forgotten, and its last events are still in the stream.
  Result<void> check_there(AuctionId id, const Seen& seen) {
    const auto there = ask(Command::of({"EXISTS", redis::auction_key(shard_, id)}), false);
    if (!there) return std::unexpected(there.error());
    if (there->integer() == 1 || !seen.replay || is_forgotten(seen)) return {};
    return violation(id, "it has events and no state");
  }

  // Where each auction is found: its entries by its index, its next boundary by `due`.
  Result<void> check_places() {
    std::vector<AuctionId> ids;
    for (const auto& [id, seen] : seen_) {
      if (!seen.state) continue;
      ids.push_back(id);
      if (ids.size() < page) continue;
      if (auto checked = check_places(ids); !checked) return checked;
      ids.clear();
    }
    return check_places(ids);
  }

  Result<void> check_places(const std::vector<AuctionId>& ids) {
    if (ids.empty()) return {};
    const auto before = ask_all(states_of(ids));
    if (!before) return std::unexpected(before.error());
    std::vector<Command> commands;
    for (std::size_t k = 0; k < ids.size(); ++k) {
      const std::uint64_t newest = seen_[ids[k]].state->sequence.value();
      const std::uint64_t place = newest - std::min(newest, number_of((*before)[k].elements()[1]));
      commands.push_back(Command::of({"LINDEX", redis::index_key(shard_, ids[k]), std::to_string(place)}));
      commands.push_back(Command::of({"ZSCORE", redis::due_key(shard_), std::to_string(ids[k].value())}));
    }
    const auto places = ask_all(std::move(commands));
    if (!places) return std::unexpected(places.error());
    const auto after = ask_all(states_of(ids));
    if (!after) return std::unexpected(after.error());
    for (std::size_t k = 0; k < ids.size(); ++k) {
      const Seen& seen = seen_[ids[k]];
      const auto was = (*before)[k].elements();
      const auto is = (*after)[k].elements();
      // One that moved meanwhile was somewhere else at each look.
      if (was[0].is_nil() || was[0].text() != is[0].text() || was[1].text() != is[1].text()) continue;
      const bool indexed = seen.entry.empty() || number_of(was[1]) > seen.state->sequence.value() ||
                           (*places)[2 * k].text() == seen.entry;
      if (!indexed) return violation(ids[k], "its index does not name its events");
      if (was[0].text().find(' ') == std::string_view::npos) return violation(ids[k], "its state is not understood");
      const bool live = packed_fields(was[0].text())[1] < static_cast<std::uint64_t>(AuctionState::closed);
      if (live && (*places)[2 * k + 1].is_nil()) return violation(ids[k], "nothing would ever open or close it");
    }
    return {};
  }

  std::vector<Command> states_of(const std::vector<AuctionId>& ids) const {
    std::vector<Command> commands;
    for (const AuctionId id : ids) {
      commands.push_back(Command::of({"HMGET", redis::auction_key(shard_, id), "state", "first"}));
    }
    return commands;
  }

  redis::SyncClient& client_;
  unsigned shard_;
  unsigned shards_;
  std::string meta_key_;
  ArchiveReader* archive_;
  VerifiedRedis& verified_;
  std::map<AuctionId, Seen> seen_;
  Timestamp forgotten_before_;  // what was over before that may have been forgotten
};

Result<unsigned> shards_of(redis::SyncClient& client) {
  const auto stored = expected(client.run(redis::meta_key(0), redis::ask_shards()), false);
  if (!stored) return std::unexpected(stored.error());
  const auto shards = redis::read_shards(*stored);
  if (shards && *shards == 0) return fail(Failure::invalid, "there is no FlashBid data in this Redis");
  return shards;
}

}  // namespace

Result<VerifiedRedis> verify_redis(redis::SyncClient& client, ArchiveReader* archive) {
  const auto shards = shards_of(client);
  if (!shards) return std::unexpected(shards.error());
  VerifiedRedis verified;
  for (unsigned shard = 0; shard < *shards; ++shard) {
    if (auto done = ShardVerifier(client, shard, *shards, archive, verified).run(); !done) {
      return std::unexpected(std::move(done.error()));
    }
  }
  return verified;
}

}  // namespace flashbid
