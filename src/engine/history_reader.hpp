// A thread of its own for pages of history, so that a long read from the disk never delays a bid. start() makes it;
// without it, who owns the reader gives it its turns, on one thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "base/executor.hpp"
#include "ledger/ledger.hpp"

namespace flashbid {

class HistoryReader {
 public:
  explicit HistoryReader(std::unique_ptr<LedgerReader> reader);
  ~HistoryReader();
  HistoryReader(const HistoryReader&) = delete;
  HistoryReader& operator=(const HistoryReader&) = delete;

  void start();
  // Runs `read` on the reader's thread; it posts its own outcome to where it belongs. Any thread may call.
  // False if too many reads wait already (the caller answers `unavailable`).
  [[nodiscard]] bool submit(std::move_only_function<void(LedgerReader&)> read);
  // Drops what waits and ends the thread.
  void stop();

  // Runs the read that waits longest, on the reader's thread. False if none waits.
  bool turn();
  // Any thread.
  [[nodiscard]] bool read_waits() const;

 private:
  static constexpr std::size_t max_waiting = 10'000;
  void run();

  std::unique_ptr<LedgerReader> reader_;  // the thread's

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::move_only_function<void(LedgerReader&)>> waiting_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace flashbid
