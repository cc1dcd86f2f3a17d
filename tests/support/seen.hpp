// A watcher that keeps what it is told, on its loop's thread, and the patience to wait for it.
#pragma once

#include <chrono>
#include <string>
#include <thread>

#include "feed/hub.hpp"

namespace flashbid::test {

struct Seen final : Watcher {
  void on_snapshot(const Snapshot& snapshot) override {
    (snapshot.reset ? resets : snapshots) += 1;
    epoch = snapshot.view->epoch;
    last = snapshot.view->auction.sequence;
  }
  void on_events(AuctionId, Epoch in, std::span<PublishedEvent> events) override {
    for (const PublishedEvent& event : events) {
      gapless = gapless && event.sequence == last.next();
      last = event.sequence;
    }
    epoch = in;
  }
  void on_newer_state(AuctionId) override {}
  void on_refused(AuctionId, const Error& error) override { refused = error.detail; }
  int snapshots = 0;
  int resets = 0;
  Epoch epoch;
  Sequence last;
  bool gapless = true;
  std::string refused;
};

// True once `holds` does; false after a minute.
template <class Holds>
bool soon(Holds holds) {
  for (int i = 0; i < 6'000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace flashbid::test
