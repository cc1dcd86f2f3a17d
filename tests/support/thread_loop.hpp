// A loop for tests: one thread that runs what is posted, without sockets.
#pragma once

#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/executor.hpp"

namespace flashbid::test {

class ThreadLoop final : public Executor {
 public:
  ThreadLoop() : thread_([this] { run(); }) {}
  ~ThreadLoop() override { stop(); }

  void post(Task task) override {
    {
      const std::scoped_lock lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
  }
  [[nodiscard]] bool here() const override { return std::this_thread::get_id() == thread_.get_id(); }

  // Runs `call` on the loop and waits for what it returns.
  template <class Call>
  auto run_here(Call call) {
    std::promise<decltype(call())> promise;
    auto future = promise.get_future();
    post([&promise, &call] {
      if constexpr (std::is_void_v<decltype(call())>) {
        call();
        promise.set_value();
      } else {
        promise.set_value(call());
      }
    });
    return future.get();
  }

  // Runs what is queued, then ends the thread.
  void stop() {
    if (!thread_.joinable()) return;
    post([this] { stopping_ = true; });
    thread_.join();
  }

 private:
  void run() {
    std::vector<Task> batch;
    while (!stopping_) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !tasks_.empty(); });
        batch.swap(tasks_);
      }
      for (Task& task : batch) task();
      batch.clear();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Task> tasks_;
  bool stopping_ = false;  // the thread's own
  std::thread thread_;
};

}  // namespace flashbid::test
