#include "relay/webhook/webhook_sink.hpp"
#include "base/system_clock.hpp"
#include "relay/envelope.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace flashbid {
namespace {

constexpr std::int64_t first_pause_ms = 1'000;
constexpr std::int64_t longest_pause_ms = 300'000;
constexpr std::int64_t longest_retry_after_ms = 3'600'000;
constexpr long too_many_requests = 429;
constexpr long service_unavailable = 503;

// Stable: the same events have the same one, whenever they are sent.
std::string id_of(std::span<const Record> records) {
  return event_id(records.front()) + "_" + event_id(records.back());
}

bool is_success(long status) { return status >= 200 && status < 300; }

std::string why_of(const Result<webhook::Answer>& answer) {
  if (!answer) return answer.error().detail;
  if (answer->status >= 300 && answer->status < 400) {
    return fmt::format("the webhook answered {}, a redirect, which is not followed", answer->status);
  }
  if (answer->status == 410) return "the webhook answered 410: it is gone";
  return fmt::format("the webhook answered {}", answer->status);
}

}  // namespace

WebhookPorts system_webhook_ports() {
  const auto random = std::make_shared<std::minstd_rand>(std::random_device{}());
  return {
      .now = [clock = std::make_shared<SystemClock>()] { return clock->now(); },
      .steady_ms = steady_ms,
      .random = [random] { return std::uniform_real_distribution<>(0, 1)(*random); },
  };
}

Result<std::unique_ptr<WebhookSink>> WebhookSink::open(WebhookOptions options, WebhookPorts ports) {
  if (options.secrets.empty()) return fail(Failure::invalid, "a webhook needs a secret that signs its requests");
  if (options.dead_letters.empty()) return fail(Failure::invalid, "a webhook needs a file for dead letters");
  if (options.batch < 1 || options.tries < 1 || options.timeout.ms < 1) {
    return fail(Failure::invalid, "a webhook's batch, tries and timeout are at least 1");
  }
  std::vector<std::string> keys;
  for (const std::string& secret : options.secrets) {
    auto key = webhook::key_of_secret(secret);
    if (!key) return std::unexpected(std::move(key.error()));
    keys.push_back(std::move(*key));
  }
  auto receiver = webhook::Receiver::open({.url = options.url,
                                           .timeout = options.timeout,
                                           .allow_private = options.allow_private,
                                           .user_agent = options.user_agent,
                                           .ca_file = options.ca_file});
  if (!receiver) return std::unexpected(std::move(receiver.error()));
  std::unique_ptr<WebhookSink> made(
      new WebhookSink(std::move(options), std::move(ports), std::move(keys), std::move(*receiver)));
  if (auto there = made->dead_letters_.check(); !there) return std::unexpected(std::move(there.error()));
  return made;
}

WebhookSink::WebhookSink(WebhookOptions options, WebhookPorts ports, std::vector<std::string> keys,
                         std::unique_ptr<webhook::Receiver> receiver)
    : options_(std::move(options)),
      ports_(std::move(ports)),
      keys_(std::move(keys)),
      receiver_(std::move(receiver)),
      dead_letters_(options_.dead_letters) {}

Result<Stored> WebhookSink::store(const ShardLease& lease, const SourceBatch& batch) {
  if (batch.records.empty()) return Stored{};
  std::string whole = id_of(batch.records);
  Progress& progress = progress_[lease.shard];
  if (progress.batch != whole) progress = {.batch = std::move(whole)};
  const Origin origin{batch.queued ? batch.ledger : options_.ledger, options_.shards, lease.shard};
  const std::int64_t began = ports_.steady_ms();
  while (progress.done < batch.records.size()) {
    if (progress.done > 0 && ports_.steady_ms() - began >= options_.timeout.ms) {
      return fail(Failure::unavailable, "the webhook is slow: the rest of this batch comes next");
    }
    const Records next = Records(batch.records)
                             .subspan(progress.done)
                             .first(std::min(options_.batch, batch.records.size() - progress.done));
    if (auto delivered = deliver(origin, next, progress); !delivered) {
      return std::unexpected(std::move(delivered.error()));
    }
    progress.done += next.size();
    progress.tries = 0;
  }
  return Stored{.dead_letters = progress.dead};
}

// Or leaves it as a dead letter.
Result<void> WebhookSink::deliver(const Origin& origin, Records records, Progress& progress) {
  if (progress.tries > 0) {
    const std::int64_t left_ms = progress.retry_at - ports_.steady_ms();
    if (left_ms > 0) {
      return fail(Failure::unavailable, fmt::format("{}; tried {} times of {}, the next in {} s", progress.why,
                                                    progress.tries, options_.tries, (left_ms + 999) / 1'000));
    }
    ++retries_;
  }
  const std::string id = id_of(records);
  const std::string body = encode_envelopes(origin, records);
  const auto answer = post(id, body);
  if (answer && is_success(answer->status)) return {};
  progress.why = why_of(answer);
  ++progress.tries;
  if (progress.tries >= options_.tries) {
    const auto left = dead_letters_.append({.at = ports_.now(),
                                            .url = options_.url,
                                            .reason = progress.why,
                                            .tries = progress.tries,
                                            .webhook_id = id,
                                            .events = body});
    if (left) {
      progress.dead += records.size();
      return {};
    }
    progress.why += "; " + left.error().detail;
  }
  const bool says_when = answer && (answer->status == too_many_requests || answer->status == service_unavailable);
  progress.retry_at = ports_.steady_ms() + pause_ms(progress.tries, says_when ? answer->retry_after : Duration{});
  return fail(Failure::unavailable, progress.why);
}

Result<webhook::Answer> WebhookSink::post(const std::string& id, const std::string& body) {
  const std::string timestamp = fmt::to_string(ports_.now().ms / 1'000);
  return receiver_->post(
      {fmt::format("content-type: {}", envelopes_type), "webhook-id: " + id, "webhook-timestamp: " + timestamp,
       "webhook-signature: " + webhook::sign(keys_, id, timestamp, body)},
      body);
}

// Anywhere up to a bound that doubles, so that workers which failed together do not come back together.
std::int64_t WebhookSink::pause_ms(unsigned tries, Duration retry_after) {
  constexpr unsigned most_doublings = 10;  // 17 minutes: beyond the longest
  const std::int64_t bound = std::min(first_pause_ms << std::min(tries - 1, most_doublings), longest_pause_ms);
  const auto pause = static_cast<std::int64_t>(static_cast<double>(bound) * ports_.random());
  return std::max(pause, std::min(retry_after.ms, longest_retry_after_ms));
}

}  // namespace flashbid
