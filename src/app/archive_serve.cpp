#include "app/archive_serve.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include "app/relay_report.hpp"
#include "app/worker_name.hpp"
#include "base/system_clock.hpp"
#include "relay/archive_sink.hpp"
#include "relay/relay.hpp"

namespace flashbid {
namespace {

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
    if (!ended)
      spdlog::critical("the archive stands still until it is put right and this is started again: {}",
                       ended.error().detail);
  });
}

ArchiveService::~ArchiveService() { stop({}); }

Result<std::unique_ptr<ArchiveService>> ArchiveService::start(ArchivedLedger ledger, std::string_view url) {
  auto parsed = ArchiveUrl::parse(url);
  if (!parsed) return fail(Failure::invalid, "--archive: " + parsed.error().detail);
  auto parts = std::make_unique<Parts>(std::move(ledger), std::move(*parsed));
  if (const auto claimed = parts->sink.prepare(); !claimed) {
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
  if (is_worth_telling(counters)) degraded.push_back(relay_sentence("archive", counters));
}

void ArchiveService::add_metrics(Exposition& out) const {
  add_relay_metrics("archive", parts_->relay.counters(parts_->clock.now()), out);
}

}  // namespace flashbid
