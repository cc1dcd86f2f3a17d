// The archive that a queue fills, as who fills the queue sees it: what it has may leave Redis. Belongs to the relay's
// thread. While it is away nothing is known to be there, and it is not asked again for a while: the queue must not
// wait.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "archive/archive_reader.hpp"
#include "ledger/record.hpp"

namespace flashbid {

class ArchiveBehind {
 public:
  // `on_trouble` is told why it cannot be asked, once, and an empty text when it can again.
  ArchiveBehind(ArchiveUrl url, std::function<void(const std::string& why)> on_trouble,
                std::chrono::milliseconds quiet_after_failure = std::chrono::seconds{10});

  // How many of `records`, from the first on, it has with their payloads and hidden parts. An event that it has
  // otherwise (a failover has lost that one, and the queue does not say so yet) is not there.
  [[nodiscard]] std::size_t count(std::span<const Record> records);

 private:
  using Clock = std::chrono::steady_clock;
  ArchiveReader archive_;
  std::function<void(const std::string& why)> on_trouble_;
  std::chrono::milliseconds quiet_after_failure_;
  Clock::time_point quiet_until_;
  bool in_trouble_ = false;
};

}  // namespace flashbid
