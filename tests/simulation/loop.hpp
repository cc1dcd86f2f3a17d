// A loop and a clock that the simulation moves: tasks run when it says so, time passes when it says so. One thread.
#pragma once

#include <deque>
#include <utility>

#include "base/executor.hpp"
#include "base/system_clock.hpp"

namespace flashbid::simulation {

class SimulatedLoop final : public Executor {
 public:
  void post(Task task) override { tasks_.push_back(std::move(task)); }
  [[nodiscard]] bool here() const override { return running_; }

  [[nodiscard]] bool has_tasks() const { return !tasks_.empty(); }
  void run_one() {
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    run([&task] { task(); });
  }
  // What reaches the loop from outside: a request, a timer.
  template <class Call>
  void run(Call call) {
    running_ = true;
    call();
    running_ = false;
  }
  // The process has died.
  void drop_all() {
    running_ = false;
    tasks_.clear();
  }

 private:
  std::deque<Task> tasks_;
  bool running_ = false;
};

// The machine's time: what has passed, and what its clock shows, which may be set.
struct Machine {
  std::int64_t passed_ms = 0;
  std::int64_t shown_ms = 1'800'000'000'000;

  void pass(Duration time) {
    passed_ms += time.ms;
    shown_ms += time.ms;
  }
};

// The product's own clock over it, one a process.
class SimulatedClock final : public HeldClock {
 public:
  explicit SimulatedClock(const Machine& machine) : machine_(machine) {}
  [[nodiscard]] Timestamp now() override { return hold({machine_.shown_ms}); }

 private:
  const Machine& machine_;
};

}  // namespace flashbid::simulation
