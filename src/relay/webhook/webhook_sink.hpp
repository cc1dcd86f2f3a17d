// Sends a shard's events to one URL, in order: up to a hundred in a request, and the next only after a 2xx, so that
// they come ordered per auction. What arrives, and how to verify it: docs/webhooks.md. Hidden parts of events are never
// sent.
//
// A request that fails is made again after a pause that grows, until it has been made `tries` times; then its events
// become a dead letter and the shard goes on. Nothing sleeps: while a shard pauses, store() answers at once that it is
// unavailable, and other shards go on. How often a request was made is known in this process only: after a restart, or
// in a worker that takes the shard over, the count begins anew. At least once: a receiver drops duplicates by the
// events' ids. Every status but 2xx counts the same, redirects and 410 too.
//
// The relay's batch should not be longer than `batch`: store() blocks for one request and as long as `timeout`, and
// for a longer batch up to twice that. Its leases must outlive a `timeout` of each shard that a worker holds.
// Belongs to the relay's thread, but for retries().
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "relay/envelope.hpp"
#include "relay/sink.hpp"
#include "relay/webhook/dead_letters.hpp"
#include "relay/webhook/receiver.hpp"
#include "relay/webhook/signature.hpp"

namespace flashbid {

struct WebhookOptions {
  std::string url;                   // https://, or http:// with allow_private; no user, no password
  std::vector<std::string> secrets;  // each "whsec_…"; the request is signed with all of them
  std::string dead_letters;          // the file
  std::string ledger;                // its kind, and how many shards it has: what the envelopes say where they are from
  std::uint64_t shards = 1;
  std::size_t batch = 100;  // events in a request, at most
  unsigned tries = 12;      // of a request, until its events are a dead letter
  Duration timeout{10'000};
  bool allow_private = false;
  std::string user_agent = "flashbid";
  std::string ca_file;  // of certificates to trust; empty = the system's
};

// What a test sets for itself.
struct WebhookPorts {
  std::function<Timestamp()> now;           // the wall clock: receivers compare it with theirs
  std::function<std::int64_t()> steady_ms;  // for pauses
  std::function<double()> random;           // of [0, 1)
};
[[nodiscard]] WebhookPorts system_webhook_ports();

class WebhookSink final : public Sink {
 public:
  // Failure::invalid, or unavailable if the file of dead letters cannot be opened; without showing a secret.
  [[nodiscard]] static Result<std::unique_ptr<WebhookSink>> open(WebhookOptions options,
                                                                 WebhookPorts ports = system_webhook_ports());

  [[nodiscard]] Result<Stored> store(const ShardLease& lease, const SourceBatch& batch) override;

  // Requests made again since the start. Any thread.
  [[nodiscard]] std::uint64_t retries() const { return retries_; }

 private:
  using Records = std::span<const Record>;
  // Of a shard's last batch.
  struct Progress {
    std::string batch;     // which one
    std::size_t done = 0;  // its events that are delivered or dead letters
    std::uint64_t dead = 0;
    unsigned tries = 0;  // of the request that is next
    std::int64_t retry_at = 0;
    std::string why;  // the last one failed
  };

  WebhookSink(WebhookOptions options, WebhookPorts ports, std::vector<std::string> keys,
              std::unique_ptr<webhook::Receiver> receiver);
  [[nodiscard]] Result<void> deliver(const Origin& origin, Records records, Progress& progress);
  [[nodiscard]] Result<webhook::Answer> post(const std::string& id, const std::string& body);
  [[nodiscard]] std::int64_t pause_ms(unsigned tries, Duration retry_after);

  WebhookOptions options_;
  WebhookPorts ports_;
  std::vector<std::string> keys_;
  std::unique_ptr<webhook::Receiver> receiver_;
  webhook::DeadLetters dead_letters_;
  std::map<std::uint64_t, Progress> progress_;  // of each shard
  std::atomic<std::uint64_t> retries_ = 0;
};

}  // namespace flashbid
