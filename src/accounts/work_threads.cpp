#include "accounts/work_threads.hpp"

#include <algorithm>
#include <utility>

namespace flashbid::accounts {

WorkThreads::WorkThreads(unsigned threads) {
  for (unsigned i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

void WorkThreads::post(Task task) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_) return;  // the task goes with its caller's scope, not under the lock
    waiting_.push_back(std::move(task));
  }
  wake_.notify_one();
}

bool WorkThreads::here() const {
  return std::ranges::any_of(threads_,
                             [](const std::thread& one) { return one.get_id() == std::this_thread::get_id(); });
}

void WorkThreads::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    {
      Task task = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      task();
    }
    lock.lock();
  }
}

void WorkThreads::stop() {
  std::deque<Task> dropped;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    dropped.swap(waiting_);
  }
  wake_.notify_all();
  for (std::thread& one : threads_) {
    if (one.joinable()) one.join();
  }
}

}  // namespace flashbid::accounts
