// A disk that failed to read while the ledger was opened was told as damage, with the advice to restore a backup: the
// tables were "not as expected: disk I/O error". And no failure of a start said which file it was about (INV-12). Found
// by fault: the Nth call fails.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "fault/faulty_vfs.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

TEST(ReadErrorAtStart, IsNotToldAsDamage) {
  const TemporaryFolder folder;
  ASSERT_TRUE(recover((*open_sqlite_ledger({.folder = folder.path()}))->writer()));
  int failed = 0;
  for (int nth = 0; nth < 100; ++nth) {
    FaultyVfs vfs;
    int reads = 0;
    vfs.listen([&](const FileCall& call) { return call.kind == FileCall::Kind::read && reads++ >= nth ? EIO : 0; });
    auto ledger = open_sqlite_ledger({.folder = folder.path(), .vfs = vfs.name()});
    if (ledger && recover((*ledger)->writer())) break;
    if (ledger) continue;  // recovery said it; a start that fails later has been through this
    ++failed;
    EXPECT_NE(ledger.error().failure, Failure::corrupt) << ledger.error().detail;
    EXPECT_THAT(ledger.error().detail, HasSubstr(folder.path().string()));
    EXPECT_THAT(ledger.error().detail, HasSubstr("its disk works"));
  }
  EXPECT_GT(failed, 0);
}

}  // namespace
}  // namespace flashbid::testing
