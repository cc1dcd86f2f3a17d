// One thread that serves: epoll, an inbox for tasks from other threads, and the end of a round, at which everything
// that has output sends it in one write. run() makes the calling thread the loop's; post() and stop() may be called
// from any thread, all else only on the loop's or before it runs. Knows nothing of sessions, requests or auctions.
//
// A round: wait for sockets, timers and the inbox, run all that is ready; then the tasks posted here meanwhile (the
// engine's group commit is one of them); then the flush list: answers first, then a part of those that only watch. The
// loop does not sleep while a task or a flush is left, but it looks at the sockets before it goes on: whatever a
// thousand strangers ask for, a bid is read after a small part of it.
//
// It is our own and not Asio's: Asio tries to read again before it waits, one more system call a request
// (docs/decisions/0006).
#pragma once

#include <sys/epoll.h>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "base/executor.hpp"
#include "server/socket.hpp"

namespace flashbid {

class Loop final : public Executor {
 public:
  // Somebody with a descriptor. Told of each change once (edge-triggered): it reads and writes until it would wait.
  class Watched {
   public:
    // `events`: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR.
    virtual void on_ready(std::uint32_t events) = 0;

   protected:
    ~Watched() = default;
  };

  // Somebody with output to send.
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
    bool turn_queued_ = false;
  };

  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Serves on the calling thread until stop().
  void run();
  void stop();

  void post(Task task) override;
  // From this thread: runs `task` once the sockets have been looked at again. For whoever has had his turn.
  void post_next_round(Task task) { next_round_.push_back(std::move(task)); }
  [[nodiscard]] bool here() const override { return current_ == this; }

  // Tells `watched` what becomes of `descriptor`, until that is closed. Again for the same descriptor: from now on this
  // one, and what is ready already is told again. False if the system refuses.
  [[nodiscard]] bool watch(int descriptor, Watched& watched);
  // Keeps somebody who has gone alive until the round is over: it may be named in it once more.
  void bury(std::shared_ptr<Flushable> gone) { gone_.push_back(std::move(gone)); }

  // Calls flush() once at the end of this round (of the next, if asked for while others flush), however often it is
  // asked for. Kept alive until then.
  void flush_later(Flushable& flushable);
  // The same for what is told to many: one after the other as they asked, so many at the end of a round and after all
  // of flush_later().
  void flush_in_turn(Flushable& flushable);

  static constexpr std::size_t most_turns = 16;  // of flush_in_turn(), between two looks at the sockets

  // When the sockets were last looked at.
  [[nodiscard]] std::chrono::steady_clock::time_point awake_since() const { return awake_since_; }
  // Calls `flushed` whenever the answers of a round have been handed to their sockets.
  void after_answers(std::function<void()> flushed) { after_answers_ = std::move(flushed); }

  // Calls `due` once the loop runs, and again after the time that it returned, for ever.
  void repeat(std::function<std::chrono::milliseconds()> due);
  // Calls `due` once, after `delay`.
  void after(std::chrono::milliseconds delay, Task due);

 private:
  using Clock = std::chrono::steady_clock;
  struct Repeated {
    Clock::time_point at;
    std::function<std::chrono::milliseconds()> due;
  };
  struct Once {
    Clock::time_point at;
    Task due;
  };

  void look_into_inbox();
  void wait();
  // Tells posters that the loop is going to sleep; false if something is left to do.
  [[nodiscard]] bool falls_asleep();
  [[nodiscard]] bool is_left() const;
  void run_timers();
  void end_round();
  void flush_answers();
  void flush_turns();
  [[nodiscard]] int milliseconds_to_wait() const;

  static thread_local Loop* current_;

  Socket epoll_;
  Socket wake_;  // an eventfd
  std::vector<epoll_event> ready_;
  std::vector<Repeated> repeated_;
  std::vector<Once> once_;
  Clock::time_point awake_since_{};
  std::function<void()> after_answers_;
  Clock::time_point next_timer_ = Clock::time_point::max();
  std::vector<Task> tasks_;  // posted on this thread, run at the end of the round
  std::vector<Task> running_;
  std::vector<Task> next_round_;
  std::vector<Task> taken_;  // from the inbox, being run
  std::vector<std::shared_ptr<Flushable>> flush_list_;
  std::vector<std::shared_ptr<Flushable>> flushing_;
  std::vector<std::shared_ptr<Flushable>> asked_turns_;
  std::vector<std::shared_ptr<Flushable>> turns_;  // they go before asked_turns_
  std::size_t next_turn_ = 0;                      // in turns_; those before it have had theirs
  std::vector<std::shared_ptr<Flushable>> gone_;
  bool stopped_ = false;

  std::mutex mutex_;
  std::vector<Task> inbox_;  // guarded by mutex_
  bool sleeping_ = false;    // guarded by mutex_: a poster must wake the loop
};

}  // namespace flashbid
