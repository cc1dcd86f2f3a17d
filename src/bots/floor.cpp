#include "bots/floor.hpp"

namespace flashbid::bots {

void Floor::record(const checker::Operation& operation, std::int64_t due_ns) {
  desk.history.operations.push_back(operation);
  ++outcomes[static_cast<std::size_t>(operation.outcome)];
  if (operation.outcome != checker::Outcome::accepted && operation.outcome != checker::Outcome::rejected) return;
  ++reasons[static_cast<std::size_t>(operation.reason)];
  latency.add(operation.answered_ns - due_ns);
  latency_lately.add(operation.answered_ns - due_ns);
  market.learn(operation);
}

}  // namespace flashbid::bots
