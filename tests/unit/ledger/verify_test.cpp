#include "ledger/sqlite/verify.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "ledger/sqlite/sqlite_ledger.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"
#include "support/written_ledger.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

Terms soft_closing_terms() {
  Terms terms = sample_terms();
  terms.reserve = Amount{1500};
  terms.soft_close = SoftClose{Duration{3'600'000}, Duration{3'600'000}, SoftClose::Mode::from_bid, std::nullopt};
  return terms;
}

class VerifyTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    ledger_.reset();
    auto ledger = open_sqlite_ledger({.folder = folder_.path()});
    ASSERT_TRUE(ledger) << ledger.error().detail;
    ledger_ = std::move(*ledger);
    ASSERT_TRUE(recover(ledger_->writer()));
  }
  void append(const std::vector<Record>& records) {
    const auto appended = ledger_->writer().append(records);
    ASSERT_TRUE(appended) << appended.error().detail;
  }
  void move(std::size_t rows = 1000) {
    const auto moved = ledger_->writer().move(rows);
    ASSERT_TRUE(moved) << moved.error().detail;
  }
  void tamper(const std::string& sql) {
    sqlite3* db = nullptr;
    sqlite3_open((folder_.path() / "flashbid.db").c_str(), &db);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << error;
    EXPECT_GT(sqlite3_changes(db), 0) << sql;
    sqlite3_free(error);
    sqlite3_close(db);
  }
  Verified expect_consistent() {
    const auto verified = verify_sqlite_ledger(folder_.path());
    EXPECT_TRUE(verified) << verified.error().detail;
    return verified.value_or(Verified{});
  }
  std::string violation() {
    const auto verified = verify_sqlite_ledger(folder_.path());
    if (verified) return "none";
    EXPECT_EQ(verified.error().failure, Failure::corrupt);
    return verified.error().detail;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Ledger> ledger_;
};

// The record with its payload changed, as a defect of the engine would have written it.
Record forged(const Record& record, std::string_view from, std::string_view to) {
  std::string payload = *record.payload;
  const auto at = payload.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  payload.replace(at, from.size(), to);
  Record changed = record;
  changed.payload = std::make_shared<const std::string>(std::move(payload));
  return changed;
}

TEST_F(VerifyTest, NoLedgerIsSaidSo) {
  TemporaryFolder empty;
  const auto verified = verify_sqlite_ledger(empty.path());
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().failure, Failure::invalid);
  EXPECT_THAT(verified.error().detail, HasSubstr("there is no ledger at"));
}

TEST_F(VerifyTest, AFreshLedgerIsConsistent) {
  EXPECT_EQ(expect_consistent().auctions, 0U);
  ledger_.reset();
  EXPECT_EQ(expect_consistent().auctions, 0U);
}

// At every cut between what has moved and what has not, beside a running ledger and after it.
TEST_F(VerifyTest, AnHonestHistoryIsConsistentAtEveryCut) {
  AuctionScript one(1, soft_closing_terms());
  AuctionScript two(2);
  const auto use = [](Operation operation, const char* key) { return key_use(operation, "Alice", key, "1000"); };
  append(one.create(script_start, use(Operation::create, "c1")) + two.create());
  append(one.bid("Alice", 1000, script_start + Duration{5}, use(Operation::bid, "b1")));
  append({one.reject("Bob", 1000, script_start + Duration{6}, key_use(Operation::bid, "Bob", "b2", "1000"))});
  append(one.bid("Bob", 1600, script_start + Duration{7}) + two.bid("Carol", 1000));
  append(two.play(Cancel{}, script_start + Duration{8}, use(Operation::cancel, "x")));
  append(one.play(Tick{}, one.auction().closes_at));
  const std::size_t rows = ledger_->writer().unmoved();
  for (std::size_t moved = 0; moved <= rows; ++moved) {
    const Verified verified = expect_consistent();
    EXPECT_EQ(verified.unmoved, rows - moved);
    EXPECT_EQ(verified.auctions, 2U);
    EXPECT_EQ(verified.events + verified.unmoved, moved < 7 ? rows : rows - 1);  // row 7 is the answer
    move(1);
  }
  EXPECT_EQ(expect_consistent().answers, 4U);
  ledger_.reset();
  EXPECT_EQ(expect_consistent().answers, 4U);
}

TEST_F(VerifyTest, ForgottenKeysOfAnEndedAuctionAreNoViolation) {
  AuctionScript one(1);
  append(one.create());
  append(one.bid("Alice", 1000, script_start, key_use(Operation::bid, "Alice", "k", "1000")));
  append(one.play(Tick{}, one.auction().closes_at));
  move();
  ASSERT_TRUE(ledger_->writer().forget_answers(script_start + Duration{100L * 24 * 3'600'000}));
  EXPECT_EQ(expect_consistent().answers, 0U);
}

// What a defect could have written with checksums that fit. Each is found in the journal, and again in history.
struct Forgery {
  const char* name;
  std::function<std::vector<Record>(AuctionScript&)> records;  // after created, opened and two bids
  const char* said;
};
class ForgeryTest : public VerifyTest, public ::testing::WithParamInterface<Forgery> {};

constexpr Timestamp later = script_start + Duration{10};

INSTANTIATE_TEST_SUITE_P(
    Each, ForgeryTest,
    ::testing::Values(Forgery{"a_price_that_does_not_rise",
                              [](AuctionScript& one) {
                                return std::vector{forged(
                                    forged(one.bid("Bob", 1700, later)[0], R"("amount":1700)", R"("amount":1100)"),
                                    R"("price":1700)", R"("price":1100)")};
                              },
                              "bid_accepted (of Bob, 1100) at this moment is against the rules: amount_below_minimum"},
                      Forgery{"a_wrong_minimum",
                              [](AuctionScript& one) {
                                return std::vector{forged(one.bid("Bob", 1700, later)[0], R"("minimum_next":1800)",
                                                          R"("minimum_next":1900)")};
                              },
                              "the rules say"},
                      Forgery{"a_bid_without_its_extension",
                              [](AuctionScript& one) { return std::vector{one.bid("Bob", 1700, later)[0]}; },
                              "it ends between a bid and its extension"},
                      Forgery{"an_extension_without_its_bid",
                              [](AuctionScript& one) {
                                return std::vector{
                                    forged(one.bid("Bob", 1700, later)[1], R"("sequence":8)", R"("sequence":7)")};
                              },
                              "columns and its payload differ"},
                      Forgery{"another_end",
                              [](AuctionScript& one) {
                                auto records = one.bid("Bob", 1700, later);
                                records[1] = forged(records[1], R"(.010Z","ext)", R"(.011Z","ext)");
                                return records;
                              },
                              "the rules say"},
                      Forgery{"a_close_before_its_time",
                              [](AuctionScript& one) {
                                auto records = one.play(Tick{}, one.auction().closes_at);
                                const std::string at = to_text(records[0].at);
                                records[0] = forged(records[0], at, to_text(later));
                                records[0].at = later;
                                return records;
                              },
                              "closed at this moment is against the rules"},
                      Forgery{"another_winner",
                              [](AuctionScript& one) {
                                auto records = one.play(Tick{}, one.auction().closes_at);
                                records[0] = forged(records[0], R"("winner":"Bob")", R"("winner":"Eve")");
                                return records;
                              },
                              "the rules say"},
                      Forgery{"time_that_runs_back",
                              [](AuctionScript& one) { return one.bid("Alice", 1700, script_start); },
                              "is earlier than the event before it"},
                      Forgery{"an_epoch_that_was_not_yet",
                              [](AuctionScript& one) {
                                auto records = one.bid("Bob", 1700, later);
                                for (Record& record : records) record = forged(record, R"("epoch":1)", R"("epoch":0)");
                                return records;
                              },
                              "positive number"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_P(ForgeryTest, IsFoundInTheJournalAndInHistory) {
  AuctionScript one(1, soft_closing_terms());
  append(one.create() + one.bid("Alice", 1000, script_start + Duration{1}) +
         one.bid("Bob", 1600, script_start + Duration{2}));
  expect_consistent();
  append(GetParam().records(one));
  EXPECT_THAT(violation(), HasSubstr(GetParam().said));
  EXPECT_THAT(violation(), HasSubstr("auction 1"));
  // Unless the move itself refuses it, history says the same.
  if (ledger_->writer().move(1000)) {
    EXPECT_THAT(violation(), HasSubstr(GetParam().said));
  }
}

struct Tampering {
  const char* name;
  const char* sql;
  const char* said;
};
class TamperingTest : public VerifyTest, public ::testing::WithParamInterface<Tampering> {};
INSTANTIATE_TEST_SUITE_P(
    Each, TamperingTest,
    ::testing::Values(
        Tampering{"lost_event", "DELETE FROM events WHERE auction = 1 AND sequence = 3", "the event before it is 2"},
        Tampering{"lost_last_event", "DELETE FROM events WHERE auction = 1 AND sequence = 6",
                  "names event 6 of auction 1, which is not there"},
        Tampering{"lost_history", "DELETE FROM events WHERE auction = 2",
                  "names event 1 of auction 2, which is not there"},
        Tampering{"lost_image", "DELETE FROM auctions WHERE id = 2", "it has events and no image"},
        Tampering{"lost_key", "DELETE FROM answers WHERE operation = 1", "its key is not remembered"},
        Tampering{"key_of_nothing",
                  "DELETE FROM events WHERE auction = 2; DELETE FROM auctions WHERE id = 2; "
                  "DELETE FROM moved WHERE auction = 2",
                  "event 4 is missing"},
        Tampering{"lost_place", "DELETE FROM moved WHERE auction = 2 AND sequence = 3",
                  "the order of history does not name it"},
        Tampering{"lost_journal_row", "DELETE FROM journal WHERE id = (SELECT min(id) FROM journal)",
                  "journal row 12 follows row 10"},
        Tampering{"changed_byte", "UPDATE events SET payload = replace(payload, 'Alice', 'Mally') WHERE sequence = 3",
                  "checksum does not fit"},
        Tampering{"lost_meta", "DELETE FROM meta", "the ledger's meta row is missing"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST_P(TamperingTest, IsFound) {
  AuctionScript one(1, soft_closing_terms());
  AuctionScript two(2);
  append(one.create() + two.create());
  append(one.bid("Alice", 1000, script_start + Duration{1}, key_use(Operation::bid, "Alice", "k", "1000")));
  append(one.bid("Bob", 1600, script_start + Duration{2}) + two.bid("Bob", 1000) +
         two.bid("Bob", 1100, script_start, key_use(Operation::bid, "Bob", "k", "1100")));
  move();
  append(one.bid("Carol", 2000, script_start + Duration{3}));
  ASSERT_EQ(expect_consistent().unmoved, 2U);
  ledger_.reset();
  tamper(GetParam().sql);
  EXPECT_THAT(violation(), HasSubstr(GetParam().said));
}

TEST_F(VerifyTest, AnothersFileAndAnotherSchemaAreSaidSo) {
  ledger_.reset();
  tamper("CREATE TABLE touched(x); INSERT INTO touched VALUES (1); PRAGMA application_id = 5");
  EXPECT_THAT(violation(), HasSubstr("it is not a FlashBid ledger"));
  tamper("INSERT INTO touched VALUES (1); PRAGMA application_id = 1179402825; PRAGMA user_version = 1");
  const auto verified = verify_sqlite_ledger(folder_.path());
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().failure, Failure::invalid);
  EXPECT_THAT(verified.error().detail, HasSubstr("its schema is 1, this FlashBid knows 2"));
}

// An auction's keys are forgotten in parts; the first end's may be so, and no other's.
TEST_F(VerifyTest, KeysMayBeForgottenInPart) {
  AuctionScript one(1);
  std::vector<Record> records = one.create();
  for (int i = 0; i < 1'100; ++i) {
    const std::int64_t amount = 1'000 + 100 * i;
    records = std::move(records) + one.bid("Bob", amount, script_start,
                                           key_use(Operation::bid, "Bob", std::to_string(i), std::to_string(amount)));
  }
  AuctionScript two(2);
  append(records + two.create() + two.bid("Bob", 1'000, script_start, key_use(Operation::bid, "Bob", "k", "1000")));
  append(one.play(Tick{}, one.auction().closes_at) + two.play(Tick{}, two.auction().closes_at));
  move(10'000);
  std::uint64_t before = expect_consistent().answers;
  EXPECT_EQ(before, 1'101U);
  for (bool more = true; more;) {
    const auto forgotten = ledger_->writer().forget_answers(script_start + Duration{100L * 24 * 3'600'000});
    ASSERT_TRUE(forgotten) << forgotten.error().detail;
    more = *forgotten;
    const std::uint64_t now = expect_consistent().answers;
    EXPECT_LT(now, before);
    before = now;
  }
  EXPECT_EQ(before, 0U);
}

TEST_F(VerifyTest, TellsHowFarItIs) {
  AuctionScript one(1);
  std::vector<Record> records = one.create();
  for (int i = 0; i < 10'000; ++i) {
    for (Record& record : one.bid("Bob", 1'000 + 100 * i)) records.push_back(std::move(record));
  }
  append(records);
  move(20'000);
  AuctionScript two(2);
  append(two.create());
  move();
  std::vector<std::pair<std::uint64_t, std::uint64_t>> told;
  ASSERT_TRUE(verify_sqlite_ledger(folder_.path(), [&](auto done, auto all) { told.emplace_back(done, all); }));
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> expected{{0, 10'004}, {10'002, 10'004}};
  EXPECT_EQ(told, expected);
}

// What sums up all that has moved, after a rejection that came last.
TEST_F(VerifyTest, TheMetaRowIsHeldAgainstRejectionsToo) {
  AuctionScript one(1);
  append(one.create());
  append({one.reject("Bob", 1, script_start + Duration{5}, key_use(Operation::bid, "Bob", "k", "1"))});
  move();
  expect_consistent();
  ledger_.reset();
  const auto set = [&](const char* change) {
    Tamperer tamperer(folder_.path());
    ASSERT_TRUE(tamperer.run(std::string("UPDATE meta SET ") + change));
    tamperer.restore_checksums("meta");
  };
  set("moved_through = 2");
  EXPECT_THAT(violation(), HasSubstr("meta: moved_through: 2 events and 1 rejections have moved, stored is 2"));
  set("moved_through = 3, last_at = last_at - 1");
  EXPECT_THAT(violation(), HasSubstr("meta: last_at: history says 2027-01-15T08:00:00.005Z, stored is "
                                     "2027-01-15T08:00:00.004Z"));
  // A rejection more has been forgotten, it says; that may have come later, but not earlier.
  set("moved_through = 4");
  EXPECT_THAT(violation(), HasSubstr("meta: last_at"));
  set("last_at = last_at + 100");
  expect_consistent();
}

}  // namespace
}  // namespace flashbid::testing
