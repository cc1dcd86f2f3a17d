// The recent events of one auction, held in memory: all that history does not have yet, and some more so that a
// watcher that was away for a moment resumes without reading the disk. Belongs to the auction's shard.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/executor.hpp"
#include "base/ids.hpp"

namespace flashbid {

class Tail {
 public:
  struct Entry {
    SharedBytes json;
    bool is_bid = false;
  };

  // An empty tail behind `last`: history holds everything up to it.
  explicit Tail(Sequence last = Sequence{0}) : first_(last.next()) {}

  // The next event in sequence.
  void push(Entry entry) { entries_.push_back(std::move(entry)); }

  // The sequence of the first event held; if empty(), of the next one to come.
  [[nodiscard]] Sequence first() const { return first_; }
  [[nodiscard]] Sequence last() const { return Sequence{first_.value() + size() - 1}; }
  [[nodiscard]] std::size_t size() const { return entries_.size() - skipped_; }
  [[nodiscard]] bool empty() const { return size() == 0; }

  // Whether every event after `after` is held here.
  [[nodiscard]] bool covers(Sequence after) const { return after.next() >= first_; }
  // The events after `after`, in sequence; covers(after) must hold.
  [[nodiscard]] std::span<const Entry> after(Sequence after) const;

  // History holds everything up to `moved`: lets go of it, but for the newest `keep` events.
  void trim(Sequence moved, std::size_t keep);

 private:
  std::vector<Entry> entries_;
  std::size_t skipped_ = 0;  // let go at the front of entries_, reclaimed when it is the greater part
  Sequence first_;
};

}  // namespace flashbid
