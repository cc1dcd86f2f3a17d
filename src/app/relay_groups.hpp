// How far the relays of a ledger are, as the ledger's side can see it: by group, whether or not its worker lives.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "server/exposition.hpp"

namespace flashbid {

using WaitingByGroup = std::map<std::string, std::uint64_t>;

// Says nothing where there is no group.
void add_group_metrics(const WaitingByGroup& waiting, Exposition& out);

// Of an embedded ledger: each group keeps its position in a file beside it. Any thread; looks at the disk once in two
// seconds at most.
class FolderGroups {
 public:
  explicit FolderGroups(std::filesystem::path folder) : folder_(std::move(folder)) {}
  // Rows of the ledger behind each group's position. A group whose file cannot be read is left out: its worker says
  // why.
  [[nodiscard]] WaitingByGroup waiting() const;

 private:
  [[nodiscard]] WaitingByGroup look() const;

  const std::filesystem::path folder_;
  mutable std::mutex mutex_;
  mutable std::chrono::steady_clock::time_point look_again_;  // guarded by mutex_
  mutable WaitingByGroup known_;                              // guarded by mutex_
};

}  // namespace flashbid
