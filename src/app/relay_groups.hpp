// How far the relays of a ledger are, as the ledger's side can see it: by group, whether or not its worker lives.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "server/exposition.hpp"

namespace flashbid {

using WaitingByGroup = std::map<std::string, std::uint64_t>;

// Says nothing where there is no group.
void add_group_metrics(const WaitingByGroup& waiting, Exposition& out);

// Of an embedded ledger: each group keeps its position in a file beside it. Looks at the disk on a thread of its own,
// every two seconds, for who asks may be a loop that decides bids. Any thread may ask.
class FolderGroups {
 public:
  explicit FolderGroups(std::filesystem::path folder);
  // Rows of the ledger behind each group's position, a moment ago. A group whose file cannot be read is left out: its
  // worker says why.
  [[nodiscard]] WaitingByGroup waiting() const;

 private:
  void watch(const std::stop_token& stopped);
  [[nodiscard]] WaitingByGroup look() const;

  const std::filesystem::path folder_;
  mutable std::mutex mutex_;
  std::condition_variable_any pause_;
  WaitingByGroup known_;  // guarded by mutex_
  std::jthread watching_;
};

}  // namespace flashbid
