// A bit of the ledger's files is not what was written. It stands in unused space, or somebody says so: never a wrong
// answer (INV-12).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <iostream>

#include "fault/judge.hpp"
#include "fault/length.hpp"
#include "fault/scenario.hpp"
#include "support/command_count.hpp"

namespace flashbid::fault {
namespace {

using support::Random;
using testing::FileCall;

constexpr std::size_t page_bytes = 4096;
constexpr std::size_t least_transactions = 4;  // in the log
constexpr std::array<std::string_view, 5> names{"harmless", "start", "reader", "verify", "wrong answer"};

struct Place {
  std::map<std::string, std::string> files;
  Told told;
  std::int64_t now_ms = 0;
};

// What is on the disk right before the first call that `is_it`.
template <class IsIt>
Place place_before(const Recording& recording, IsIt is_it) {
  DiskImage image;
  Random none(0);
  for (const RecordedCall& call : recording.calls) {
    Files files = image.after(Cut::keep, none);
    if (files && is_it(call, *files)) return {*files, recording.told.at(call.promise), call.promise.now_ms};
    begin(call, image);
    finish(call, image);
  }
  return {*image.after(Cut::keep, none), recording.told, recording.machine.shown_ms};
}

class FlippedBits : public ::testing::Test {
 protected:
  // One bit in each stretch of `step` bytes from `first` on, `times` times.
  void flip(const Place& place, const std::string& file, std::size_t first, std::size_t size, std::size_t step,
            int times) {
    Random random(support::chosen_seed(1));
    ASSERT_GT(size, first);
    ASSERT_LE(size, place.files.at(file).size());
    for (std::size_t begin = first; begin < size; begin += step) {
      for (int time = 0; time < times; ++time) {
        const std::size_t end = std::min(size, begin + step);
        const std::size_t at = begin + static_cast<std::size_t>(random.below(static_cast<std::int64_t>(end - begin)));
        const auto bit = random.below(8);
        Files files = place.files;
        char& byte = files->at(file)[at];
        byte = static_cast<char>(byte ^ (1 << bit));
        const Look look = look_at(files, place.told, place.now_ms);
        ++seen_[static_cast<std::size_t>(look.seen_by)];
        EXPECT_NE(look.seen_by, SeenBy::wrong_answer) << "seed " << support::chosen_seed(1) << ", bit " << bit
                                                      << " of byte " << at << " of " << file << ": " << look.what;
        if (look.seen_by != SeenBy::nobody) EXPECT_NE(look.what, "");
      }
    }
  }

  void TearDown() override {
    for (std::size_t i = 0; i < seen_.size(); ++i)
      std::cout << seen_[i] << " " << names[i] << (i + 1 < seen_.size() ? ", " : "\n");
  }

  std::array<int, names.size()> seen_{};
};

// Closed, with answers that may be asked for again.
Place closed_by_day() {
  const Place place =
      place_before(record(support::chosen_seed(1)), [](const RecordedCall& recorded, const auto& files) {
        return recorded.promise.bids > 8 && !files.contains("flashbid.db-wal");
      });
  EXPECT_LT(place.told.bids.size(), 20U);
  return place;
}

TEST_F(FlippedBits, InTheDatabaseAtNightAreSeenOrHarmless) {
  const Place place = place_before(record(support::chosen_seed(1)), [](const auto&, const auto&) { return false; });
  flip(place, "flashbid.db", 0, place.files.at("flashbid.db").size(), page_bytes, all_of_it() ? 40 : 4);
}

TEST_F(FlippedBits, InTheDatabaseByDayAreSeenOrHarmless) {
  const Place place = closed_by_day();
  flip(place, "flashbid.db", 0, place.files.at("flashbid.db").size(), page_bytes, all_of_it() ? 40 : 4);
}

// A key that is not found under its name would be one that was never used, and whoever asks again would be answered
// anew (INV-8): the row that is damaged lies beside the place where the key is looked for, and is seen.
TEST_F(FlippedBits, InKeysAreSeenOrHarmless) {
  const Place place = closed_by_day();
  const std::string& bytes = place.files.at("flashbid.db");
  for (const auto* key : {"Alicek1", "Bobk2", "Bobk3", "Alicek4", "Alicek5"}) {
    for (std::size_t at = bytes.find(key); at != std::string::npos; at = bytes.find(key, at + 1)) {
      flip(place, "flashbid.db", at, at + std::string_view(key).size(), 1, 1);
    }
  }
  EXPECT_GT(seen_[static_cast<std::size_t>(SeenBy::reader)], 0) << "someone asks for them";
}

// The last transaction is left out, and the frame before it, which ends the one before: damage there looks like a power
// cut in one that was never synced.
TEST_F(FlippedBits, InTheLogAreSeen) {
  const Recording recording = record(support::chosen_seed(1));
  std::int64_t last_begins = 0;  // the last transaction in the log
  bool synced = false;
  std::size_t transactions = 0;
  const Place place = place_before(recording, [&](const RecordedCall& recorded, const auto&) {
    const FileCall& call = recorded.call;
    if (call.file != "flashbid.db-wal") return false;
    if (call.kind == FileCall::Kind::sync) synced = true;
    if (!synced || call.kind != FileCall::Kind::write) return false;
    const bool is_next = call.offset > last_begins;
    if (is_next && transactions >= least_transactions) return true;
    synced = false;
    transactions = is_next ? transactions + 1 : 0;  // else the log begins anew
    last_begins = call.offset;
    return false;
  });
  ASSERT_GE(transactions, least_transactions);
  ASSERT_TRUE(place.files.contains("flashbid.db-wal"));
  const auto end = static_cast<std::size_t>(last_begins) - (24 + page_bytes);
  flip(place, "flashbid.db-wal", 0, 32, 4, all_of_it() ? 20 : 2);
  flip(place, "flashbid.db-wal", 32, end, 24 + page_bytes, all_of_it() ? 40 : 6);
  EXPECT_EQ(seen_[static_cast<std::size_t>(SeenBy::nobody)], 0) << "every byte of it counts";
}

}  // namespace
}  // namespace flashbid::fault
