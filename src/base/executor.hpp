// Port: a thread that runs tasks one after another. The only way from one thread to another.
#pragma once

#include <functional>
#include <memory>
#include <string>

namespace flashbid {

using Task = std::move_only_function<void()>;

// Bytes encoded once and shared by everyone who sends, stores or keeps them.
using SharedBytes = std::shared_ptr<const std::string>;

class Executor {
 public:
  virtual ~Executor() = default;
  // Runs `task` later on this executor's thread, after the work that is ready now. Any thread may call.
  // Tasks posted by one thread run in the order in which that thread posted them.
  virtual void post(Task task) = 0;
  // Whether the caller is on this executor's thread.
  [[nodiscard]] virtual bool here() const = 0;
};

}  // namespace flashbid
