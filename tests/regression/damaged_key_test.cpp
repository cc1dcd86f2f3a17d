// A remembered key that had changed on the disk was not found under its name, and whoever asked again was answered
// anew: a second effect of one key (INV-8, INV-12). Found by fault: flipped bits in keys.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "ledger/sqlite/folder.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {
namespace {

constexpr int keys = 300;  // of several pages, so that some stand in nodes above the leaves

class DamagedKey : public ::testing::Test {
 protected:
  static std::string key(int i) { return "key-" + std::to_string(1000 + i); }

  void SetUp() override {
    auto ledger = open_sqlite_ledger({.folder = folder_.path()});
    ASSERT_TRUE(ledger);
    ASSERT_TRUE(recover((*ledger)->writer()));
    AuctionScript one(1);
    ASSERT_TRUE((*ledger)->writer().append(one.create()));
    for (int i = 0; i < keys; ++i) {
      const KeyUse use = key_use(Operation::bid, "Alice", key(i), std::to_string(1000 + 100 * i));
      ASSERT_TRUE((*ledger)->writer().append(one.bid("Alice", 1000 + 100 * i, script_start, use)));
    }
    ASSERT_TRUE((*ledger)->writer().move(10'000));
    ledger->reset();
    std::ifstream in(file(), std::ios::binary);
    whole_.assign(std::istreambuf_iterator<char>(in), {});
  }

  [[nodiscard]] std::filesystem::path file() const { return sqlite::database_file(folder_.path()); }

  // What is said of `asked` when one bit of the row of `damaged` is another.
  Result<std::optional<StoredAnswer>> asked_after_a_flip(const std::string& asked, const std::string& damaged,
                                                         std::size_t byte, int bit) {
    std::string bytes = whole_;
    const std::size_t row = bytes.find("Alice" + damaged);
    EXPECT_NE(row, std::string::npos);
    bytes[row + 5 + byte] = static_cast<char>(bytes[row + 5 + byte] ^ (1 << bit));
    std::ofstream(file(), std::ios::binary) << bytes;
    auto ledger = open_sqlite_ledger({.folder = folder_.path()});
    EXPECT_TRUE(ledger);
    auto reader = (*ledger)->reader();
    EXPECT_TRUE(reader);
    return (*reader)->answer(Operation::bid, AuctionId{1}, bidder("Alice"), *parse_idempotency_key(asked));
  }

  TemporaryFolder folder_;
  std::string whole_;
};

TEST_F(DamagedKey, IsNeverTakenForOneThatWasNotUsed) {
  for (const int i : {0, 1, 77, 150, 151, 298, 299}) {
    for (std::size_t byte = 0; byte < key(i).size(); ++byte) {
      const auto answer = asked_after_a_flip(key(i), key(i), byte, static_cast<int>(byte) % 7);
      ASSERT_FALSE(answer) << key(i) << ", byte " << byte;
      EXPECT_EQ(answer.error().failure, Failure::corrupt);
    }
  }
}

// A search that passes the damaged row may end on its wrong side.
TEST_F(DamagedKey, HidesNoOther) {
  for (int other = 0; other < keys; other += 7) {
    if (other == 150) continue;
    const auto answer = asked_after_a_flip(key(other), key(150), 4, 3);  // "key-1150" is "key-9150"
    EXPECT_TRUE(!answer || answer->has_value()) << key(other);
  }
}

TEST_F(DamagedKey, OneThatWasNeverUsedIsNotFound) {
  auto ledger = open_sqlite_ledger({.folder = folder_.path()});
  ASSERT_TRUE(ledger);
  auto reader = (*ledger)->reader();
  ASSERT_TRUE(reader);
  for (const char* never : {"a", "key-1150x", "zzz"}) {
    const auto answer = (*reader)->answer(Operation::bid, AuctionId{1}, bidder("Alice"), *parse_idempotency_key(never));
    EXPECT_TRUE(answer && !answer->has_value()) << never;
  }
  const auto found = (*reader)->answer(Operation::bid, AuctionId{1}, bidder("Alice"), *parse_idempotency_key(key(150)));
  EXPECT_TRUE(found && found->has_value());
}

}  // namespace
}  // namespace flashbid::testing
