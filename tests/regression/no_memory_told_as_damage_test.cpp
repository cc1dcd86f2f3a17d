// When SQLite got no memory for its first read, the ordered reader and verify said that the ledger's meta row was
// missing; later on, verify could take rejections in another order and say that a key was another's. Both are damage,
// with the advice to restore a backup, of a ledger that is whole (INV-12). Found by fault: the Nth request for memory
// is refused.
#include <gtest/gtest.h>

#include "fault/scarce_memory.hpp"
#include "ledger/sqlite/ordered_reader.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "ledger/sqlite/verify.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {
namespace {

TEST(NoMemory, IsNotToldAsDamage) {
  fault::ScarceMemory memory;
  const TemporaryFolder folder;
  const auto ledger = *open_sqlite_ledger({.folder = folder.path()});
  ASSERT_TRUE(recover(ledger->writer()));
  AuctionScript script(1);
  auto records = script.create(script_start, key_use(Operation::create, "Bob", "c", "print"));
  records = records + script.bid("Bob", 1'100, script_start, key_use(Operation::bid, "Bob", "b", "1100"));
  records.push_back(script.reject("Bob", 1, script_start, key_use(Operation::bid, "Bob", "r", "1")));
  ASSERT_TRUE(ledger->writer().append(records));
  ASSERT_TRUE(ledger->writer().move(100));

  const auto failed_tasks = [&](const auto& task) {
    int failed = 0;
    Result<void> done;
    for (std::size_t at = 0; memory.refuse(at, [&] { done = task(); }); ++at) {
      if (done) continue;
      ++failed;
      EXPECT_NE(done.error().failure, Failure::corrupt) << "request " << at << ": " << done.error().detail;
    }
    EXPECT_TRUE(done);
    return failed;
  };
  EXPECT_GT(failed_tasks([&]() -> Result<void> {
              const auto reader = OrderedReader::open(folder.path());
              if (!reader) return std::unexpected(reader.error());
              if (const auto all = (*reader)->read(0, 100); !all) return std::unexpected(all.error());
              return {};
            }),
            0);
  EXPECT_GT(failed_tasks([&]() -> Result<void> {
              if (const auto verified = verify_sqlite_ledger(folder.path()); !verified)
                return std::unexpected(verified.error());
              return {};
            }),
            0);
}

}  // namespace
}  // namespace flashbid::testing
