// SQLite is refused memory, at each of its requests in turn: whoever asked hears that, nothing is taken for damage,
// what was refused is not there and can be asked for again, and what was acknowledged stays. R2 of the reliability
// contract.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fault/faulty_vfs.hpp"
#include "fault/folder_sync.hpp"
#include "fault/length.hpp"
#include "fault/scarce_memory.hpp"
#include "ledger/sqlite/ordered_reader.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "ledger/sqlite/verify.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::fault {
namespace {

using ::testing::AnyOf;
using testing::AuctionScript;
using testing::operator+;
using ::testing::HasSubstr;
using testing::script_start;

constexpr std::size_t everything = 1'000'000;

class FailingMemory : public ::testing::Test {
 protected:
  FailingMemory() { vfs_.pretend_syncs(); }

  struct Attempt {
    const char* what;
    std::size_t step;             // every so many-th of its requests
    std::function<void()> ready;  // before each
    std::function<Result<void>()> task;
    std::function<void(const Error&)> mend;  // after each that failed
  };

  void refuse_each(const Attempt& attempt) {
    int failures = 0;
    std::size_t at = 0;
    for (Result<void> done; !HasFailure(); at += attempt.step) {
      attempt.ready();
      const bool came = memory_.refuse(at, [&] { done = attempt.task(); });
      if (done && came) continue;  // SQLite could do without
      SCOPED_TRACE(fmt::format("{}, request {}: {}", attempt.what, at, done ? "" : done.error().detail));
      ASSERT_EQ(came, !done);
      if (!came) break;
      ++failures;
      const Error& error = done.error();
      EXPECT_THAT(error.detail, AnyOf(HasSubstr("out of memory"), HasSubstr("(SQLite 7)"), HasSubstr("(SQLite 3082")));
      EXPECT_THAT(error.failure, AnyOf(Failure::unavailable, Failure::outcome_unknown, Failure::invalid));
      attempt.mend(error);
    }
    EXPECT_GT(failures, 0) << attempt.what;
    std::cout << fmt::format("{}: {} requests, {} failures\n", attempt.what, at, failures);
  }

  [[nodiscard]] Result<void> start(const std::filesystem::path& folder) {
    auto ledger = open_sqlite_ledger({.folder = folder, .vfs = vfs_.name(), .checkpoint_pages = 24});
    if (!ledger) return std::unexpected(ledger.error());
    ledger_ = std::move(*ledger);
    auto recovered = testing::recover(ledger_->writer());
    if (!recovered) return std::unexpected(recovered.error());
    journal_ = std::move(recovered->records);
    return {};
  }
  void stop() { ledger_.reset(); }
  void start_well() {
    stop();
    const auto started = start(folder_.path());
    ASSERT_TRUE(started) << started.error().detail;
  }

  // A new auction with all that is remembered: four keys, five events, over at once.
  std::vector<Record> next_auction() {
    AuctionScript script(++last_);
    const auto key = [&](Operation operation, const char* text) {
      return testing::key_use(operation, "Bob", text + std::to_string(operation == Operation::create ? last_ : 0),
                              "1100");
    };
    auto records = script.create(script_start, key(Operation::create, "c"));
    records = records + script.bid("Bob", 1'100, script_start, key(Operation::bid, "b"));
    records.push_back(script.reject("Bob", 1, script_start, testing::key_use(Operation::bid, "Bob", "r0", "1")));
    return records + script.play(Cancel{}, script_start, key(Operation::cancel, "x"));
  }
  void promise(const std::vector<Record>& records) {
    for (const Record& record : records) {
      if (record.kind == RecordKind::event) promised_.push_back(record);
    }
  }

  Result<void> append(const std::vector<Record>& records) { return ledger_->writer().append(records); }
  Result<void> move_all() {
    while (ledger_->writer().unmoved() > 0) {
      if (const auto moved = ledger_->writer().move(3); !moved) return std::unexpected(moved.error());
    }
    return {};
  }
  Result<void> forget() {
    while (true) {
      const auto more = ledger_->writer().forget_answers(script_start + Duration{25 * 3'600'000});
      if (!more) return std::unexpected(more.error());
      if (!*more) return {};
    }
  }
  void expect_all_there() {
    const auto reader = OrderedReader::open(folder_.path());
    ASSERT_TRUE(reader) << reader.error().detail;
    const auto all = (*reader)->read(0, everything);
    ASSERT_TRUE(all) << all.error().detail;
    ASSERT_EQ(all->records.size(), promised_.size());
    for (std::size_t i = 0; i < promised_.size(); ++i) EXPECT_EQ(*all->records[i].payload, *promised_[i].payload);
    const auto verified = verify_sqlite_ledger(folder_.path());
    EXPECT_TRUE(verified) << verified.error().detail;
  }

  ScarceMemory memory_;
  testing::FaultyVfs vfs_;
  FolderSyncs folders_{[](const std::filesystem::path&) { return 0; }};
  testing::TemporaryFolder folder_;
  std::unique_ptr<Ledger> ledger_;
  std::vector<Record> journal_;  // as the last start told it
  std::vector<Record> promised_;
  std::uint64_t last_ = 0;
};

std::size_t one_in(std::size_t step) { return all_of_it() ? 1 : step; }

TEST_F(FailingMemory, AtAStart) {
  const auto stopped = [&] { stop(); };
  const auto nothing = [](const Error&) {};
  int folders = 0;
  const auto new_folder = [&] { return folder_.path() / std::to_string(++folders); };
  refuse_each({"a first start", one_in(7), stopped, [&] { return start(new_folder()); }, nothing});
  start_well();
  auto records = next_auction();
  ASSERT_TRUE(append(records) && move_all());
  promise(records);
  records = next_auction();
  ASSERT_TRUE(append(records));
  promise(records);
  refuse_each({"a start", one_in(3), stopped, [&] { return start(folder_.path()); }, nothing});
  EXPECT_EQ(journal_.size(), records.size());
  expect_all_there();
  // As version 1 left it.
  const auto older = [&] {
    stop();
    sqlite3* tool = nullptr;
    ASSERT_EQ(sqlite3_open((folder_.path() / "flashbid.db").c_str(), &tool), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(tool, "DROP TABLE IF EXISTS moved; PRAGMA user_version = 1", nullptr, nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(tool);
  };
  refuse_each({"a start on version 1's", one_in(3), older, [&] { return start(folder_.path()); }, nothing});
  expect_all_there();
}

// An auction of its own for each.
TEST_F(FailingMemory, WhileItWrites) {
  start_well();
  std::vector<Record> records;
  const auto append_next = [&] {
    records = next_auction();
    promise(records);
    ASSERT_TRUE(append(records));
  };
  const auto go_on = [&](const Error& error) {
    if (error.failure != Failure::unavailable) start_well();
  };
  refuse_each({"an append", 1,
               [&] {
                 records = next_auction();
                 promise(records);
               },
               [&] { return append(records); },
               [&](const Error& error) {
                 go_on(error);
                 // Surely not there; or nobody knows, but the next start does.
                 const bool is_there = error.failure == Failure::outcome_unknown && !journal_.empty() &&
                                       journal_.back().auction == records.back().auction;
                 if (is_there) return;
                 const auto again = append(records);
                 EXPECT_TRUE(again) << again.error().detail;
               }});
  ASSERT_TRUE(move_all());
  refuse_each({"a move", 1, append_next, [&] { return move_all(); },
               [&](const Error& error) {
                 go_on(error);
                 const auto again = move_all();
                 EXPECT_TRUE(again) << again.error().detail;
               }});
  refuse_each({"a forgetting", 1,
               [&] {
                 append_next();
                 ASSERT_TRUE(move_all());
               },
               [&] { return forget(); },
               [&](const Error& error) {
                 go_on(error);
                 const auto again = forget();
                 EXPECT_TRUE(again) << again.error().detail;
               }});
  expect_all_there();
}

// Each on a connection of its own.
TEST_F(FailingMemory, WhileItReads) {
  start_well();
  for (int i = 0; i < 3; ++i) {
    const auto records = next_auction();
    promise(records);
    ASSERT_TRUE(append(records));
    if (i < 2) ASSERT_TRUE(move_all());
  }
  const auto everything_of = [&](LedgerReader& reader) -> Result<void> {
    const AuctionId first{1};
    for (const bool bids_only : {false, true}) {
      const auto events = reader.events(first, Sequence{0}, everything, bids_only);
      if (!events) return std::unexpected(events.error());
      EXPECT_EQ(events->size(), bids_only ? 1U : 4U);
    }
    const auto records = reader.records(first, Sequence{0}, everything);
    if (!records) return std::unexpected(records.error());
    EXPECT_EQ(records->size(), 4U);
    const auto auction = reader.auction(first);
    if (!auction) return std::unexpected(auction.error());
    EXPECT_TRUE(*auction);
    for (const std::optional<AuctionState> state : {std::optional<AuctionState>{}, {AuctionState::cancelled}}) {
      const auto listed = reader.list({state, AuctionId{0}, 10});
      if (!listed) return std::unexpected(listed.error());
      EXPECT_EQ(listed->size(), 2U);
    }
    const struct {
      Operation operation;
      std::uint64_t scope;
      const char* key;
      bool known;
    } keys[] = {{Operation::bid, 1, "b0", true}, {Operation::bid, 1, "new", false}, {Operation::create, 0, "c1", true}};
    for (const auto& [operation, scope, key, known] : keys) {
      const auto answer =
          reader.answer(operation, AuctionId{scope}, testing::bidder("Bob"), *parse_idempotency_key(key));
      if (!answer) return std::unexpected(answer.error());
      EXPECT_EQ(answer->has_value(), known) << key;
    }
    return {};
  };
  const auto nothing = [](const Error&) {};
  refuse_each({"a reader", 1, [] {},
               [&]() -> Result<void> {
                 const auto reader = ledger_->reader();
                 if (!reader) return std::unexpected(reader.error());
                 return everything_of(**reader);
               },
               nothing});
  refuse_each({"the ordered reader", 1, [] {},
               [&]() -> Result<void> {
                 const auto reader = OrderedReader::open(folder_.path());
                 if (!reader) return std::unexpected(reader.error());
                 const auto slice = (*reader)->read(0, everything);
                 if (!slice) return std::unexpected(slice.error());
                 EXPECT_EQ(slice->records.size(), promised_.size());
                 return {};
               },
               nothing});
  refuse_each({"verify", 1, [] {},
               [&]() -> Result<void> {
                 const auto verified = verify_sqlite_ledger(folder_.path());
                 if (!verified) return std::unexpected(verified.error());
                 EXPECT_EQ(verified->unmoved, 5U);
                 return {};
               },
               nothing});
  expect_all_there();
}

}  // namespace
}  // namespace flashbid::fault
