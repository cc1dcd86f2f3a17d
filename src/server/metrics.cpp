#include "server/metrics.hpp"

#include <string>

namespace flashbid {
namespace {

void add_engine(const Engine& engine, Exposition& out) {
  const EngineCounters counters = engine.counters();
  out.counter("flashbid_bids_total", "Bids decided, by verdict and reason");
  out.sample(counters.accepted, {{"verdict", "accepted"}, {"reason", ""}});
  for (std::size_t i = 1; i < counters.rejected_by_reason.size(); ++i) {
    const auto reason = std::string(to_text(static_cast<Reason>(i)));
    out.sample(counters.rejected_by_reason[i], {{"verdict", "rejected"}, {"reason", reason}});
  }
  out.counter("flashbid_repeated_answers_total", "Answers given again for an idempotency key");
  out.sample(counters.repeated);
  out.counter("flashbid_events_total", "Durable events");
  out.sample(counters.events);
  out.counter("flashbid_commits_total", "Transactions of the ledger");
  out.sample(counters.commits);
  out.counter("flashbid_committed_records_total", "Records made durable");
  out.sample(counters.committed_records);
  out.counter("flashbid_failed_commits_total", "Transactions that could not be made durable");
  out.sample(counters.failed_commits);
  out.commit_seconds(counters);
  out.gauge("flashbid_ledger_unmoved_records", "Records committed and not yet moved into history");
  out.sample(counters.unmoved);
  out.gauge("flashbid_auctions_in_memory", "Auctions held in memory");
  out.sample(counters.auctions_in_memory);
  out.gauge("flashbid_watchers", "Subscriptions to auctions");
  out.sample(counters.watchers);
  out.gauge("flashbid_ready", "1 if bids can be decided and committed now");
  out.sample(std::uint64_t{engine.health().ready});
}

std::uint64_t total(std::span<const Traffic* const> loops, Counter Traffic::* counter) {
  std::uint64_t sum = 0;
  for (const Traffic* loop : loops) sum += (loop->*counter).get();
  return sum;
}

void add_traffic(std::span<const Traffic* const> loops, Exposition& out) {
  out.counter("flashbid_http_requests_total", "HTTP requests");
  out.sample(total(loops, &Traffic::http_requests));
  out.counter("flashbid_http_responses_total", "HTTP responses, by the class of their status");
  for (std::size_t digit = 1; digit <= 5; ++digit) {
    std::uint64_t sum = 0;
    for (const Traffic* loop : loops) sum += loop->http_responses[digit].get();
    out.sample(sum, {{"status", std::to_string(digit) + "xx"}});
  }
  out.gauge("flashbid_connections", "Open connections, by what they are used for");
  out.sample(total(loops, &Traffic::http_connections), {{"kind", "http"}});
  out.sample(total(loops, &Traffic::websocket_connections), {{"kind", "websocket"}});
  out.sample(total(loops, &Traffic::sse_connections), {{"kind", "sse"}});
  out.counter("flashbid_refused_connections_total", "Connections refused over the limit or for want of descriptors");
  out.sample(total(loops, &Traffic::refused_connections));
  out.counter("flashbid_timeouts_total", "Connections ended because nothing came in time");
  out.sample(total(loops, &Traffic::timeouts));
  out.counter("flashbid_frames_received_total", "WebSocket messages received");
  out.sample(total(loops, &Traffic::frames_received));
  out.counter("flashbid_events_pushed_total", "Events and states pushed to watchers");
  out.sample(total(loops, &Traffic::events_pushed));
  out.counter("flashbid_slow_readers_total", "Watchers closed because they read too slowly");
  out.sample(total(loops, &Traffic::slow_readers));
}

}  // namespace

void add_metrics(std::span<const Traffic* const> loops, const Engine* engine, Exposition& out) {
  if (engine != nullptr) add_engine(*engine, out);
  add_traffic(loops, out);
}

}  // namespace flashbid
