#include "app/relay_report.hpp"

#include <fmt/format.h>

namespace flashbid {

std::string relay_sentence(std::string_view hop, const RelayCounters& counters) {
  std::string text = fmt::format("{}{}: {} events and {:.0f} s behind", hop, counters.alarm ? " halted" : "",
                                 counters.lag_events, counters.lag_seconds);
  if (counters.dead_letters > 0) text += fmt::format("; {} dead letters", counters.dead_letters);
  if (!counters.last_error.empty()) text += "; " + counters.last_error;
  return text;
}

bool is_worth_telling(const RelayCounters& counters) {
  constexpr double long_seconds = 10;
  return counters.alarm || counters.failing || counters.dead_letters > 0 || counters.lag_seconds >= long_seconds;
}

void add_relay_metrics(std::string_view hop, const RelayCounters& counters, Exposition& out) {
  const auto name = [hop](std::string_view what) { return fmt::format("flashbid_{}_{}", hop, what); };
  out.counter(name("events_total"), "Events stored there");
  out.sample(counters.stored);
  out.counter(name("batches_total"), "Batches of them");
  out.sample(counters.batches);
  out.counter(name("failures_total"), "Tries that failed, and were tried again");
  out.sample(counters.failures);
  out.counter(name("dead_letters_total"), "Events set aside for good");
  out.sample(counters.dead_letters);
  out.gauge(name("shards"), "Shards whose events this process moves");
  out.sample(counters.shards);
  out.gauge(name("lag_events"), "Events of those shards that wait; while it was never reached, of all shards");
  out.sample(counters.lag_events);
  out.gauge(name("lag_seconds"), "Age of the oldest event that waits, or how long storing has failed");
  out.sample(counters.lag_seconds);
  out.gauge(name("up"), "Whether the last try succeeded");
  out.sample(std::uint64_t{!counters.failing && !counters.alarm});
  out.gauge(name("alarm"), "Whether what is there contradicts the source");
  out.sample(std::uint64_t{counters.alarm});
}

}  // namespace flashbid
