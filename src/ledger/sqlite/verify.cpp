#include "ledger/sqlite/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"
#include "ledger/replay.hpp"
#include "ledger/sqlite/folder.hpp"
#include "ledger/sqlite/rows.hpp"
#include "ledger/sqlite/schema.hpp"

namespace flashbid {
namespace {

using namespace sqlite;

constexpr std::string_view between_bid_and_extension = "it ends between a bid and its extension";

class Verifier {
 public:
  explicit Verifier(Database db) : db_(std::move(db)) {}

  // Everything, in the order in which a violation of one would confuse the next.
  [[nodiscard]] Result<Verified> run() {
    for (const auto check :
         {&Verifier::begin, &Verifier::check_file, &Verifier::check_history, &Verifier::check_auctions_have_events,
          &Verifier::check_order, &Verifier::check_journal, &Verifier::check_answers}) {
      if (const auto checked = (this->*check)(); !checked) return std::unexpected(checked.error());
    }
    return verified_;
  }

 private:
  // A key that an event has and that `answers` has not: allowed once the auction is over and its keys are forgotten.
  struct MissingKey {
    AuctionId auction;
    Sequence sequence;
  };

  Result<void> begin() {
    const auto id = db_.ask_number("PRAGMA application_id");
    if (!id) return std::unexpected(id.error());
    if (*id != application_id) return violation("it is not a FlashBid ledger");
    const auto version = db_.ask_number("PRAGMA user_version");
    if (!version) return std::unexpected(version.error());
    if (*version != schema_version) {
      return fail(Failure::invalid, fmt::format("its schema is {}, this FlashBid knows {}", *version, schema_version));
    }
    if (const auto begun = db_.set("BEGIN"); !begun) return begun;
    Statement read(db_.handle(), "SELECT * FROM meta WHERE id = 1");
    if (!read.prepared() || read.step() != SQLITE_ROW) return violation("the meta row is missing");
    const auto meta = read_meta(read);
    if (!meta) return std::unexpected(meta.error());
    meta_ = *meta;
    return find_journal_auctions();
  }

  Result<void> find_journal_auctions() {
    Statement read;
    if (const auto prepared = prepare(read, "SELECT DISTINCT {} FROM journal", "auction"); !prepared) return prepared;
    int code = read.step();
    for (; code == SQLITE_ROW; code = read.step()) in_journal_.insert(AuctionId{read.number(0)});
    if (code != SQLITE_DONE) return db_.failure("cannot read the journal");
    return {};
  }

  Result<void> check_file() {
    const auto text = db_.ask_text("PRAGMA integrity_check(1)");
    if (!text) return std::unexpected(text.error());
    if (*text != "ok") return violation(fmt::format("SQLite finds its file damaged: {}", *text));
    return {};
  }

  Result<void> check_history() {
    Statement read;
    if (const auto prepared = prepare(read, "SELECT {} FROM events ORDER BY auction, sequence", event_columns);
        !prepared) {
      return prepared;
    }
    std::optional<Replay> replay;
    int code = read.step();
    for (; code == SQLITE_ROW; code = read.step()) {
      const auto record = read_event(read);
      if (!record) return std::unexpected(record.error());
      if (!replay || record->auction != playing_) {
        if (const auto ended = end_of_history(replay); !ended) return ended;
        playing_ = record->auction;
        replay.emplace(playing_);
      }
      if (const auto played = replay->play(*record); !played) return played;
      if (const auto checked = check_event_row(*record, read.integer(2)); !checked) return checked;
      ++verified_.events;
    }
    if (code != SQLITE_DONE) return db_.failure("cannot read events");
    return end_of_history(replay);
  }

  // The columns beside the payload, and the key that the event's command had.
  Result<void> check_event_row(const Record& record, std::int64_t number) {
    const auto step = read_step(record);
    if (!step) return std::unexpected(step.error());
    if (number != event_number(step->event->body)) return about(record, "its number is another event's");
    if (record.at > meta_.last_at || record.auction > meta_.last_auction) {
      return about(record, "it is past what the meta row knows");
    }
    if (!step->key) return {};
    const auto found = find_answer(*step->key);
    if (!found) return std::unexpected(found.error());
    if (!*found) missing_keys_.push_back({record.auction, record.sequence});
    return {};
  }

  // What the events add up to is what the auctions table says.
  Result<void> end_of_history(const std::optional<Replay>& replay) {
    if (!replay) return {};
    const Auction& played = replay->auction();
    ++verified_.auctions;
    if (replay->epoch() > meta_.epoch) return about(played, "its epoch is above the ledger's");
    const auto image = find_image(played.id);
    if (!image) return std::unexpected(image.error());
    if (!*image) return about(played, "it has events and no image");
    if (!(**image == played)) return about(played, "its image is not the state after its events");
    if (!missing_keys_.empty() && !is_over(played.state)) {
      return about(played, fmt::format("the key of event {} is not remembered", missing_keys_[0].sequence.value()));
    }
    missing_keys_.clear();
    if (in_journal_.contains(played.id)) {
      live_.emplace(played.id, *replay);
    } else if (replay->in_the_middle()) {
      return about(played, between_bid_and_extension);
    }
    return {};
  }

  Result<void> check_auctions_have_events() {
    const auto images = db_.ask_number("SELECT count(*) FROM auctions");
    if (!images) return std::unexpected(images.error());
    if (static_cast<std::uint64_t>(*images) == verified_.auctions) return {};
    return violation(fmt::format("{} auctions have an image, {} have events", *images, verified_.auctions));
  }

  // `moved` names every event once, each auction's in sequence.
  Result<void> check_order() {
    const auto named = db_.ask_number(
        "SELECT count(*) FROM moved JOIN events USING (auction, sequence) WHERE row <= (SELECT moved_through FROM "
        "meta)");
    if (!named) return std::unexpected(named.error());
    const auto rows = db_.ask_number("SELECT count(*) FROM moved");
    if (!rows) return std::unexpected(rows.error());
    const auto backwards = db_.ask_number(
        "SELECT count(*) FROM (SELECT sequence - lag(sequence, 1, 0) OVER (PARTITION BY auction ORDER BY row) AS step "
        "FROM moved) WHERE step <> 1");
    if (!backwards) return std::unexpected(backwards.error());
    const auto events = static_cast<std::int64_t>(verified_.events);
    if (*named == events && *rows == events && *backwards == 0) return {};
    return violation(fmt::format("the order of history has {} rows, {} of them for its {} events, {} out of sequence",
                                 *rows, *named, events, *backwards));
  }

  Result<void> check_journal() {
    Statement read;
    if (const auto prepared = prepare(read, "SELECT {} FROM journal ORDER BY id", journal_columns); !prepared) {
      return prepared;
    }
    std::int64_t last = meta_.moved_through;
    int code = read.step();
    for (; code == SQLITE_ROW; code = read.step()) {
      const auto row = read_journal(read);
      if (!row) return std::unexpected(row.error());
      if (row->id != last + 1) return violation(fmt::format("journal row {} follows row {}", row->id, last));
      last = row->id;
      if (const auto played = play_journal(row->record); !played) return played;
      ++verified_.unmoved;
    }
    if (code != SQLITE_DONE) return db_.failure("cannot read the journal");
    for (const auto& [id, replay] : live_) {
      if (replay.in_the_middle()) return about(replay.auction(), between_bid_and_extension);
    }
    return {};
  }

  Result<void> play_journal(const Record& record) {
    const auto [place, begins] = live_.try_emplace(record.auction, record.auction);
    Replay& replay = place->second;
    if (record.kind == RecordKind::event) {
      if (begins) ++verified_.auctions;
      return replay.play(record);
    }
    const auto step = read_step(record);
    if (!step) return std::unexpected(step.error());
    const auto answer = decode_answer(*record.payload);
    if (!answer) return std::unexpected(answer.error());
    // INV-2: an answer rests on nothing that the ledger does not hold.
    if (answer->as_of_sequence <= replay.auction().sequence) return {};
    return about(record, "an answer rests on an event that is not there");
  }

  Result<void> check_answers() {
    Statement read;
    if (const auto prepared = prepare(read, "SELECT {} FROM answers", "*"); !prepared) return prepared;
    int code = read.step();
    for (; code == SQLITE_ROW; code = read.step()) {
      const auto key = read_answer(read);
      if (!key) return std::unexpected(key.error());
      if (const auto checked = check_answer(*key); !checked) return checked;
      ++verified_.answers;
    }
    if (code != SQLITE_DONE) return db_.failure("cannot read answers");
    return {};
  }

  Result<void> check_answer(const RememberedKey& key) {
    const std::string what = fmt::format("key {} of {} in auction {}", key.use.key.view(), key.use.caller.view(),
                                         key.answer.auction.value());
    if (key.scope != key_scope(key.use.operation, key.answer.auction)) {
      return violation(fmt::format("{}: its scope is another auction", what));
    }
    if (key.answer.sequence == Sequence{0}) {
      const auto answer = decode_answer(key.answer.answer_json);
      if (!answer) return violation(fmt::format("{}: {}", what, answer.error().detail));
      const bool fits = answer->auction == key.answer.auction && key.expires == answer->decided_at + rejection_kept;
      if (!fits) return violation(fmt::format("{}: its columns and its answer differ", what));
      return {};
    }
    const auto record = find_event(key.answer.auction, key.answer.sequence);
    if (!record) return std::unexpected(record.error());
    if (!*record) return violation(fmt::format("{}: event {} is missing", what, key.answer.sequence.value()));
    const auto secret = decode_secret((*record)->secret);
    if (!secret) return violation(fmt::format("{}: {}", what, secret.error().detail));
    if (secret->key_use == key.use) return {};
    return violation(fmt::format("{}: event {} has another key", what, key.answer.sequence.value()));
  }

  // Whether `answers` has exactly this.
  Result<bool> find_answer(const RememberedKey& key) {
    if (!find_answer_.prepared()) {
      if (const auto prepared =
              prepare(find_answer_,
                      "SELECT {} FROM answers WHERE operation = ?1 AND scope = ?2 AND caller = ?3 AND "
                      "key = ?4",
                      "*");
          !prepared) {
        return std::unexpected(prepared.error());
      }
    }
    const Resetting resetting(find_answer_);
    find_answer_.bind(1, static_cast<std::uint64_t>(key.use.operation))
        .bind(2, key.scope.value())
        .bind(3, key.use.caller.view())
        .bind(4, key.use.key.view());
    const int code = find_answer_.step();
    if (code == SQLITE_DONE) return false;
    if (code != SQLITE_ROW) return db_.failure("cannot read an answer");
    const auto stored = read_answer(find_answer_);
    if (!stored) return std::unexpected(stored.error());
    return stored->use == key.use && stored->answer.auction == key.answer.auction &&
           stored->answer.sequence == key.answer.sequence;
  }

  Result<std::optional<Auction>> find_image(AuctionId id) {
    if (!find_image_.prepared()) {
      if (const auto prepared = prepare(find_image_, "SELECT {} FROM auctions WHERE id = ?1", auction_columns);
          !prepared) {
        return std::unexpected(prepared.error());
      }
    }
    const Resetting resetting(find_image_);
    const int code = find_image_.bind(1, id.value()).step();
    if (code == SQLITE_DONE) return std::nullopt;
    if (code != SQLITE_ROW) return db_.failure("cannot read an auction");
    auto image = read_auction(find_image_);
    if (!image) return std::unexpected(image.error());
    return std::move(*image);
  }

  Result<std::optional<Record>> find_event(AuctionId auction, Sequence sequence) {
    if (!find_event_.prepared()) {
      if (const auto prepared =
              prepare(find_event_, "SELECT {} FROM events WHERE auction = ?1 AND sequence = ?2", event_columns);
          !prepared) {
        return std::unexpected(prepared.error());
      }
    }
    const Resetting resetting(find_event_);
    const int code = find_event_.bind(1, auction.value()).bind(2, sequence.value()).step();
    if (code == SQLITE_DONE) return std::nullopt;
    if (code != SQLITE_ROW) return db_.failure("cannot read an event");
    auto record = read_event(find_event_);
    if (!record) return std::unexpected(record.error());
    return std::move(*record);
  }

  Result<void> prepare(Statement& statement, std::string_view sql, std::string_view columns) {
    return db_.prepare(statement, fmt::format(fmt::runtime(sql), columns).c_str());
  }

  static std::unexpected<Error> violation(std::string why) { return fail(Failure::corrupt, std::move(why)); }
  static std::unexpected<Error> about(const Auction& auction, std::string_view why) {
    return violation(fmt::format("auction {} at sequence {}: {}", auction.id.value(), auction.sequence.value(), why));
  }
  static std::unexpected<Error> about(const Record& record, std::string_view why) {
    return violation(fmt::format("auction {}, sequence {}: {}", record.auction.value(), record.sequence.value(), why));
  }

  Database db_;
  Statement find_answer_;
  Statement find_image_;
  Statement find_event_;
  MetaRow meta_;
  Verified verified_;
  AuctionId playing_;
  std::vector<MissingKey> missing_keys_;  // of the auction being played
  std::set<AuctionId> in_journal_;        // auctions that the journal names
  std::map<AuctionId, Replay> live_;      // these, at what has been read of them
};

}  // namespace

Result<Verified> verify_sqlite_ledger(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(database_file(folder), error)) {
    return fail(Failure::invalid, fmt::format("there is no ledger at {}", database_file(folder).string()));
  }
  auto db = open_for_reading({.folder = folder});
  if (!db) return std::unexpected(std::move(db.error()));
  auto verified = Verifier(std::move(*db)).run();
  if (!verified)
    verified.error().detail = fmt::format("{}: {}", database_file(folder).string(), verified.error().detail);
  return verified;
}

}  // namespace flashbid
