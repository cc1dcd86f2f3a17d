// A power cut in the very first write to the ledger's file could leave a file without SQLite's header, and every later
// start refused it as another program's, for ever. Found by fault: seed 8, power cut at call 13 (write of flashbid.db),
// tear.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <fstream>

#include "fault/faulty_vfs.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {
namespace {

TEST(FirstPageTorn, StartsAgain) {
  const TemporaryFolder folder;
  const TemporaryFolder cut;
  {
    FaultyVfs vfs;
    vfs.listen([&](const FileCall& call) {
      const bool is_first = call.kind == FileCall::Kind::write && call.file == "flashbid.db" && call.offset == 0;
      const auto journal = folder.path() / "flashbid.db-journal";
      if (is_first && !std::filesystem::exists(cut.path() / "flashbid.db")) {
        std::filesystem::copy(journal, cut.path() / "flashbid.db-journal");
        std::ofstream(cut.path() / "flashbid.db", std::ios::binary)
            << std::string(512, '\0') << std::string(call.bytes + 512, 4096 - 512);
      }
      return 0;
    });
    ASSERT_TRUE(open_sqlite_ledger({.folder = folder.path(), .vfs = vfs.name()}));
  }
  ASSERT_TRUE(std::filesystem::exists(cut.path() / "flashbid.db-journal"));
  auto ledger = open_sqlite_ledger({.folder = cut.path()});
  ASSERT_TRUE(ledger) << ledger.error().detail;
  EXPECT_TRUE(recover((*ledger)->writer()));
}

}  // namespace
}  // namespace flashbid::testing
