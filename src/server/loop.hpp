// One thread that serves: an Asio io_context, an inbox for tasks from other threads, and the end of a round, at which
// everything that has output sends it in one write. run() makes the calling thread the loop's; post() and stop() may be
// called from any thread, all else only on the loop's. Knows nothing of sessions, requests or auctions.
//
// A round: wait for sockets and timers, run all that is ready; then the tasks posted here meanwhile (the engine's group
// commit is one of them); then the flush list. Nothing waits while a task or a flush is left.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/executor.hpp"

namespace flashbid {

class Loop final : public Executor {
 public:
  // Something with output to send.
  class Flushable : public std::enable_shared_from_this<Flushable> {
   public:
    virtual void flush() = 0;

   protected:
    Flushable() = default;
    Flushable(const Flushable&) = delete;
    Flushable& operator=(const Flushable&) = delete;
    virtual ~Flushable() = default;

   private:
    friend class Loop;
    bool flush_queued_ = false;
  };

  Loop() = default;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Serves on the calling thread until stop().
  void run();
  void stop();

  void post(Task task) override;
  [[nodiscard]] bool here() const override { return current_ == this; }

  [[nodiscard]] boost::asio::io_context& io() { return io_; }

  // Calls flush() once at the end of this round, however often it is asked for. Kept alive until then.
  void flush_later(Flushable& flushable);

  // Calls `due` once the loop runs, and again after the time that it returned, for ever. Before run() or on the loop.
  void repeat(std::function<std::chrono::milliseconds()> due);

 private:
  struct Repeated {
    boost::asio::steady_timer timer;
    std::function<std::chrono::milliseconds()> due;
  };

  void run_inbox();
  void end_round();
  void arm(Repeated& repeated, std::chrono::milliseconds delay);

  static thread_local Loop* current_;

  boost::asio::io_context io_{1};
  std::vector<std::unique_ptr<Repeated>> repeated_;
  std::vector<Task> tasks_;  // posted on this thread, run at the end of the round
  std::vector<Task> running_;
  std::vector<std::shared_ptr<Flushable>> flush_list_;
  std::vector<std::shared_ptr<Flushable>> flushing_;
  std::atomic<bool> stopped_{false};

  std::mutex mutex_;
  std::vector<Task> inbox_;  // guarded by mutex_

  std::vector<Task> taken_;  // from the inbox, being run
};

}  // namespace flashbid
