#include "engine/history_reader.hpp"

#include <gtest/gtest.h>

#include "ledger/memory/memory_ledger.hpp"

namespace flashbid {
namespace {

TEST(HistoryReader, OnlySoManyReadsWait) {
  const auto ledger = open_memory_ledger(make_memory_disk());
  HistoryReader reader(ledger->reader().value());
  EXPECT_FALSE(reader.turn());
  int read = 0;
  int admitted = 0;
  while (reader.submit([&](LedgerReader&) { ++read; })) ++admitted;
  EXPECT_EQ(admitted, 10'000);
  EXPECT_TRUE(reader.turn());
  EXPECT_EQ(read, 1);
  EXPECT_TRUE(reader.submit([](LedgerReader&) {}));
}

TEST(HistoryReader, TakesNoReadOnceItHasStopped) {
  const auto ledger = open_memory_ledger(make_memory_disk());
  HistoryReader reader(ledger->reader().value());
  reader.start();
  reader.stop();
  EXPECT_FALSE(reader.submit([](LedgerReader&) {}));
}

}  // namespace
}  // namespace flashbid
