// The embedded engine: a shard a loop, one committer, one reader of history. Owns them all; the ledger, the clock and
// the loops are lent to it. start() before the loops run, stop() after they have ended.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/executor.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "engine/embedded/committer.hpp"
#include "engine/engine.hpp"
#include "engine/history_reader.hpp"
#include "ledger/ledger.hpp"

namespace flashbid {

struct EmbeddedOptions {
  Ledger* ledger = nullptr;
  Clock* clock = nullptr;
  std::vector<Executor*> loops;  // one shard on each; auction id % loops picks it
  std::function<void(const Error&)>
      on_failed;  // a sync failed: from the committer's thread, once; the process must end
  Committer::Options committer;
  bool own_threads = true;  // false: the committer and the reader of history have their turns from whoever starts this
};

class EmbeddedEngine {
 public:
  // Recovers everything the ledger holds. Failure::corrupt if what it holds is not what was written.
  [[nodiscard]] static Result<std::unique_ptr<EmbeddedEngine>> start(const EmbeddedOptions& options);
  ~EmbeddedEngine();
  EmbeddedEngine(const EmbeddedEngine&) = delete;
  EmbeddedEngine& operator=(const EmbeddedEngine&) = delete;

  // The engine as loop k sees it.
  [[nodiscard]] Engine& on_loop(std::size_t k);

  // On loop k: opens and closes what is due. To be called again at the returned moment, or sooner.
  Timestamp tick(std::size_t k);

  // For who gives them their turns.
  [[nodiscard]] Committer& committer();
  [[nodiscard]] HistoryReader& history();

  // Commits what is in flight, moves what it can into history, ends its threads; without threads of its own, nothing.
  // The loops have ended.
  void stop();

 private:
  struct Parts;
  explicit EmbeddedEngine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace flashbid
