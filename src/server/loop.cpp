#include "server/loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace flashbid {

thread_local Loop* Loop::current_ = nullptr;

void Loop::run() {
  current_ = this;
  const auto stays_busy = boost::asio::make_work_guard(io_);
  end_round();
  while (!stopped_.load(std::memory_order_relaxed)) {
    io_.run_one();
    io_.poll();
    end_round();
  }
  current_ = nullptr;
}

void Loop::stop() {
  post([this] { stopped_.store(true, std::memory_order_relaxed); });
}

void Loop::post(Task task) {
  if (here()) {
    tasks_.push_back(std::move(task));
    return;
  }
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    wake = inbox_.empty();
    inbox_.push_back(std::move(task));
  }
  if (wake) boost::asio::post(io_, [this] { run_inbox(); });
}

void Loop::run_inbox() {
  {
    const std::lock_guard lock(mutex_);
    std::swap(inbox_, taken_);
  }
  for (Task& task : taken_) task();
  taken_.clear();
}

void Loop::flush_later(Flushable& flushable) {
  if (flushable.flush_queued_) return;
  flushable.flush_queued_ = true;
  flush_list_.push_back(flushable.shared_from_this());
}

void Loop::end_round() {
  while (!tasks_.empty() || !flush_list_.empty()) {
    while (!tasks_.empty()) {
      std::swap(tasks_, running_);
      for (Task& task : running_) task();
      running_.clear();
    }
    std::swap(flush_list_, flushing_);
    for (const auto& flushable : flushing_) {
      flushable->flush_queued_ = false;
      flushable->flush();
    }
    flushing_.clear();
  }
}

void Loop::repeat(std::function<std::chrono::milliseconds()> due) {
  repeated_.push_back(std::make_unique<Repeated>(boost::asio::steady_timer(io_), std::move(due)));
  arm(*repeated_.back(), std::chrono::milliseconds(0));
}

void Loop::arm(Repeated& repeated, std::chrono::milliseconds delay) {
  repeated.timer.expires_after(delay);
  repeated.timer.async_wait([this, &repeated](const boost::system::error_code& error) {
    if (!error) arm(repeated, repeated.due());
  });
}

}  // namespace flashbid
