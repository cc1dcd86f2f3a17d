// What is remembered of the keys of one limit: a table of fixed size, shared by all threads. A key costs nothing but
// its place, and its place is free as soon as its TAT has passed: there is nothing to sweep, nothing to allocate.
//
// A flood of keys never gets anyone more than is allowed: if the few places for a key are all in use, the one that is
// idle soonest goes, and how far ahead it was becomes the floor of those places: whoever is new there from then on is
// taken to have used up as much. So the forgotten one gains nothing when it comes back, and a new one loses a little of
// its burst.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "access/gcra.hpp"
#include "base/assert.hpp"

namespace flashbid {

// Nobody outside knows `seed`, so nobody can choose keys that meet in one place.
[[nodiscard]] std::uint64_t keyed_hash(std::span<const char> bytes, std::uint64_t seed);
[[nodiscard]] std::uint64_t random_seed();

// `KeyBytes`: Key -> its bytes, as a span of char. Any thread.
template <class Key, auto KeyBytes>
class LimitedKeys {
 public:
  static constexpr std::size_t places = 8;  // where one key may be

 private:
  struct Place {
    Key key{};
    FineTime tat;  // passed = free
  };
  struct Group {
    std::array<Place, places> places{};
    FineTime floor;  // no key that went from here was further ahead
  };

 public:
  // Remembers `max_keys` keys, a little more at most.
  LimitedKeys(const Rate& rate, std::size_t max_keys)
      : gcra_(rate),
        seed_(random_seed()),
        groups_(std::bit_ceil(std::max<std::size_t>(1, (max_keys + places - 1) / places))),
        locks_(std::min(groups_.size(), max_locks)) {}

  // One key, looked at: the decision about it, which nobody changes before this is gone. It holds a lock: one thread
  // looks into several tables always in the same order.
  class Look {
   public:
    [[nodiscard]] const GcraDecision& decision() const { return decision_; }
    // Makes an admission count.
    void take() {
      require(decision_.admitted, "only what is admitted is taken");
      // Somebody else's place, whose TAT has not passed.
      if (!known_ && place_->tat > now_) group_->floor = std::max(group_->floor, place_->tat);
      *place_ = {key_, decision_.tat};
    }

   private:
    friend class LimitedKeys;
    std::unique_lock<std::mutex> held_;
    Group* group_ = nullptr;
    Place* place_ = nullptr;
    bool known_ = false;
    Key key_{};
    FineTime now_;
    GcraDecision decision_;
  };

  [[nodiscard]] Look look(const Key& key, std::int64_t now_us) {
    const std::uint64_t hash = keyed_hash(KeyBytes(key), seed_);
    Look look;
    look.key_ = key;
    look.group_ = &groups_[hash & (groups_.size() - 1)];
    Lock& lock = locks_[hash & (locks_.size() - 1)];
    look.held_ = std::unique_lock(lock.mutex);
    // Threads come in another order than that in which they looked at the clock.
    lock.newest_us = std::max(lock.newest_us, now_us);
    look.now_ = {lock.newest_us, 0};
    find(look);
    look.decision_ = gcra_.decide(look.known_ ? look.place_->tat : look.group_->floor, lock.newest_us);
    return look;
  }

  [[nodiscard]] std::size_t capacity() const { return groups_.size() * places; }

 private:
  struct alignas(64) Lock {
    std::mutex mutex;
    std::int64_t newest_us = std::numeric_limits<std::int64_t>::min();
  };
  static constexpr std::size_t max_locks = 64;

  // Where the key is, or would be: at the place that has been free for longest, or is the first to become so.
  static void find(Look& look) {
    auto& all = look.group_->places;
    for (Place& place : all) {
      if (place.key == look.key_) {
        look.place_ = &place;
        look.known_ = true;
        return;
      }
    }
    look.place_ = &*std::ranges::min_element(all, {}, &Place::tat);
  }

  const Gcra gcra_;
  const std::uint64_t seed_;
  std::vector<Group> groups_;
  std::vector<Lock> locks_;  // a group's is that of its number's low bits
};

}  // namespace flashbid
