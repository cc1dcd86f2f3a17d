// Writes an embedded ledger of many bids, as the engine would: to measure what reads one. `write_ledger DIR BIDS` makes
// BIDS accepted bids, each under an idempotency key, on a hundred auctions, and a rejected one under a key for every
// four; all of it has moved into history but the last thousandth.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"

namespace flashbid::testing {
namespace {

constexpr std::uint64_t auctions = 100;
constexpr std::size_t batch_records = 1'000;

void write(const std::string& folder, std::uint64_t bids) {
  const auto ledger = open_sqlite_ledger({.folder = folder, .durability = Durability::memory});
  require(ledger.has_value(), "the ledger can be opened");
  LedgerWriter& writer = (*ledger)->writer();
  require(recover(writer).has_value(), "it is new");
  std::vector<Record> batch;
  const auto append = [&](std::vector<Record> records) {
    batch.insert(batch.end(), std::make_move_iterator(records.begin()), std::make_move_iterator(records.end()));
    if (batch.size() < batch_records) return;
    require(writer.append(batch).has_value(), "there is room");
    batch.clear();
  };
  std::vector<AuctionScript> scripts;
  for (std::uint64_t id = 1; id <= auctions; ++id) {
    scripts.emplace_back(id);
    append(scripts.back().create());
  }
  for (std::uint64_t i = 0; i < bids; ++i) {
    AuctionScript& script = scripts[i % auctions];
    const std::string who = "bidder-" + std::to_string(i % 997);
    const Timestamp now = script_start + Duration{static_cast<std::int64_t>(i / 1'000)};
    const auto amount = static_cast<std::int64_t>(1'000 + 100 * (i / auctions));
    const std::string key = std::to_string(i);
    append(script.bid(who, amount, now, key_use(Operation::bid, who, key, std::to_string(amount))));
    if (i % 4 == 0) {
      append({script.reject("late", amount, now, key_use(Operation::bid, "late", key, std::to_string(amount)))});
    }
    if (i % 20'000 == 19'999 && i < bids - bids / 1'000) require(writer.move(30'000).has_value(), "it moves");
  }
  require(writer.append(batch).has_value(), "there is room");
  while (writer.unmoved() > bids / 1'000) {
    require(writer.move(std::min<std::size_t>(10'000, writer.unmoved() - bids / 1'000)).has_value(), "it moves");
  }
}

}  // namespace
}  // namespace flashbid::testing

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("write_ledger DIR BIDS\n", stderr);
    return 2;
  }
  try {
    flashbid::testing::write(arguments[1], std::stoull(arguments[2]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "write_ledger: %s\n", error.what());
    return 1;
  }
  return 0;
}
