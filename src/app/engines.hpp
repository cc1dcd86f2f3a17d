// The engine that `serve` runs, whichever it is: opened by its URL, the same to everything that comes after. Called by
// the main thread; the loops are lent to it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/options.hpp"
#include "base/result.hpp"
#include "engine/engine.hpp"
#include "server/exposition.hpp"
#include "server/loop.hpp"

namespace flashbid {

class ServedEngine {
 public:
  virtual ~ServedEngine() = default;
  // The engine as loop k sees it.
  [[nodiscard]] virtual Engine& on_loop(std::size_t k) = 0;
  // Before the loops run: what each has to do as time goes by.
  virtual void keep_time() = 0;
  // The loops have ended: finishes what is on its way.
  virtual void stop() = 0;
  // What it counts beside what every engine does; any thread.
  virtual void add_metrics(Exposition& out) const = 0;
  // What it is and where it keeps things, for the log.
  [[nodiscard]] virtual std::string description() const = 0;
};

using Loops = std::vector<std::unique_ptr<Loop>>;

struct ServedEngineCalls {
  std::function<void(const Error&)> on_failed;  // it cannot go on, and the process must end; from any thread, once
  std::function<bool()> gives_up;               // asked by open_engine() while it waits for others: whether to end
};
[[nodiscard]] Result<std::unique_ptr<ServedEngine>> open_engine(const ServeOptions& options, const Loops& loops,
                                                                ServedEngineCalls calls);

// What is wrong with --engine, --durability and what goes with them: one sentence; empty = nothing.
[[nodiscard]] std::string unfit_engine(const ServeOptions& options);

}  // namespace flashbid
