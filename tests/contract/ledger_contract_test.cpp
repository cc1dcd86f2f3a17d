// The law of ledger/ledger.hpp, held to by every adapter: one suite, SQLite and memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <ranges>
#include <string>
#include <utility>
#include <vector>

#include "contract/ledger_storages.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"

namespace flashbid::testing {
namespace {

class LedgerContract : public ::testing::TestWithParam<Adapter> {
 protected:
  void SetUp() override { restart(); }

  // Opens the storage anew, as a process that starts after the last one has ended.
  void restart() {
    reader_.reset();
    ledger_.reset();
    ledger_ = storage_->open();
    ASSERT_NE(ledger_, nullptr);
    auto recovered = recover(ledger_->writer());
    ASSERT_TRUE(recovered) << recovered.error().detail;
    recovered_ = std::move(*recovered);
    auto reader = ledger_->reader();
    ASSERT_TRUE(reader) << reader.error().detail;
    reader_ = std::move(*reader);
  }

  LedgerWriter& writer() { return ledger_->writer(); }
  void append(const std::vector<Record>& records) {
    const auto appended = writer().append(records);
    ASSERT_TRUE(appended) << appended.error().detail;
  }
  std::vector<Moved> move(std::size_t max = 1000) {
    auto moved = writer().move(max);
    if (!moved) ADD_FAILURE() << moved.error().detail;
    return moved ? *moved : std::vector<Moved>{};
  }
  std::vector<StoredEvent> events(std::uint64_t auction, std::uint64_t after = 0, std::size_t limit = 1000,
                                  bool bids_only = false) {
    auto read = reader_->events(AuctionId{auction}, Sequence{after}, limit, bids_only);
    if (!read) ADD_FAILURE() << read.error().detail;
    return read ? *read : std::vector<StoredEvent>{};
  }
  std::optional<StoredAnswer> answer(const KeyUse& use, std::uint64_t scope) {
    auto read = reader_->answer(use.operation, AuctionId{scope}, use.caller, use.key);
    if (!read) ADD_FAILURE() << read.error().detail;
    return read ? *read : std::nullopt;
  }
  void forget(Timestamp now) {
    for (bool more = true; more;) {
      const auto forgotten = writer().forget_answers(now);
      ASSERT_TRUE(forgotten) << forgotten.error().detail;
      more = *forgotten;
    }
  }

  std::unique_ptr<Storage> storage_ = GetParam().make();
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<LedgerReader> reader_;
  Recovered recovered_;
};

INSTANTIATE_TEST_SUITE_P(
    Every, LedgerContract,
    ::testing::Values(Adapter{"sqlite", [] { return std::unique_ptr<Storage>(new SqliteStorage); }},
                      Adapter{"memory", [] { return std::unique_ptr<Storage>(new MemoryStorage); }}),
    [](const auto& param) { return std::string(param.param.name); });

void expect_same(const std::vector<Record>& a, const std::vector<Record>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].auction, b[i].auction);
    EXPECT_EQ(a[i].sequence, b[i].sequence);
    EXPECT_EQ(a[i].kind, b[i].kind);
    EXPECT_EQ(a[i].at, b[i].at);
    EXPECT_EQ(*a[i].payload, *b[i].payload);
    EXPECT_EQ(a[i].secret, b[i].secret);
  }
}

TEST_P(LedgerContract, FreshIsEmptyAndBeginsWithEpochOne) {
  EXPECT_EQ(recovered_.report.epoch, Epoch{1});
  EXPECT_EQ(recovered_.report.last_auction_id, AuctionId{0});
  EXPECT_EQ(recovered_.report.last_at, Timestamp{0});
  EXPECT_TRUE(recovered_.images.empty());
  EXPECT_TRUE(recovered_.records.empty());
  EXPECT_EQ(writer().unmoved(), 0U);
  EXPECT_TRUE(move().empty());
  EXPECT_TRUE(events(1).empty());
  EXPECT_FALSE(reader_->auction(AuctionId{1})->has_value());
  EXPECT_TRUE(reader_->list({})->empty());
}

TEST_P(LedgerContract, WhatWasAppendedIsRecoveredByteForByteInOrder) {
  Terms terms = sample_terms();
  terms.title = "Ⅶ \"quoted\" \\ \n 中文";
  terms.reserve = Amount{5000};
  AuctionScript one(1, terms);
  AuctionScript two(2);
  const auto key = key_use(Operation::bid, "Alice", "k1", "1000");
  std::vector<Record> all = one.create();
  append(all);
  const auto second = two.create() + one.bid("Alice", 1000, script_start + Duration{7}, key);
  append(second);
  append({one.reject("Bob", 1000, script_start + Duration{9}, key_use(Operation::bid, "Bob", "k2", "1000"))});
  all = all + second;
  all.push_back(one.reject("Bob", 1000, script_start + Duration{9}, key_use(Operation::bid, "Bob", "k2", "1000")));

  restart();
  expect_same(recovered_.records, all);
  EXPECT_TRUE(recovered_.images.empty());
  EXPECT_EQ(recovered_.report.last_auction_id, AuctionId{2});
  EXPECT_EQ(recovered_.report.last_at, script_start + Duration{9});
  EXPECT_EQ(recovered_.report.epoch, Epoch{1});
  EXPECT_EQ(writer().unmoved(), all.size());
}

TEST_P(LedgerContract, AReaderSeesOnlyWhatHasMoved) {
  AuctionScript one(1);
  const auto created = one.create();
  append(created);
  EXPECT_TRUE(events(1).empty());
  EXPECT_FALSE(reader_->auction(AuctionId{1})->has_value());
  EXPECT_EQ(writer().unmoved(), 2U);

  EXPECT_THAT(move(1), ::testing::SizeIs(1));
  ASSERT_EQ(events(1).size(), 1U);
  EXPECT_EQ(*events(1)[0].payload, *created[0].payload);
  EXPECT_EQ((*reader_->auction(AuctionId{1}))->state, AuctionState::scheduled);
  EXPECT_EQ(writer().unmoved(), 1U);

  move();
  EXPECT_EQ(events(1).size(), 2U);
  EXPECT_EQ(**reader_->auction(AuctionId{1}), one.auction());
}

TEST_P(LedgerContract, EveryRowMovesExactlyOnceWhateverTheSlicesAndRestarts) {
  std::map<std::uint64_t, AuctionScript> scripts;
  std::map<std::uint64_t, std::vector<std::string>> expected;
  const auto put = [&](const std::vector<Record>& records) {
    for (const Record& record : records) expected[record.auction.value()].push_back(*record.payload);
    append(records);
  };
  for (std::uint64_t id = 1; id <= 5; ++id) put(scripts.try_emplace(id, id).first->second.create());
  std::map<std::uint64_t, std::uint64_t> highest;
  for (std::int64_t round = 0; round < 60; ++round) {
    const auto id = static_cast<std::uint64_t>(round * round % 5 + 1);
    put(scripts.at(id).bid(round % 2 == 0 ? "Alice" : "Bob", 1000 + round * 100));
    if (round % 3 == 0) {
      for (const Moved& moved : move(static_cast<std::size_t>(round % 7 + 1))) {
        EXPECT_GT(moved.sequence.value(), highest[moved.auction.value()]);
        highest[moved.auction.value()] = moved.sequence.value();
        EXPECT_EQ(events(moved.auction.value()).back().sequence, moved.sequence);
      }
    }
    if (round % 17 == 0) restart();
  }
  while (writer().unmoved() > 0) move(3);
  for (const auto& [id, payloads] : expected) {
    const auto stored = events(id);
    ASSERT_EQ(stored.size(), payloads.size());
    for (std::size_t i = 0; i < stored.size(); ++i) {
      EXPECT_EQ(stored[i].sequence, Sequence{i + 1});
      EXPECT_EQ(*stored[i].payload, payloads[i]);
    }
    EXPECT_EQ(**reader_->auction(AuctionId{id}), scripts.at(id).auction());
  }
  restart();
  EXPECT_TRUE(recovered_.records.empty());
  EXPECT_EQ(recovered_.images.size(), 5U);
  EXPECT_EQ(recovered_.report.last_auction_id, AuctionId{5});
}

TEST_P(LedgerContract, OrderHoldsAfterTheJournalWasEmptiedAndReopened) {
  AuctionScript one(1);
  append(one.create());
  move();
  restart();
  append(one.bid("Alice", 1000));
  append(one.bid("Bob", 1100));
  restart();
  append(one.bid("Alice", 1200));
  restart();
  ASSERT_EQ(recovered_.records.size(), 3U);
  EXPECT_EQ(recovered_.records[0].sequence, Sequence{3});
  EXPECT_EQ(recovered_.records[2].sequence, Sequence{5});
  move();
  EXPECT_EQ(events(1).size(), 5U);
}

TEST_P(LedgerContract, ImagesAreToldOnlyOfAuctionsThatAreNotOver) {
  AuctionScript open(1);
  AuctionScript closed(2);
  AuctionScript cancelled(3);
  Terms later = sample_terms();
  later.opens_at = script_start + Duration{60'000};
  AuctionScript scheduled(4, later);
  append(open.create() + closed.create() + cancelled.create() + scheduled.create());
  append(open.bid("Alice", 1000) + closed.bid("Bob", 2000));
  append(closed.play(Tick{}, script_start + Duration{3'600'000}) + cancelled.play(Cancel{}, script_start));
  move();
  restart();
  std::ranges::sort(recovered_.images, {}, &Auction::id);
  ASSERT_EQ(recovered_.images.size(), 2U);
  EXPECT_EQ(recovered_.images[0], open.auction());
  EXPECT_EQ(recovered_.images[1], scheduled.auction());
  EXPECT_EQ(recovered_.report.last_auction_id, AuctionId{4});
  EXPECT_EQ(recovered_.report.last_at, script_start + Duration{3'600'000});
  EXPECT_EQ(**reader_->auction(AuctionId{2}), closed.auction());
  EXPECT_EQ(**reader_->auction(AuctionId{3}), cancelled.auction());
}

// Whoever is told of a row may have to look into history for what the row is about.
TEST_P(LedgerContract, AReaderMayBeAskedWhileTheWriterRecovers) {
  AuctionScript script(1);
  append(script.create());
  move();
  append(script.bid("Alice", 1000));
  reader_.reset();
  ledger_.reset();
  ledger_ = storage_->open();
  const auto reader = ledger_->reader();
  ASSERT_TRUE(reader);
  std::size_t asked = 0;
  const auto ask = [&](AuctionId id) -> Result<void> {
    const auto image = (*reader)->auction(id);
    EXPECT_TRUE(image && *image && (*image)->bids == 0);
    ++asked;
    return {};
  };
  ASSERT_TRUE(ledger_->writer().recover({[&](const Auction& image) { return ask(image.id); },
                                         [&](const Record& record) { return ask(record.auction); }}));
  EXPECT_EQ(asked, 2U);
}

TEST_P(LedgerContract, EventsAreReadInPagesAndBidsAlone) {
  Terms terms = sample_terms();
  terms.soft_close = SoftClose{Duration{3'600'000}, Duration{3'600'000}, SoftClose::Mode::from_bid, std::nullopt};
  AuctionScript one(1, terms);
  append(one.create());
  for (std::int64_t i = 0; i < 10; ++i) {
    append(one.bid(i % 2 == 0 ? "Alice" : "Bob", 1000 + 100 * i, script_start + Duration{1 + i}));
  }
  move();
  ASSERT_EQ(one.auction().sequence, Sequence{22});  // created, opened, 10 x (bid, extended)
  const auto page = events(1, 4, 3);
  ASSERT_EQ(page.size(), 3U);
  EXPECT_EQ(page[0].sequence, Sequence{5});
  EXPECT_EQ(page[2].sequence, Sequence{7});
  const auto bids = events(1, 3, 4, true);
  ASSERT_EQ(bids.size(), 4U);
  for (const StoredEvent& bid : bids) {
    const auto decoded = decode_event(*bid.payload, {});
    ASSERT_TRUE(decoded);
    EXPECT_TRUE(std::holds_alternative<BidAccepted>(decoded->event.body));
    EXPECT_GT(bid.sequence, Sequence{3});
  }
  EXPECT_EQ(events(1, 0, 1000, true).size(), 10U);
  EXPECT_TRUE(events(1, 22).empty());
  EXPECT_TRUE(events(2).empty());
}

TEST_P(LedgerContract, RecordsAreReadBackWithTheirHiddenParts) {
  Terms terms = sample_terms();
  terms.reserve = Amount{5000};
  AuctionScript one(1, terms);
  std::vector<Record> all = one.create(script_start, key_use(Operation::create, "boss", "c", "f"), bidder("boss")) +
                            one.bid("Alice", 1000) + one.play(Cancel{}, script_start, std::nullopt, bidder("ops-2"));
  append(all);
  append(AuctionScript(2).create());
  EXPECT_TRUE(reader_->records(AuctionId{1}, Sequence{0}, 10)->empty()) << "nothing has moved yet";
  move();
  restart();
  const auto read = reader_->records(AuctionId{1}, Sequence{0}, 10);
  ASSERT_TRUE(read) << read.error().detail;
  ASSERT_EQ(read->size(), all.size());
  for (std::size_t k = 0; k < all.size(); ++k) {
    EXPECT_EQ((*read)[k].auction, AuctionId{1});
    EXPECT_EQ((*read)[k].sequence, all[k].sequence);
    EXPECT_EQ((*read)[k].kind, RecordKind::event);
    EXPECT_EQ((*read)[k].at, all[k].at);
    EXPECT_EQ(*(*read)[k].payload, *all[k].payload);
    EXPECT_EQ((*read)[k].secret, all[k].secret);
  }
  EXPECT_EQ(read->back().secret, R"({"by":"ops-2"})");
  const auto last = reader_->records(AuctionId{1}, Sequence{2}, 1);
  ASSERT_EQ(last->size(), 1U);
  EXPECT_EQ(last->front().sequence, Sequence{3});
}

TEST_P(LedgerContract, AuctionsAreListedByIdByStateAndFromACursor) {
  for (std::uint64_t id = 1; id <= 9; ++id) {
    AuctionScript script(id);
    append(script.create());
    if (id % 3 == 0) append(script.play(Cancel{}, script_start));
  }
  move();
  const auto ids = [&](const ListQuery& query) {
    std::vector<std::uint64_t> read;
    for (const Auction& auction : *reader_->list(query)) read.push_back(auction.id.value());
    return read;
  };
  EXPECT_THAT(ids({}), ::testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_THAT(ids({.after = AuctionId{4}, .limit = 3}), ::testing::ElementsAre(5, 6, 7));
  EXPECT_THAT(ids({.state = AuctionState::open, .limit = 4}), ::testing::ElementsAre(1, 2, 4, 5));
  EXPECT_THAT(ids({.state = AuctionState::open, .after = AuctionId{5}}), ::testing::ElementsAre(7, 8));
  EXPECT_THAT(ids({.state = AuctionState::cancelled, .after = AuctionId{3}}), ::testing::ElementsAre(6, 9));
  EXPECT_THAT(ids({.state = AuctionState::closed}), ::testing::IsEmpty());
}

TEST_P(LedgerContract, KeysAreRememberedOnceTheyHaveMoved) {
  AuctionScript one(7);
  const auto create_key = key_use(Operation::create, "seller", "c", "body-1");
  const auto bid_key = key_use(Operation::bid, "Alice", "same", "1000");
  const auto lost_key = key_use(Operation::bid, "Bob", "same", "1050");
  const auto cancel_key = key_use(Operation::cancel, "seller", "same", "{}");
  append(one.create(script_start, create_key) + one.bid("Alice", 1000, script_start, bid_key));
  const Record lost = one.reject("Bob", 1050, script_start, lost_key);
  append({lost});
  append(one.play(Cancel{}, script_start, cancel_key));
  EXPECT_FALSE(answer(bid_key, 7));
  move();

  const auto created = answer(create_key, 0);
  ASSERT_TRUE(created);
  EXPECT_EQ(created->fingerprint, "body-1");
  EXPECT_EQ(created->auction, AuctionId{7});
  EXPECT_EQ(created->sequence, Sequence{1});
  EXPECT_TRUE(created->answer_json.empty());
  const auto bid = answer(bid_key, 7);
  ASSERT_TRUE(bid);
  EXPECT_EQ(bid->sequence, Sequence{3});
  EXPECT_EQ(bid->fingerprint, "1000");
  const auto rejected = answer(lost_key, 7);
  ASSERT_TRUE(rejected);
  EXPECT_EQ(rejected->sequence, Sequence{0});
  EXPECT_EQ(rejected->answer_json, *lost.payload);
  const auto cancelled = answer(cancel_key, 7);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->sequence, Sequence{4});
  // Scope: another auction, another caller, another operation know nothing.
  EXPECT_FALSE(answer(bid_key, 8));
  EXPECT_FALSE(answer(key_use(Operation::bid, "Carol", "same", ""), 7));
  EXPECT_FALSE(answer(key_use(Operation::cancel, "Alice", "same", ""), 7));

  restart();
  EXPECT_TRUE(answer(bid_key, 7));
  EXPECT_TRUE(answer(lost_key, 7));
}

TEST_P(LedgerContract, ASliceOfAnswersAloneStillMoves) {
  AuctionScript one(1);
  append(one.create());
  move();
  append({one.reject("Bob", 10, script_start, key_use(Operation::bid, "Bob", "k", "10"))});
  const auto moved = move(1);
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].auction, AuctionId{1});
  EXPECT_EQ(moved[0].sequence, Sequence{2});
  EXPECT_EQ(writer().unmoved(), 0U);
}

TEST_P(LedgerContract, TheLatestRejectionsOfAnAuctionAreTold) {
  AuctionScript one(1);
  AuctionScript two(2);
  append(one.create() + two.create() +
         one.bid("Alice", 1000, script_start, key_use(Operation::bid, "Alice", "k", "1000")));
  append(two.bid("Alice", 1000));
  const auto refuse = [](AuctionScript& auction, std::string_view who, std::int64_t second) {
    return auction.reject(who, 1000, script_start + Duration{second * 1000}, key_use(Operation::bid, who, "k", "1000"));
  };
  append({refuse(one, "Bob", 2), refuse(two, "Bob", 1), refuse(one, "Carol", 3), refuse(one, "Dave", 1)});
  const auto told = [&](std::uint64_t auction, std::size_t limit) {
    std::vector<std::string> bidders;
    const auto rejections = reader_->rejections(AuctionId{auction}, limit);
    EXPECT_TRUE(rejections);
    for (const StoredRejection& each : *rejections) {
      EXPECT_EQ(each.key.view(), "k");
      bidders.emplace_back(each.answer.bidder.view());
    }
    return bidders;
  };
  EXPECT_THAT(told(1, 9), ::testing::IsEmpty()) << "none has moved";
  move();
  EXPECT_THAT(told(1, 9), ::testing::UnorderedElementsAre("Bob", "Carol", "Dave"));
  EXPECT_THAT(told(1, 2), ::testing::UnorderedElementsAre("Bob", "Carol"));
  EXPECT_THAT(told(2, 9), ::testing::ElementsAre("Bob"));
  forget(script_start + Duration{602'000});
  EXPECT_THAT(told(1, 9), ::testing::ElementsAre("Carol"));
}

TEST_P(LedgerContract, ARejectionIsForgottenAfterTenMinutesAndAnEffectADayAfterTheEnd) {
  AuctionScript one(1);
  AuctionScript other(2);
  const auto create_key = key_use(Operation::create, "seller", "c", "1");
  const auto other_create_key = key_use(Operation::create, "seller", "c2", "2");
  const auto bid_key = key_use(Operation::bid, "Alice", "k", "1000");
  const auto lost_key = key_use(Operation::bid, "Bob", "k", "1000");
  append(one.create(script_start, create_key) + other.create(script_start, other_create_key));
  append(one.bid("Alice", 1000, script_start, bid_key));
  append({one.reject("Bob", 1000, script_start, lost_key)});
  move();
  forget(script_start + Duration{10 * 60'000 - 1});
  EXPECT_TRUE(answer(lost_key, 1));
  forget(script_start + Duration{10 * 60'000});
  EXPECT_FALSE(answer(lost_key, 1));

  // While it runs, an effect is never forgotten.
  constexpr Duration day{24 * 3'600'000};
  forget(script_start + Duration{100 * day.ms});
  EXPECT_TRUE(answer(bid_key, 1));
  EXPECT_TRUE(answer(create_key, 0));

  const Timestamp end = script_start + Duration{3'600'000};
  append(one.play(Tick{}, end));
  move();
  forget(end + Duration{day.ms - 1});
  EXPECT_TRUE(answer(bid_key, 1));
  EXPECT_TRUE(answer(create_key, 0));
  forget(end + day);
  EXPECT_FALSE(answer(bid_key, 1));
  EXPECT_FALSE(answer(create_key, 0));
  EXPECT_TRUE(answer(other_create_key, 0));
  EXPECT_EQ(events(1).size(), 4U) << "the history itself stays";
}

TEST_P(LedgerContract, WithoutSpaceNothingIsThereAndTheNextAppendWorks) {
  AuctionScript one(1);
  append(one.create());
  AuctionScript ahead = one;
  storage_->fail_next_append_for_space();
  const auto failed = writer().append(ahead.bid("Mallory", 5000) + ahead.bid("Alice", 6000));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().failure, Failure::unavailable) << failed.error().detail;
  storage_->heal();
  EXPECT_EQ(writer().unmoved(), 2U);
  append(one.bid("Alice", 1000));
  restart();
  ASSERT_EQ(recovered_.records.size(), 3U);
  EXPECT_THAT(*recovered_.records[2].payload, ::testing::HasSubstr("Alice"));
  move();
  EXPECT_EQ(**reader_->auction(AuctionId{1}), one.auction());
}

TEST_P(LedgerContract, AFailedSyncSticks) {
  AuctionScript one(1);
  append(one.create());
  AuctionScript ahead = one;
  storage_->fail_next_sync();
  const auto failed = writer().append(ahead.bid("Alice", 5000));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().failure, Failure::outcome_unknown) << failed.error().detail;
  storage_->heal();
  const auto again = writer().append(one.bid("Alice", 1000));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().failure, Failure::outcome_unknown);
  const auto moved = writer().move(10);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().failure, Failure::outcome_unknown);
  const auto forgotten = writer().forget_answers(script_start);
  ASSERT_FALSE(forgotten);
  EXPECT_EQ(forgotten.error().failure, Failure::outcome_unknown);
  // The next start recovers what is there: all of the failed append, or none of it.
  restart();
  ASSERT_THAT(recovered_.records.size(), ::testing::AnyOf(2U, 3U));
  if (recovered_.records.size() == 3) {
    EXPECT_THAT(*recovered_.records[2].payload, ::testing::HasSubstr("5000"));
  }
}

TEST_P(LedgerContract, AnEventThatDoesNotFollowIsCorruptionAndMovesNothing) {
  AuctionScript one(1);
  append(one.create());
  one.bid("Alice", 1000);  // never appended
  append(one.bid("Bob", 1100));
  const auto moved = writer().move(10);
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error().failure, Failure::corrupt);
  EXPECT_THAT(moved.error().detail, ::testing::HasSubstr("auction 1, sequence 4"));
  EXPECT_TRUE(events(1).empty());
}

TEST_P(LedgerContract, WhatCannotBeWhatItSaysIsCorruptionAndMovesNothing) {
  AuctionScript one(1);
  AuctionScript unknown(2);
  unknown.create();  // never appended
  Record odd = one.create()[0];
  odd.kind = static_cast<RecordKind>(9);
  const Record answer = unknown.reject("Bob", 1, script_start, key_use(Operation::bid, "Bob", "k", "1"));
  for (const Record& wrong : {odd, answer}) {
    storage_ = GetParam().make();
    restart();
    append({wrong});
    const auto moved = writer().move(10);
    ASSERT_FALSE(moved);
    EXPECT_EQ(moved.error().failure, Failure::corrupt);
    EXPECT_EQ(writer().unmoved(), 1U);
  }
}

TEST_P(LedgerContract, WhatRecoveryIsToldOffStopsIt) {
  AuctionScript one(1);
  append(one.create());
  move(1);
  const auto failing = [](const char* why) { return fail(Failure::corrupt, why); };
  for (const bool of_images : {true, false}) {
    reader_.reset();
    ledger_.reset();
    ledger_ = storage_->open();
    Recovery recovery;
    recovery.on_image = [&](const Auction&) -> Result<void> {
      return of_images ? Result<void>(failing("no such image")) : Result<void>{};
    };
    recovery.on_record = [&](const Record&) -> Result<void> { return failing("no such record"); };
    const auto recovered = writer().recover(recovery);
    ASSERT_FALSE(recovered);
    EXPECT_THAT(recovered.error().detail, ::testing::HasSubstr(of_images ? "no such image" : "no such record"));
  }
}

TEST_P(LedgerContract, NothingIsAppendedAndMovedAsNothing) {
  EXPECT_TRUE(writer().append({}));
  EXPECT_TRUE(move().empty());
  append(AuctionScript(1).create());
  EXPECT_TRUE(move(0).empty());
  EXPECT_EQ(writer().unmoved(), 2U);
}

// More keys, and more ends, than one call forgets.
TEST_P(LedgerContract, ManyAreForgottenLittleByLittle) {
  AuctionScript one(1);
  std::vector<Record> records = one.create();
  for (int i = 0; i < 1'100; ++i) {
    records = std::move(records) +
              one.bid("Bob", 1'000 + 100 * i, script_start,
                      key_use(Operation::bid, "Bob", std::to_string(i), std::to_string(1'000 + 100 * i)));
  }
  append(records + one.play(Tick{}, one.auction().closes_at));
  for (std::uint64_t id = 2; id < 150; ++id) {
    AuctionScript other(id);
    append(other.create() + other.play(Tick{}, other.auction().closes_at));
  }
  move(10'000);
  const KeyUse first = key_use(Operation::bid, "Bob", "0", "1000");
  const KeyUse last = key_use(Operation::bid, "Bob", "1099", "110900");
  ASSERT_TRUE(answer(first, 1));
  forget(one.auction().closes_at + effect_kept - Duration{1});
  EXPECT_TRUE(answer(last, 1));
  forget(one.auction().closes_at + effect_kept);
  EXPECT_FALSE(answer(first, 1));
  EXPECT_FALSE(answer(last, 1));
}

// More than an adapter may keep in memory between slices.
TEST_P(LedgerContract, ThousandsOfAuctionsMove) {
  std::vector<AuctionScript> scripts;
  std::vector<Record> records;
  for (std::uint64_t id = 1; id <= 4'200; ++id) {
    scripts.emplace_back(id);
    for (Record& record : scripts.back().create()) records.push_back(std::move(record));
  }
  for (AuctionScript& script : scripts) records.push_back(script.bid("Bob", 1000)[0]);
  append(records);
  while (!move(3'000).empty()) {
  }
  for (const std::uint64_t id : {1U, 4'096U, 4'200U}) EXPECT_EQ(events(id).size(), 3U) << id;
}

}  // namespace
}  // namespace flashbid::testing
