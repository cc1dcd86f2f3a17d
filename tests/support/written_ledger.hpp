// A ledger that the engine has written, with every kind of event, answer and key in it, in history and in the journal;
// and a hand that changes one column of it and makes the row's checksum right again.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "ledger/checksum.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "support/engine_under_test.hpp"

namespace flashbid::testing {

// Writes the ledger of two lives into `folder`: what the first did has moved into history, what the second did has not.
//   auction 1  every option; bids of each reason; extensions; sold        2  called off      4  no option; sold
//   auction 3  not open yet; goes on in the journal, where it is called off                  5  only in the journal
//   auction 6  unsold, for its reserve                                                       7  no bid ever
inline void write_ledger(const std::filesystem::path& folder) {
  using flashbid::test::EngineUnderTest;
  using flashbid::test::noon;
  EngineUnderTest engine(1, [&] {
    auto ledger = open_sqlite_ledger({.folder = folder});
    if (!ledger) throw std::runtime_error(ledger.error().detail);
    return std::move(*ledger);
  });
  const auto key = [](Operation operation, const char* text) {
    return KeyUse{operation, *BidderId::from("boss"), *IdempotencyKey::from(text), "print of the body"};
  };
  const auto bid = [&](std::uint64_t auction, const char* who, std::int64_t amount, const char* with_key,
                       Reason reason) {
    engine.clock.advance(Duration{10});
    const auto answer = engine.bid(AuctionId{auction}, who, amount, with_key);
    ASSERT_TRUE(answer) << answer.error().detail;
    ASSERT_EQ(to_text(answer->reason), to_text(reason)) << auction << who << amount;
  };
  // Within the ten minutes that rejections are remembered.
  constexpr Duration minutes_5{300'000};
  Terms plain = test::open_terms();
  plain.closes_at = noon + minutes_5;
  Terms every_option = plain;
  every_option.description = "With a \"description\"";
  every_option.image_url = "https://example.com/1.png";
  every_option.increment = *Increment::table({{Amount{20'000}, Amount{500}}, {std::nullopt, Amount{1'000}}});
  every_option.reserve = Amount{11'000};
  every_option.amount_limit = Amount{50'000};
  every_option.soft_close = SoftClose{minutes_5, minutes_5, SoftClose::Mode::from_bid, 3};
  every_option.seller = *BidderId::from("Sam");
  every_option.self_outbid = false;
  Terms later = plain;
  later.opens_at = noon + Duration{100 * 3'600'000};
  later.closes_at = later.opens_at + Duration{1};
  Terms reserved = plain;
  reserved.reserve = Amount{99'000};

  engine.create(every_option, AuctionId{1}, key(Operation::create, "c1"), "boss");
  engine.create(plain, AuctionId{2}, key(Operation::create, "c2"), "boss");
  engine.create(later, AuctionId{3}, std::nullopt, "boss");
  engine.create(plain, AuctionId{4});
  engine.create(reserved, AuctionId{6});
  engine.create(plain, AuctionId{7});
  bid(3, "Bob", 10'000, "early", Reason::not_open_yet);
  bid(1, "Sam", 10'000, "own", Reason::own_auction);
  bid(1, "Alice", 9'999, "low", Reason::amount_below_minimum);
  bid(1, "Alice", 10'000, "a1", Reason::none);
  bid(1, "Alice", 20'000, "again", Reason::already_leading);
  bid(1, "Bob", 50'001, "high", Reason::amount_above_limit);
  bid(1, "Bob", 11'000, "", Reason::none);
  bid(1, "Alice", 12'000, "a2", Reason::none);
  bid(2, "Bob", 10'000, "b1", Reason::none);
  engine.cancel(AuctionId{2}, key(Operation::cancel, "x2"), "boss");
  bid(2, "Bob", 20'000, "b2", Reason::cancelled);
  bid(4, "Alice", 10'000, "a1", Reason::none);
  bid(6, "Bob", 10'000, "b1", Reason::none);
  engine.clock.advance(Duration{480'000});
  for (const std::uint64_t over : {1U, 6U, 7U}) bid(over, "Bob", 60'000, "late", Reason::closed);
  engine.await_moved();

  // The second life leaves its journal as a kill does.
  engine.longest_final_move = Duration{0};
  engine.idle_before_moving = Duration{3'600'000};
  engine.restart();
  const Terms soft = [&] {
    Terms terms = every_option;
    terms.opens_at = engine.clock.now();
    terms.closes_at = terms.opens_at + minutes_5;
    return terms;
  }();
  engine.create(soft, AuctionId{5}, key(Operation::create, "c5"), "boss");
  bid(5, "Alice", 10'000, "a1", Reason::none);
  bid(5, "Bob", 10'001, "b1", Reason::amount_below_minimum);
  bid(5, "Bob", 11'000, "b2", Reason::none);
  bid(3, "Bob", 10'000, "early-again", Reason::not_open_yet);
  engine.cancel(AuctionId{3}, key(Operation::cancel, "x3"), "boss");
  engine.stop();
}

// A connection to a ledger's file that writes what nobody should.
class Tamperer {
 public:
  explicit Tamperer(const std::filesystem::path& folder) {
    if (sqlite3_open((folder / "flashbid.db").c_str(), &db_) != SQLITE_OK) throw std::runtime_error("cannot open it");
    sqlite3_create_function(db_, "crc_of", -1, SQLITE_UTF8, nullptr, &crc_of, nullptr, nullptr);
    run("PRAGMA synchronous = OFF");
  }
  ~Tamperer() { sqlite3_close(db_); }
  Tamperer(const Tamperer&) = delete;
  Tamperer& operator=(const Tamperer&) = delete;

  // Whether it ran: a column may refuse a value.
  bool run(const std::string& sql) { return sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK; }
  int changes() { return sqlite3_changes(db_); }
  // Makes every checksum of the table fit.
  void restore_checksums(const std::string& table) {
    std::string columns;
    for (const std::string& column : columns_of(table)) {
      if (column != "crc") columns += (columns.empty() ? "" : ", ") + column;
    }
    if (!run("UPDATE " + table + " SET crc = crc_of(" + columns + ")")) throw std::runtime_error(sqlite3_errmsg(db_));
  }
  // A query's rows; a value is as SQL writes it: 17, 'text', NULL.
  std::vector<std::vector<std::string>> rows(const std::string& sql) {
    std::vector<std::vector<std::string>> all;
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
      throw std::runtime_error(sqlite3_errmsg(db_));
    }
    while (sqlite3_step(statement) == SQLITE_ROW) {
      auto& row = all.emplace_back();
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const auto* text = sqlite3_column_text(statement, i);
        row.emplace_back(text == nullptr ? "NULL" : reinterpret_cast<const char*>(text));
      }
    }
    sqlite3_finalize(statement);
    return all;
  }
  std::vector<std::string> columns_of(const std::string& table) {
    std::vector<std::string> columns;
    for (const auto& row : rows("SELECT name FROM pragma_table_info('" + table + "')")) columns.push_back(row[0]);
    return columns;
  }

 private:
  static void crc_of(sqlite3_context* context, int count, sqlite3_value** values) {
    Checksum crc;
    for (sqlite3_value* value : std::vector(values, values + count)) {
      if (sqlite3_value_type(value) == SQLITE_TEXT) {
        crc.add(std::string_view(reinterpret_cast<const char*>(sqlite3_value_text(value))));
      } else {
        crc.add(std::int64_t{sqlite3_value_int64(value)});  // NULL is 0
      }
    }
    sqlite3_result_int64(context, crc.value());
  }

  sqlite3* db_ = nullptr;
};

}  // namespace flashbid::testing
