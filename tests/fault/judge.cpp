#include "fault/judge.hpp"

#include <fmt/format.h>

#include <functional>
#include <set>
#include <tuple>

#include "fault/house.hpp"
#include "fault/scenario.hpp"
#include "ledger/history_step.hpp"
#include "ledger/sqlite/verify.hpp"

namespace flashbid::fault {
namespace {

using support::Random;
using Kind = testing::FileCall::Kind;

// A key that was used last at `decided_at` is remembered for so long at least.
bool is_remembered(const AnsweredBid& bid, Timestamp now) {
  const bool accepted = bid.answer.verdict == Verdict::accepted;
  return now < bid.answer.decided_at + (accepted ? effect_kept : rejection_kept);
}

// INV-8, INV-1: the same answer again, byte for byte.
void ask_again(House& house, Told& told) {
  const std::vector<AnsweredBid> bids = told.bids;
  for (const AnsweredBid& bid : bids) {
    if (bid.request.key.empty() || !is_remembered(bid, house.now())) continue;
    const std::size_t answers = told.bids.size();
    house.ask(bid.request);
    house.settle();
    const std::string was = text_of(bid.answer);
    if (told.bids.size() != answers + 1) {
      const std::string what = fmt::format("INV-1: asked again, {} is not answered", was);
      return house.errors().empty() ? house.violated(what) : house.violated(what, house.errors().back());
    }
    const std::string is = text_of(told.bids.back().answer);
    if (is != was) return house.violated(fmt::format("INV-8: asked again, {} is answered {}", was, is));
  }
}

// What is read of an auction is what was committed of it, byte for byte.
void check_page(House& house, const Told& told, AuctionId auction, const EventsPage& page) {
  std::size_t read = 0;
  for (const Record& record : told.records) {
    if (record.auction != auction || record.kind != RecordKind::event) continue;
    const bool there = read < page.events.size() && *page.events[read] == *record.payload;
    if (!there) {
      return house.violated(fmt::format("INV-1: event {} of auction {} is not read as it was committed",
                                        record.sequence.value(), auction.value()));
    }
    ++read;
  }
}

// INV-2, INV-3: whatever was told rests on what is there.
void check_quotes(House& house, const Told& told) {
  std::map<AuctionId, Result<EventsPage>> pages;
  const std::vector<Quote> quotes = told.quotes;
  for (const Quote& quote : quotes) {
    const auto [place, is_new] = pages.try_emplace(quote.auction);
    if (is_new) place->second = house.events(quote.auction);
    const Result<EventsPage>& page = place->second;
    if (is_new && page) check_page(house, told, quote.auction, *page);
    const std::string what = fmt::format("event {} of auction {}", quote.sequence.value(), quote.auction.value());
    if (!page) return house.violated("INV-2: " + what + " was told, and cannot be read", page.error());
    if (quote.sequence > page->newest) return house.violated("INV-2: " + what + " was told, and is lost");
    if (quote.sequence.value() > page->events.size()) return;  // said already
    if (quote.bytes && *quote.bytes != *page->events[quote.sequence.value() - 1]) {
      return house.violated("INV-3: " + what + " was pushed otherwise than it is");
    }
  }
}

// INV-8: a key has one effect. INV-12: what was refused is not there.
void check_keys(House& house, const Told& told) {
  std::map<std::tuple<Operation, AuctionId, std::string, std::string>, Timestamp> used;
  for (const Record& record : told.records) {
    const auto step = read_step(record);
    if (!step) return house.violated("INV-12: a record cannot be read: " + step.error().detail);
    if (!step->key) continue;
    const KeyUse& use = step->key->use;
    const std::string key(use.key.view());
    if (told.refused.contains(key)) return house.violated("INV-12: key " + key + " was refused, and has its effect");
    const auto [place, is_new] =
        used.try_emplace({use.operation, step->key->scope, std::string(use.caller.view()), key}, record.at);
    if (!is_new) return house.violated("INV-8: key " + key + " has two effects");
  }
}

void check_answers(House& house, Told& told) {
  check_keys(house, told);
  check_quotes(house, told);
  if (house.violation().empty()) ask_again(house, told);
}

void take_one_more_bid(House& house, const Told& told) {
  const std::size_t before = told.bids.size();
  house.create(0, lot(house.now()), "");
  house.settle();
  if (told.records.empty()) return house.violated("it takes no auction");
  house.bid(told.records.back().auction.value(), "Alice", 10'000, "more");
  house.settle();
  const bool accepted = told.bids.size() == before + 1 && told.bids.back().answer.verdict == Verdict::accepted;
  if (!accepted) house.violated("it takes no bid any more");
}

Look look_at_damaged(const Files& files, Told told, std::int64_t now_ms) {
  simulation::Machine machine{.shown_ms = now_ms};
  RecordedDisk disk(files, [&] { return told.promise(machine.shown_ms); });
  House house(disk, told, machine);
  if (!house.start()) {
    return house.violation().empty() ? Look{SeenBy::start, house.failed_starts().back().detail}
                                     : Look{SeenBy::wrong_answer, house.violation()};
  }
  check_answers(house, told);
  if (house.violation().empty()) house.move_all();
  if (!house.violation().empty() && !house.has_said_so()) return {SeenBy::wrong_answer, house.violation()};
  if (!house.violation().empty()) return {SeenBy::reader, house.violation()};
  if (!house.errors().empty()) return {SeenBy::reader, house.errors().back().detail};
  return {};
}

// The same each time for the same cut, and another for each.
Random chance_of(std::uint64_t seed, std::size_t cut, Cut kind, int variant) {
  Random mixed(seed * 1'000'003 + cut);
  return Random(mixed.next() + static_cast<std::uint64_t>(kind) * 101 + static_cast<std::uint64_t>(variant));
}

bool is_left_to_chance(Cut cut) { return cut == Cut::reorder || cut == Cut::tear; }

// What was judged already.
class Seen {
 public:
  bool is_new(const Files& files, const Promise& promise) {
    std::size_t hash = 0;
    const auto add = [&hash](std::size_t more) { hash = (hash ^ more) * 0x100000001b3; };
    add(files ? files->size() : 999);
    if (files) {
      for (const auto& [name, bytes] : *files) {
        add(std::hash<std::string>{}(name));
        add(std::hash<std::string>{}(bytes));
      }
    }
    add(promise.records);
    add(promise.bids);
    add(promise.quotes);
    add(reinterpret_cast<std::uintptr_t>(promise.in_flight.get()));
    return hashes_.insert(hash).second;
  }

 private:
  std::set<std::size_t> hashes_;
};

}  // namespace

void check_promises(House& house, Told& told, const std::filesystem::path& folder) {
  check_answers(house, told);
  if (house.violation().empty()) take_one_more_bid(house, told);
  if (house.violation().empty()) house.idle();
  if (!house.violation().empty()) return;
  if (const auto verified = verify_sqlite_ledger(folder); !verified) {
    house.violated("it is not consistent", verified.error());
  }
}

Look look_at(const Files& files, Told told, std::int64_t now_ms) {
  const Look look = look_at_damaged(files, std::move(told), now_ms);
  if (look.seen_by != SeenBy::nobody) return look;
  const RecordedDisk disk(files, [] { return Promise(); });
  const auto verified = verify_sqlite_ledger(disk.folder());
  if (verified) return look;
  return {SeenBy::verify, verified.error().detail};
}

Judged judge(const Files& files, Told told, std::int64_t now_ms) {
  Judged judged;
  judged.told = std::move(told);
  simulation::Machine machine{.shown_ms = now_ms};
  RecordedDisk disk(files, [&] { return judged.told.promise(machine.shown_ms); });
  House house(disk, judged.told, machine);
  if (!house.start()) {
    if (house.violation().empty()) house.violated("it does not start: " + house.failed_starts().back().detail);
  } else {
    check_promises(house, judged.told, disk.folder());
    house.stop();
  }
  judged.violation = house.violation();
  judged.calls = disk.calls();
  judged.now_ms = machine.shown_ms;
  return judged;
}

namespace {

class Cutting {
 public:
  Cutting(const std::vector<RecordedCall>& calls, DiskImage image, const Told& told, const CutOptions& options)
      : calls_(calls), image_(std::move(image)), told_(told), options_(options), choice_(options.seed) {}

  Cuts run() {
    for (std::size_t i = 0; i < calls_.size() && cuts_.violation.empty(); ++i) {
      begin(calls_[i], image_);
      // Nothing changes by a read: the cut before the next change is this one, and more has been told by then.
      const bool changes_something = calls_[i].call.kind != Kind::read;
      if (changes_something && choice_.percent(options_.percent)) cut(i, calls_[i].promise, to_text(calls_[i]));
      finish(calls_[i], image_);
    }
    if (cuts_.violation.empty()) {
      cut(calls_.size(), told_.promise(calls_.back().promise.now_ms), "after the last one");
    }
    return cuts_;
  }

 private:
  void cut(std::size_t i, const Promise& promise, const std::string& place) {
    for (const Cut kind : all_cuts) {
      for (int variant = 0; variant < (is_left_to_chance(kind) ? options_.variants : 1); ++variant) {
        Random random = chance_of(options_.seed, i, kind, variant);
        const Files files = image_.after(kind, random);
        if (!seen_.is_new(files, promise)) continue;
        const std::string violation = judge_and_cut_again(files, promise);
        if (violation.empty()) continue;
        cuts_.violation = fmt::format("seed {}, power cut at call {} of {} ({}), {} variant {}: {}", options_.seed, i,
                                      calls_.size(), place, to_text(kind), variant, violation);
        return;
      }
    }
  }

  std::string judge_and_cut_again(const Files& files, const Promise& promise) {
    ++cuts_.tried;
    const Judged judged = judge(files, told_.at(promise), promise.now_ms);
    if (!judged.violation.empty() || !choice_.percent(options_.again_percent)) return judged.violation;
    const CutOptions again{.seed = options_.seed, .variants = options_.variants, .percent = options_.percent_again};
    const Cuts cuts = Cutting(judged.calls, DiskImage(files), judged.told, again).run();
    cuts_.tried += cuts.tried;
    return cuts.violation.empty() ? "" : "and while it recovered from that, " + cuts.violation;
  }

  const std::vector<RecordedCall>& calls_;
  DiskImage image_;
  const Told& told_;
  const CutOptions options_;
  Random choice_;
  Seen seen_;
  Cuts cuts_;
};

}  // namespace

Cuts cut_everywhere(const std::vector<RecordedCall>& calls, DiskImage image, const Told& told,
                    const CutOptions& options) {
  return Cutting(calls, std::move(image), told, options).run();
}

}  // namespace flashbid::fault
