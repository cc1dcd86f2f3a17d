// A row that is damaged or gone, and each who reads it: corrupt, and it says which row (INV-12).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "ledger/sqlite/ordered_reader.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

KeyUse key(Operation operation, const char* text) { return key_use(operation, "Bob", text, "1"); }

TEST(DamagedRow, IsToldByWhoeverReadsIt) {
  const AuctionId first{1};
  const Timestamp next_day = script_start + Duration{25 * 3'600'000};
  using Told = Result<void>;
  const auto told = [](const auto& result) { return result ? Told{} : Told(std::unexpected(result.error())); };
  const struct {
    const char* damage;
    const char* said;
    std::function<Told(Ledger&, const std::filesystem::path&)> ask;
  } table[] = {
      {"UPDATE events SET crc = crc + 1 WHERE sequence = 1", "event 1 of auction 1",
       [&](Ledger& ledger, auto&) { return told((*ledger.reader())->records(first, Sequence{0}, 10)); }},
      {"UPDATE events SET crc = crc + 1 WHERE sequence = 1", "event 1 of auction 1",
       [&](Ledger& ledger, auto&) { return told(ledger.writer().forget_answers(next_day)); }},
      {"DELETE FROM events WHERE sequence = 1", "event 1 of auction 1 is missing",
       [&](Ledger& ledger, auto&) { return told(ledger.writer().forget_answers(next_day)); }},
      {"UPDATE auctions SET crc = crc + 1", "the image of auction 1",
       [&](Ledger& ledger, auto&) { return told((*ledger.reader())->list({})); }},
      {"UPDATE auctions SET crc = crc + 1", "the image of auction 1",
       [&](Ledger& ledger, auto&) { return told(ledger.writer().move(10)); }},
      {"UPDATE answers SET operation = 0 WHERE operation = 1", "the answer to key",
       [&](Ledger& ledger, auto&) {
         return told((*ledger.reader())->answer(Operation::bid, first, bidder("Bob"), *parse_idempotency_key("b")));
       }},
      {"UPDATE journal SET crc = crc + 1", "journal row",
       [&](Ledger&, const auto& folder) { return told((*OrderedReader::open(folder))->read(0, 100)); }},
  };
  for (const auto& row : table) {
    const TemporaryFolder folder;
    AuctionScript script(1);
    auto ledger = *open_sqlite_ledger({.folder = folder.path()});
    ASSERT_TRUE(recover(ledger->writer()));
    ASSERT_TRUE(ledger->writer().append(script.create(script_start, key(Operation::create, "c")) +
                                        script.bid("Bob", 1'000, script_start, key(Operation::bid, "b")) +
                                        script.play(Cancel{}, script_start)));
    ASSERT_TRUE(ledger->writer().move(100));
    ASSERT_TRUE(ledger->writer().append(std::vector{script.reject("Bob", 1, script_start, key(Operation::bid, "r"))}));
    AuctionScript other(2);
    ASSERT_TRUE(ledger->writer().append(other.create()));
    sqlite3* tool = nullptr;
    ASSERT_EQ(sqlite3_open((folder.path() / "flashbid.db").c_str(), &tool), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(tool, row.damage, nullptr, nullptr, nullptr), SQLITE_OK) << row.damage;
    sqlite3_close(tool);
    // The writer keeps the images that it has moved: the next process reads them again.
    ledger.reset();
    ledger = *open_sqlite_ledger({.folder = folder.path()});
    EXPECT_EQ(recover(ledger->writer()).has_value(), !std::string_view(row.damage).contains("journal"));
    const Told answer = row.ask(*ledger, folder.path());
    ASSERT_FALSE(answer) << row.damage;
    EXPECT_EQ(answer.error().failure, Failure::corrupt) << row.damage;
    EXPECT_THAT(answer.error().detail, HasSubstr(row.said));
  }
}

}  // namespace
}  // namespace flashbid::testing
