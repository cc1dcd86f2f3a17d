// A ledger without syncs (Durability::memory) that had met a power cut was refused at every later start: holes in its
// log looked like damage. And the epoch of such a start was not synced either, so that the next one could give the same
// epoch to another history (INV-10).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "fault/faulty_vfs.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {
namespace {

std::string read_all(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::filesystem::path log(const TemporaryFolder& folder) { return folder.path() / "flashbid.db-wal"; }

TEST(MemoryPowerCut, TakesTheNewestCommitsAndNotTheLedger) {
  const TemporaryFolder served;
  FaultyVfs vfs;
  std::string database;
  std::string bytes;
  std::size_t created = 0;  // of the log, after the first commit
  {
    const auto ledger =
        open_sqlite_ledger({.folder = served.path(), .durability = Durability::memory, .vfs = vfs.name()});
    ASSERT_TRUE(ledger);
    ASSERT_EQ(recover((*ledger)->writer())->report.epoch, Epoch{1});
    ASSERT_EQ(vfs.calls().back().kind, FileCall::Kind::sync) << "the epoch";
    AuctionScript one(1);
    ASSERT_TRUE((*ledger)->writer().append(one.create()));
    created = read_all(log(served)).size();
    for (int bid = 0; bid < 4; ++bid) ASSERT_TRUE((*ledger)->writer().append(one.bid("Alice", 1000 + 100 * bid)));
    database = read_all(served.path() / "flashbid.db");
    bytes = read_all(log(served));
  }
  bytes.replace(created + 512, 512, 512, '\x5A');  // of the first bid, and the three after it are whole
  for (const Durability next : {Durability::memory, Durability::fsync}) {
    const TemporaryFolder cut;
    std::ofstream(cut.path() / "flashbid.db", std::ios::binary) << database;
    std::ofstream(log(cut), std::ios::binary) << bytes;
    const auto ledger = open_sqlite_ledger({.folder = cut.path(), .durability = next});
    ASSERT_TRUE(ledger) << ledger.error().detail;
    const auto recovered = recover((*ledger)->writer());
    ASSERT_TRUE(recovered) << recovered.error().detail;
    EXPECT_EQ(recovered->report.epoch, Epoch{2});
    EXPECT_EQ(recovered->records.size(), 2U) << "created, opened";
  }
}

}  // namespace
}  // namespace flashbid::testing
