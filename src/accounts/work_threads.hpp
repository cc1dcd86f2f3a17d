// Threads that take tasks from one queue, each in its turn. Who posts sees to it that the queue stays short; any thread
// may post. With one thread, tasks run in their order.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "base/executor.hpp"

namespace flashbid::accounts {

class WorkThreads final : public Executor {
 public:
  explicit WorkThreads(unsigned threads);
  ~WorkThreads() override { stop(); }
  WorkThreads(const WorkThreads&) = delete;
  WorkThreads& operator=(const WorkThreads&) = delete;

  // After stop() a task is dropped, not run.
  void post(Task task) override;
  [[nodiscard]] bool here() const override;

  // Lets the tasks that run come to their end, drops those that wait, ends the threads.
  void stop();

 private:
  void run();

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> waiting_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace flashbid::accounts
