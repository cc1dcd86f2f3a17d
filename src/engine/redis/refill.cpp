#include "engine/redis/refill.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "archive/archive_reader.hpp"
#include "archive/archive_writer.hpp"
#include "engine/redis/functions.hpp"
#include "engine/redis/restored_auction.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"

namespace flashbid {
namespace {

constexpr std::size_t page = 500;
constexpr std::uint64_t most_events = 1'000;  // in one call; of an auction that is not there no more are put back
constexpr unsigned max_looks = 5;             // at one auction that moves while it is put back
constexpr AuctionId first_unpicked_id{std::uint64_t{1} << 52U};  // as upkeep.lua says

std::string name_of(const redis::Primary& primary) { return redis::to_text(primary.address); }

}  // namespace

Result<unsigned> archived_shards(const ArchiveUrl& url, unsigned shards) {
  const auto origin = ArchiveReader(url).origin();
  if (!origin) return std::unexpected(origin.error());
  if (!*origin) return 0U;
  if ((*origin)->kind == redis_origin && (shards == 0 || (*origin)->shards == shards)) {
    return static_cast<unsigned>((*origin)->shards);
  }
  return fail(Failure::invalid,
              fmt::format("the archive at {} is of a ledger of kind {} with {} shards, not {}{}: give "
                          "this Redis a database of its own",
                          url.shown, (*origin)->kind, (*origin)->shards, redis_origin,
                          shards == 0 ? "" : fmt::format(" with {}", shards)));
}

// One shard, from the first question to the epoch that may begin. On the refill's thread.
class Refill::Work {
 public:
  Work(Refill& refill, const Question& question, ArchiveReader& reader, ArchiveWriter& writer)
      : refill_(refill), question_(question), shard_(question.shard), reader_(reader), writer_(writer) {}

  [[nodiscard]] Result<Epoch> run();

 private:
  struct Found {
    ArchivedPlace place;
    SeenState seen;
  };
  using Take = std::function<Result<void>(const Found&)>;

  [[nodiscard]] Result<void> check_archive();
  [[nodiscard]] Result<bool> lacks_anything();
  [[nodiscard]] Result<Epoch> agree_on_epoch(Epoch archived);
  [[nodiscard]] Result<void> put_ids();
  [[nodiscard]] Result<void> for_each_lacking(const Take& take);
  [[nodiscard]] Result<void> compare(const std::vector<ArchivedPlace>& places, const Take& take);
  [[nodiscard]] Result<bool> is_lacking(const ArchivedPlace& place, const SeenState& seen);
  [[nodiscard]] Result<void> put_back(const Found& found, Epoch epoch);
  [[nodiscard]] Result<bool> put_once(AuctionId id, const SeenState& seen, Epoch epoch);
  [[nodiscard]] Result<bool> put_part(RestoredAuction& restored, Sequence after, Epoch epoch);
  [[nodiscard]] Result<Auction> image_there(AuctionId id);
  [[nodiscard]] Result<void> put_keys(AuctionId id, Sequence after);
  [[nodiscard]] Result<redis::Reply> ask(redis::Command command);
  [[nodiscard]] Result<Timestamp> redis_time();

  Refill& refill_;
  const Question& question_;
  unsigned shard_;
  ArchiveReader& reader_;
  ArchiveWriter& writer_;
  RefillCounts counts_;
};

Result<Epoch> Refill::Work::run() {
  // Another connection of this node, or another node, may have been faster.
  const std::string meta_key = redis::meta_key(shard_);
  const auto incarnation = ask(redis::Command::of({"HGET", meta_key, "incarnation"}));
  if (!incarnation) return std::unexpected(incarnation.error());
  if (incarnation->text() != question_.incarnation) return question_.used.next();  // admit will say STALE

  if (auto checked = check_archive(); !checked) return std::unexpected(checked.error());
  const auto position = reader_.position(shard_);
  if (!position) return std::unexpected(position.error());
  const Epoch archived = *position ? (*position)->epoch : Epoch{0};
  if (question_.admitted && archived <= question_.used) {
    const auto lacking = lacks_anything();
    if (!lacking) return std::unexpected(lacking.error());
    if (!*lacking) return question_.used;
  }

  // 1. From here on nobody stores what an older primary accepted: what the archive has does not change any more.
  const auto epoch = agree_on_epoch(archived);
  if (!epoch) return epoch;
  if (auto raised = writer_.raise_epoch(shard_, *epoch); !raised) return std::unexpected(raised.error());
  // 2. All of it is put back.
  if (shard_ == 0) {
    if (auto put = put_ids(); !put) return std::unexpected(put.error());
  }
  auto put = for_each_lacking([this, &epoch](const Found& found) { return put_back(found, *epoch); });
  if (!put) return std::unexpected(put.error());
  if (refill_.options_.on_refilled) refill_.options_.on_refilled(shard_, counts_);
  if (counts_.auctions > 0 && refill_.options_.on_notice) {
    refill_.options_.on_notice(
        fmt::format("shard {}: {} lacked what the archive has; put back {} auctions, {} events, "
                    "{} keys",
                    shard_, name_of(*question_.primary), counts_.auctions, counts_.events, counts_.keys));
  }
  return epoch;
}

Result<void> Refill::Work::check_archive() {
  if (auto claimed = writer_.claim(redis_origin, refill_.options_.shards); !claimed) return claimed;
  if (!question_.is_new || refill_.options_.rebuilds) return {};
  const auto last = reader_.last_id(AuctionId{max_safe_integer});
  if (!last) return std::unexpected(last.error());
  if (*last == AuctionId{0}) return {};
  return fail(Failure::invalid,
              fmt::format("it has no data of shard {}, but the archive at {} has auctions: rebuild it "
                          "with `flashbid restore --from postgres://{} --to redis://{}` first",
                          shard_, refill_.options_.url.shown, refill_.options_.url.shown, name_of(*question_.primary)));
}

Result<bool> Refill::Work::lacks_anything() {
  if (shard_ == 0) {
    if (auto put = put_ids(); !put) return std::unexpected(put.error());
  }
  bool lacking = false;
  const auto looked = for_each_lacking([&lacking](const Found&) -> Result<void> {
    lacking = true;
    return {};
  });
  if (!looked) return std::unexpected(looked.error());
  return lacking;
}

// Higher than every epoch that Redis or the archive has seen, and the same for every node that is here now.
Result<Epoch> Refill::Work::agree_on_epoch(Epoch archived) {
  const Epoch next = std::max(question_.used, archived).next();
  const Epoch least = std::max(question_.used.next(), archived);
  auto command = redis::function_call(function_name("propose"), redis::meta_key(shard_), 3);
  command.add(question_.primary->run_id).add(next.value()).add(least.value());
  const auto agreed = ask(command.take());
  if (!agreed) return std::unexpected(agreed.error());
  return Epoch{to_number(agreed->text())};
}

Result<void> Refill::Work::put_ids() {
  const auto last = reader_.last_id(first_unpicked_id);
  if (!last) return std::unexpected(last.error());
  ArchivedCreation after{};
  for (;;) {
    auto creations = reader_.creations(after, page);
    if (!creations) return std::unexpected(creations.error());
    const auto reply = ask(restore_ids_call(*last, *creations));
    if (!reply) return std::unexpected(reply.error());
    counts_.keys += number_of(*reply);
    if (creations->size() < page) return {};
    after = std::move(creations->back());
  }
}

// Auctions that are not over, and those whose keys still count.
Result<void> Refill::Work::for_each_lacking(const Take& take) {
  for (AuctionId after{0};;) {
    const auto places = reader_.live(shard_, after, page);
    if (!places) return std::unexpected(places.error());
    if (auto compared = compare(*places, take); !compared) return compared;
    if (places->size() < page) break;
    after = places->back().id;
  }
  const auto now = redis_time();
  if (!now) return std::unexpected(now.error());
  for (ArchivedPlace after{};;) {
    const auto places = reader_.over(shard_, *now - effect_kept, after, page);
    if (!places) return std::unexpected(places.error());
    if (auto compared = compare(*places, take); !compared) return compared;
    if (places->size() < page) return {};
    after = places->back();
  }
}

Result<void> Refill::Work::compare(const std::vector<ArchivedPlace>& places, const Take& take) {
  std::vector<redis::Command> commands;
  for (const ArchivedPlace& place : places) {
    commands.push_back(redis::Command::of({"HGET", redis::auction_key(shard_, place.id), "state"}));
  }
  const auto states = refill_.ask_redis(question_.primary, std::move(commands));
  if (!states) return std::unexpected(states.error());
  for (std::size_t k = 0; k < places.size(); ++k) {
    const SeenState seen = seen_state((*states)[k].text());
    const auto lacking = is_lacking(places[k], seen);
    if (!lacking) return std::unexpected(lacking.error());
    if (!*lacking) continue;
    if (auto taken = take({places[k], seen}); !taken) return taken;
  }
  return {};
}

// One epoch is one line of history: where Redis stands, the archive must have the same event.
Result<bool> Refill::Work::is_lacking(const ArchivedPlace& place, const SeenState& seen) {
  if (seen.sequence == Sequence{0}) return true;
  if (seen.sequence > place.sequence) return false;
  std::optional<Epoch> there = place.epoch;
  if (seen.sequence < place.sequence) {
    const auto found = reader_.epoch_of(place.id, seen.sequence);
    if (!found) return std::unexpected(found.error());
    there = *found;
  }
  if (there == seen.epoch) return seen.sequence < place.sequence;
  return fail(Failure::corrupt,
              fmt::format("event {} of auction {} is of epoch {} in Redis and of epoch {} in the archive: they went "
                          "different ways, and neither can be taken for the other (flashbid verify)",
                          seen.sequence.value(), place.id.value(), seen.epoch.value(),
                          there ? there->value() : std::uint64_t{0}));
}

Result<void> Refill::Work::put_back(const Found& found, Epoch epoch) {
  SeenState seen = found.seen;
  for (unsigned look = 0; look < max_looks; ++look) {
    const auto put = put_once(found.place.id, seen, epoch);
    if (!put) return std::unexpected(put.error());
    if (*put) {
      ++counts_.auctions;
      return {};
    }
    const auto state = ask(redis::Command::of({"HGET", redis::auction_key(shard_, found.place.id), "state"}));
    if (!state) return std::unexpected(state.error());
    seen = seen_state(state->text());
    const auto lacking = is_lacking(found.place, seen);
    if (!lacking) return std::unexpected(lacking.error());
    if (!*lacking) return {};
  }
  return fail(Failure::unavailable, fmt::format("auction {} moves while it is to be put back", found.place.id.value()));
}

// False if it has moved since it was seen. Keys go first: once the state is there, nothing is found missing.
Result<bool> Refill::Work::put_once(AuctionId id, const SeenState& seen, Epoch epoch) {
  auto archived = reader_.archived(id);
  if (!archived) return std::unexpected(archived.error());
  if (!*archived) return fail(Failure::corrupt, fmt::format("auction {} left the archive", id.value()));
  if (auto put = put_keys(id, seen.sequence); !put) return std::unexpected(put.error());
  auto beginning = reader_.records(id, Sequence{0}, creation_events);
  if (!beginning) return std::unexpected(beginning.error());
  const Sequence newest = (*archived)->auction.sequence;
  RestoredAuction restored{std::move(**archived), seen, std::move(*beginning), {}};
  if (seen.sequence == Sequence{0}) {
    const Sequence after{newest.value() - std::min<std::uint64_t>(newest.value(), most_events)};
    return put_part(restored, after, epoch);
  }
  // From where Redis stands, a part at a time.
  auto there = image_there(id);
  if (!there) return std::unexpected(there.error());
  restored.archived.auction = std::move(*there);
  while (restored.seen.sequence < newest) {
    const auto put = put_part(restored, restored.seen.sequence, epoch);
    if (!put || !*put) return put;
  }
  return true;
}

// Puts the events after `after`, and the state that they lead to: the archived one, or, from what Redis has, step by
// step.
Result<bool> Refill::Work::put_part(RestoredAuction& restored, Sequence after, Epoch epoch) {
  Auction& auction = restored.archived.auction;
  auto events = reader_.records(auction.id, after, most_events);
  if (!events) return std::unexpected(events.error());
  for (const Record& record : *events) {
    if (record.sequence <= auction.sequence) continue;
    const auto decoded = decode_event(*record.payload, record.secret);
    if (!decoded) return std::unexpected(decoded.error());
    if (auto moved = advance(auction, auction.id, decoded->event); !moved) return std::unexpected(moved.error());
    restored.archived.epoch = decoded->epoch;
  }
  restored.events = std::move(*events);
  auto command = restore_call(shard_, epoch, restored);
  if (!command) return std::unexpected(command.error());
  const auto reply = ask(std::move(*command));
  if (!reply && reply.error().failure == Failure::conflict) return false;
  if (!reply) return std::unexpected(reply.error());
  counts_.events += restored.events.size();
  restored.seen = {auction.sequence, restored.archived.epoch};
  return true;
}

Result<Auction> Refill::Work::image_there(AuctionId id) {
  auto command = redis::function_call(function_name("view"), redis::meta_key(shard_), 3, true);
  command.add(id.value()).add("").add(0);
  const auto reply = ask(command.take());
  if (!reply) return std::unexpected(reply.error());
  if (reply->elements().size() < 2) return fail(Failure::internal, "view was answered with too little");
  return decode_image(reply->elements()[1].text());
}

Result<void> Refill::Work::put_keys(AuctionId id, Sequence after) {
  for (;;) {
    const auto bids = reader_.keyed_bids(id, after, page);
    if (!bids) return std::unexpected(bids.error());
    if (bids->empty()) return {};
    auto command = restore_keys_call(shard_, id, *bids);
    if (!command) return std::unexpected(command.error());
    const auto reply = ask(std::move(*command));
    if (!reply) return std::unexpected(reply.error());
    counts_.keys += number_of(*reply);
    if (bids->size() < page) return {};
    after = bids->back().sequence;
  }
}

Result<redis::Reply> Refill::Work::ask(redis::Command command) {
  std::vector<redis::Command> one;
  one.push_back(std::move(command));
  auto replies = refill_.ask_redis(question_.primary, std::move(one));
  if (!replies) return std::unexpected(std::move(replies.error()));
  return std::move(replies->front());
}

Result<Timestamp> Refill::Work::redis_time() {
  const auto reply = ask(redis::Command::of({"TIME"}));
  if (!reply) return std::unexpected(reply.error());
  if (reply->elements().empty()) return fail(Failure::unavailable, "Redis does not tell its time");
  return Timestamp{static_cast<std::int64_t>(to_number(reply->elements()[0].text())) * 1'000};
}

Refill::Refill(Options options) : options_(std::move(options)), thread_([this] { run(); }) {}

Refill::~Refill() { stop(); }

void Refill::stop() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Refill::ask(Question question, Done done) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;
    waiting_.push_back({std::move(question), std::move(done)});
  }
  wake_.notify_all();
}

void Refill::run() {
  struct Archive {
    explicit Archive(const ArchiveUrl& url) : reader(url), writer(url) {}
    ArchiveReader reader;
    ArchiveWriter writer;
  };
  std::unique_ptr<Archive> archive;
  for (;;) {
    std::unique_lock lock(mutex_);
    if (waiting_.empty()) archive.reset();
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    auto asked = std::make_shared<Asked>(std::move(waiting_.front()));
    waiting_.pop_front();
    lock.unlock();
    if (!archive) archive = std::make_unique<Archive>(options_.url);
    auto outcome = Work(*this, asked->question, archive->reader, archive->writer).run();
    // The primary is let go there too.
    options_.on_redis_thread(
        [asked = std::move(asked), outcome = std::move(outcome)]() mutable { asked->done(std::move(outcome)); });
  }
}

// Answers that are on their way to the refill's thread.
struct Refill::Round {
  std::vector<redis::Command> commands;
  std::vector<redis::Reply> replies;
  std::size_t missing = 0;
  std::optional<Error> error;
};

Result<std::vector<redis::Reply>> Refill::ask_redis(const std::shared_ptr<redis::Primary>& primary,
                                                    std::vector<redis::Command> commands) {
  if (commands.empty()) return std::vector<redis::Reply>{};
  auto round = std::make_shared<Round>();
  round->missing = commands.size();
  round->replies.resize(commands.size());
  round->commands = std::move(commands);
  options_.on_redis_thread([this, primary, round] {
    for (std::size_t k = 0; k < round->commands.size(); ++k) {
      primary->send(std::move(round->commands[k]), [this, round, k](Result<redis::Reply> reply) {
        const std::scoped_lock lock(mutex_);
        if (!reply) {
          round->error = std::move(reply.error());
        } else if (reply->error_code() == "STALE") {
          round->error = Error{Failure::conflict, std::string(reply->text())};
        } else if (reply->is_error()) {
          round->error = Error{Failure::unavailable, fmt::format("Redis answered: {}", reply->text())};
        } else {
          round->replies[k] = std::move(*reply);
        }
        if (--round->missing == 0) wake_.notify_all();
      });
    }
  });
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return stopping_ || round->missing == 0; });
  if (round->missing > 0) return fail(Failure::unavailable, "the node is stopping");
  if (round->error) return std::unexpected(*round->error);
  return std::move(round->replies);
}

}  // namespace flashbid
