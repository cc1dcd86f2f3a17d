// A first start that failed, or died, after it had made the data folder and before the folder around it was synced left
// a folder whose name no later start made durable: a power cut could take the whole ledger with it, acknowledged bids
// included (INV-1). Found by fault: "sync_folder of the folder around that fails …: event 1 of auction 1 is lost".
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <set>

#include "fault/folder_sync.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::fault {
namespace {

TEST(FolderNameNotDurable, IsSyncedByTheNextStartIfTheFirstCouldNot) {
  const testing::TemporaryFolder around;
  const auto above = std::filesystem::canonical(around.path());
  const auto folder = above / "a" / "b";
  {
    const FolderSyncs failing([](const auto&) { return EIO; });
    ASSERT_FALSE(open_sqlite_ledger({.folder = folder}));
  }
  std::set<std::filesystem::path> synced;
  const FolderSyncs noting([&](const std::filesystem::path& one) {
    synced.insert(one);
    return 0;
  });
  ASSERT_TRUE(open_sqlite_ledger({.folder = folder}));
  EXPECT_TRUE(synced.contains(folder.parent_path())) << "the folder's own name";
  EXPECT_TRUE(synced.contains(above)) << "the name of the one that was made around it";
}

}  // namespace
}  // namespace flashbid::fault
