#include "app/archive_serve.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "app/worker_name.hpp"
#include "base/system_clock.hpp"
#include "relay/archive_sink.hpp"
#include "relay/relay.hpp"

namespace flashbid {
namespace {

// From here on /readyz says so.
constexpr double worth_telling_seconds = 10;
// Short, so that a server that comes back after a kill soon goes on.
constexpr Duration lease_length{5'000};
constexpr Duration patience_if_shared{2'000};

}  // namespace

struct ArchiveService::Parts {
  Parts(ArchivedLedger ledger, ArchiveUrl to)
      : shared(ledger.shared),
        sink(std::move(to), ledger.kind, ledger.shards),
        relay({.owner = worker_name(),
               .shards = ledger.shards,
               .lease = lease_length,
               .only_worker = !ledger.shared,
               .after_step = {}},
              std::move(ledger.open), sink, sink) {}

  bool shared;
  ArchiveSink sink;
  Relay relay;
  mutable SystemClock clock;
  std::jthread thread;
};

ArchiveService::ArchiveService(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {
  parts_->thread = std::jthread([this] {
    const Result<void> ended = parts_->relay.run();
    if (!ended) spdlog::critical("the archive stands still until it is put right: {}", ended.error().detail);
  });
}

ArchiveService::~ArchiveService() { stop({}); }

Result<std::unique_ptr<ArchiveService>> ArchiveService::start(ArchivedLedger ledger, std::string_view url) {
  auto parsed = ArchiveUrl::parse(url);
  if (!parsed) return fail(Failure::invalid, "--archive: " + parsed.error().detail);
  auto parts = std::make_unique<Parts>(std::move(ledger), std::move(*parsed));
  if (const auto claimed = parts->sink.claim(); !claimed) {
    if (claimed.error().failure != Failure::unavailable && claimed.error().failure != Failure::outcome_unknown) {
      return fail(claimed.error().failure, "--archive: " + claimed.error().detail);
    }
    spdlog::warn("the archive is away and waited for: {}", claimed.error().detail);
  }
  return std::unique_ptr<ArchiveService>(new ArchiveService(std::move(parts)));
}

void ArchiveService::stop(Duration patience) {
  if (!parts_->thread.joinable()) return;
  // What others add meanwhile may never end; they go on with the rest, too.
  parts_->relay.stop(parts_->shared ? std::min(patience, patience_if_shared) : patience);
  parts_->thread.join();
  const RelayCounters counters = parts_->relay.counters(parts_->clock.now());
  if (counters.lag_events > 0) {
    spdlog::warn("{} events are not in the archive yet: the next start goes on with them", counters.lag_events);
  }
}

void ArchiveService::add_degraded(std::vector<std::string>& degraded) const {
  const RelayCounters counters = parts_->relay.counters(parts_->clock.now());
  if (!counters.alarm && !counters.failing && counters.lag_seconds < worth_telling_seconds) return;
  degraded.push_back(fmt::format("archive{}: {} events and {:.0f} s behind{}{}", counters.alarm ? " halted" : "",
                                 counters.lag_events, counters.lag_seconds, counters.last_error.empty() ? "" : "; ",
                                 counters.last_error));
}

void ArchiveService::add_metrics(Exposition& out) const {
  const RelayCounters counters = parts_->relay.counters(parts_->clock.now());
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
