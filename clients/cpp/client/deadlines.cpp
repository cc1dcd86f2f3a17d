#include "client/deadlines.hpp"

#include <chrono>

#include "client/line.hpp"

namespace flashbid::client {

void Deadlines::start() {
  stopped_ = false;
  sweep();
}

void Deadlines::stop() {
  stopped_ = true;
  timer_.cancel();
}

void Deadlines::sweep() {
  const std::int64_t now = now_ns();
  for (Bounded* const bounded : all_) {
    if (bounded->deadline_ns == 0 || bounded->deadline_ns > now) continue;
    bounded->deadline_ns = 0;
    bounded->on_deadline();
  }
  timer_.expires_after(std::chrono::milliseconds(100));
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error && !stopped_) sweep();
  });
}

}  // namespace flashbid::client
