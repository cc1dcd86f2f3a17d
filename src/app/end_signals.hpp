// The signals that end a command, SIGTERM and SIGINT, taken by whoever waits for them here and by nobody else: made by
// the main thread before any other thread is.
#pragma once

#include <chrono>
#include <csignal>

namespace flashbid {

class EndSignals {
 public:
  EndSignals();
  EndSignals(const EndSignals&) = delete;
  EndSignals& operator=(const EndSignals&) = delete;

  void wait();
  // Whether one came within `patience`.
  [[nodiscard]] bool wait_for(std::chrono::milliseconds patience);
  // From any thread: ends the wait as the signal would.
  static void raise();

 private:
  sigset_t set_{};
};

}  // namespace flashbid
