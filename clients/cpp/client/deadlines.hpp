// One coarse sweep for all timeouts of one thread, instead of a timer for each request. Lives on its thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>

namespace flashbid::client {

class Deadlines {
 public:
  // Something that must not wait past deadline_ns; registers itself with a sweep for as long as it lives.
  class Bounded {
   public:
    explicit Bounded(Deadlines& deadlines) : deadlines_(deadlines) { deadlines_.all_.insert(this); }
    virtual ~Bounded() { deadlines_.all_.erase(this); }
    Bounded(const Bounded&) = delete;
    Bounded& operator=(const Bounded&) = delete;
    // deadline_ns has passed; it is 0 again.
    virtual void on_deadline() = 0;
    std::int64_t deadline_ns = 0;  // of the monotonic clock; 0 = none

   private:
    Deadlines& deadlines_;
  };

  explicit Deadlines(boost::asio::io_context& io) : timer_(io) {}
  void start();
  void stop();

 private:
  void sweep();
  boost::asio::steady_timer timer_;
  boost::unordered_flat_set<Bounded*> all_;
  bool stopped_ = false;
};

}  // namespace flashbid::client
