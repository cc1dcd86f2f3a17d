// A bit that had changed in the write-ahead log was passed over in silence: SQLite takes the first frame that does not
// fit for the log's end, and every commit behind it was gone, acknowledged bids included (INV-1, INV-12). Found by
// fault: flipped bits in the log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "ledger/sqlite/copy.hpp"
#include "ledger/sqlite/folder.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "ledger/sqlite/verify.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::size_t header_bytes = 32;
constexpr std::size_t frame_bytes = 24 + 4096;

std::string read_all(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class DamagedLog : public ::testing::Test {
 protected:
  // The files of a process that was killed after three commits.
  void SetUp() override {
    auto ledger = open_sqlite_ledger({.folder = served_.path()});
    ASSERT_TRUE(ledger);
    ASSERT_TRUE(recover((*ledger)->writer()));
    AuctionScript one(1);
    ASSERT_TRUE((*ledger)->writer().append(one.create()));
    ASSERT_TRUE((*ledger)->writer().append(one.bid("Alice", 1000)));
    before_last_ = read_all(log(served_)).size();
    ASSERT_TRUE((*ledger)->writer().append(one.bid("Bob", 1100)));
    database_ = read_all(served_.path() / "flashbid.db");
    log_ = read_all(log(served_));
  }

  static std::filesystem::path log(const TemporaryFolder& folder) { return folder.path() / "flashbid.db-wal"; }

  // What a start on this log recovers.
  Result<Recovered> start_on(const std::string& bytes) {
    const TemporaryFolder folder;
    std::ofstream(folder.path() / "flashbid.db", std::ios::binary) << database_;
    std::ofstream(log(folder), std::ios::binary) << bytes;
    auto ledger = open_sqlite_ledger({.folder = folder.path()});
    if (!ledger) return std::unexpected(ledger.error());
    return recover((*ledger)->writer());
  }

  TemporaryFolder served_;
  std::size_t before_last_ = 0;  // of the log, before the last commit
  std::string database_;
  std::string log_;
};

TEST_F(DamagedLog, StopsTheStart) {
  ASSERT_EQ(start_on(log_)->records.size(), 4U);
  for (std::size_t at = 0; at < before_last_ - frame_bytes; at += 97) {
    std::string damaged = log_;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    const auto started = start_on(damaged);
    ASSERT_FALSE(started) << "byte " << at;
    EXPECT_EQ(started.error().failure, Failure::corrupt);
    EXPECT_THAT(started.error().detail, HasSubstr("the write-ahead log is damaged"));
    EXPECT_THAT(started.error().detail, HasSubstr("backup"));
  }
}

// `verify` called what SQLite still saw consistent, and `backup` copied it: the rest was gone without a word.
TEST_F(DamagedLog, IsNeitherConsistentNorCopied) {
  for (const bool is_damaged : {false, true}) {
    const TemporaryFolder folder;
    std::string bytes = log_;
    bytes[before_last_ - frame_bytes - 100] ^= is_damaged ? 4 : 0;
    std::ofstream(folder.path() / "flashbid.db", std::ios::binary) << database_;
    std::ofstream(log(folder), std::ios::binary) << bytes;
    const auto to = folder.path() / "copy";
    const auto copied = copy_sqlite_ledger(folder.path(), to, {}, Epoch{9}, {[](auto, auto) {}, {}});
    const auto verified = verify_sqlite_ledger(folder.path());
    EXPECT_EQ(std::filesystem::exists(to), !is_damaged);
    if (!is_damaged) {
      ASSERT_TRUE(verified) << verified.error().detail;
      EXPECT_EQ(verified->unmoved, 4U);
      continue;
    }
    ASSERT_FALSE(verified);
    ASSERT_FALSE(copied);
    for (const Error& error : {verified.error(), copied.error()}) {
      EXPECT_EQ(error.failure, Failure::corrupt);
      EXPECT_THAT(error.detail, HasSubstr("the write-ahead log is damaged"));
      EXPECT_THAT(error.detail, HasSubstr((folder.path() / "flashbid.db").string()));
    }
  }
}

// A folder "d" was taken for named already by any sentence with a d.
TEST_F(DamagedLog, IsToldWithItsFileWhateverTheFolderIsCalled) {
  const Error told = sqlite::explained({Failure::corrupt, "the write-ahead log is damaged"}, "d");
  EXPECT_THAT(told.detail, HasSubstr("d/flashbid.db: the write-ahead log"));
  EXPECT_THAT(told.detail, HasSubstr("backup"));
}

// What a power cut leaves of the last transaction is no damage, wherever it cuts.
TEST_F(DamagedLog, IsNotWhatAPowerCutLeaves) {
  for (std::size_t at = before_last_; at < log_.size(); at += 512) {
    std::string torn = log_;
    torn.replace(at, std::min<std::size_t>(512, log_.size() - at), 512, '\x5A');
    const auto started = start_on(torn);
    ASSERT_TRUE(started) << "byte " << at << ": " << started.error().detail;
    EXPECT_EQ(started->records.size(), 3U);
    EXPECT_TRUE(start_on(log_.substr(0, at)));
  }
  EXPECT_TRUE(start_on(""));
  EXPECT_TRUE(start_on(log_.substr(0, header_bytes)));
}

// What one power cut left must not look like damage after the next: nothing stays behind the last whole commit.
TEST_F(DamagedLog, EndsWithItsLastWholeCommitAfterAStart) {
  const TemporaryFolder folder;
  std::string torn = log_;
  torn[before_last_ + frame_bytes / 2] ^= 1;
  std::ofstream(folder.path() / "flashbid.db", std::ios::binary) << database_;
  std::ofstream(log(folder), std::ios::binary) << torn;
  ASSERT_LT(before_last_, torn.size());
  const auto ledger = open_sqlite_ledger({.folder = folder.path()});
  ASSERT_TRUE(ledger);
  EXPECT_EQ(std::filesystem::file_size(log(folder)), before_last_);
}

// Where the disk is full, half of the header may be written with which the log was to begin anew.
TEST_F(DamagedLog, IsNotHalfOfItsNextHeader) {
  std::string next = log_;
  ++next[15];  // the lowest byte of its round
  const auto started = start_on(next);
  ASSERT_TRUE(started) << started.error().detail;
  EXPECT_EQ(started->records.size(), 4U);
}

}  // namespace
}  // namespace flashbid::testing
