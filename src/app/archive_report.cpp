#include "app/archive_report.hpp"

#include <fmt/format.h>

namespace flashbid {

std::string archive_sentence(const RelayCounters& counters) {
  return fmt::format("archive{}: {} events and {:.0f} s behind{}{}", counters.alarm ? " halted" : "",
                     counters.lag_events, counters.lag_seconds, counters.last_error.empty() ? "" : "; ",
                     counters.last_error);
}

bool is_worth_telling(const RelayCounters& counters) {
  constexpr double long_seconds = 10;
  return counters.alarm || counters.failing || counters.lag_seconds >= long_seconds;
}

void add_archive_metrics(const RelayCounters& counters, Exposition& out) {
  out.counter("flashbid_archive_events_total", "Events stored in the archive");
  out.sample(counters.stored);
  out.counter("flashbid_archive_batches_total", "Transactions that stored them");
  out.sample(counters.batches);
  out.counter("flashbid_archive_failures_total", "Tries that failed");
  out.sample(counters.failures);
  out.gauge("flashbid_archive_shards", "Shards that this process moves into the archive");
  out.sample(counters.shards);
  out.gauge("flashbid_archive_lag_events",
            "Events of those shards that wait for the archive; while it was never reached, of all shards");
  out.sample(counters.lag_events);
  out.gauge("flashbid_archive_lag_seconds", "Age of the oldest event that waits, or how long storing has failed");
  out.sample(counters.lag_seconds);
  out.gauge("flashbid_archive_up", "Whether the last try succeeded");
  out.sample(std::uint64_t{!counters.failing && !counters.alarm});
  out.gauge("flashbid_archive_alarm", "Whether archive and ledger contradict each other");
  out.sample(std::uint64_t{counters.alarm});
}

}  // namespace flashbid
