#include "server/metrics.hpp"

#include <array>
#include <string>

namespace flashbid {
namespace {

void add_stages(std::span<const Traffic* const> loops, BidStageCounts counts, Exposition& out) {
  for (const Traffic* loop : loops) loop->bid_stages.add_to(counts);
  out.histogram("flashbid_bid_stage_seconds", "Time that bids take in each stage of their journey, and in all");
  for (std::size_t i = 0; i < counts.size(); ++i) out.sample(counts[i], {{"stage", std::string(bid_stage_names[i])}});
}

void add_engine(const Engine& engine, std::span<const Traffic* const> loops, Exposition& out) {
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
  out.histogram("flashbid_commit_seconds", "Time to make a batch durable");
  out.sample(counters.commit);
  add_stages(loops, counters.bid_stages, out);
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

// The sum of each counter of an array, with its name for a label. `first`: those before it are of nothing.
template <class Kind, std::size_t count>
void add_each(std::span<const Traffic* const> loops, std::array<Counter, count> Traffic::* counters, const char* label,
              Exposition& out, std::size_t first = 0) {
  for (std::size_t i = first; i < count; ++i) {
    std::uint64_t sum = 0;
    for (const Traffic* loop : loops) sum += (loop->*counters)[i].get();
    out.sample(sum, {{label, std::string(to_text(static_cast<Kind>(i)))}});
  }
}

void add_refusals(std::span<const Traffic* const> loops, Exposition& out) {
  out.counter("flashbid_refused_connections_total", "Connections refused, by what there were too many or too few of");
  add_each<NoConnection>(loops, &Traffic::refused_connections, "limit", out);
  out.counter("flashbid_refused_requests_total", "Requests and frames refused, by the limit that they were beyond");
  add_each<LimitedBy>(loops, &Traffic::refused_requests, "limit", out, 1);
  out.sample(total(loops, &Traffic::bids_without_room), {{"limit", "waiting_bids"}});
  out.counter("flashbid_failed_authentications_total", "Tokens that did not count, by what was wrong with them");
  add_each<access::FaultClass>(loops, &Traffic::failed_authentications, "reason", out);
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
  add_refusals(loops, out);
  out.counter("flashbid_timeouts_total", "Connections ended because nothing came in time");
  out.sample(total(loops, &Traffic::timeouts));
  out.counter("flashbid_frames_received_total", "WebSocket messages received");
  out.sample(total(loops, &Traffic::frames_received));
  out.counter("flashbid_events_pushed_total", "Events and states pushed to watchers");
  out.sample(total(loops, &Traffic::events_pushed));
  out.counter("flashbid_slow_readers_total", "Watchers closed because they read too slowly");
  out.sample(total(loops, &Traffic::slow_readers));
  out.counter("flashbid_tls_handshakes_total", "TLS handshakes, by how they ended");
  out.sample(total(loops, &Traffic::tls_handshakes), {{"outcome", "done"}});
  out.sample(total(loops, &Traffic::tls_failed_handshakes), {{"outcome", "failed"}});
}

}  // namespace

void add_metrics(std::span<const Traffic* const> loops, const Engine* engine, Exposition& out) {
  if (engine != nullptr) add_engine(*engine, loops, out);
  add_traffic(loops, out);
}

}  // namespace flashbid
