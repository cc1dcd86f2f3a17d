#include "access/redis/redis_rate_limiter.hpp"

#include <fmt/format.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <thread>
#include <utility>

#include "access/redis/rate_library.hpp"
#include "redis/client.hpp"

namespace flashbid {

namespace asio = boost::asio;
using redis::Reply;

namespace {

constexpr std::chrono::milliseconds pause_before_start{100};

// Why is for the operator, who hears it from the engine, too; the client is told no addresses.
LimitDecision unavailable() {
  return {.verdict = LimitDecision::Verdict::unavailable,
          .why = "Redis, which counts for the rate limits, does not answer; try again in a moment"};
}

}  // namespace

struct RedisRateLimiter::Parts {
  // One limit that a claim comes under.
  struct Part {
    LimitedBy by;
    std::string key;
    const Gcra* rate;
  };
  // One claim on its way through the keys that are asked one after another.
  struct Asking {
    std::vector<Part> parts;
    std::size_t asked = 0;  // parts that have admitted it
    Executor* loop;
    Done done;

    void answer(LimitDecision admission) {
      loop->post([admission = std::move(admission), done = std::move(done)]() mutable { done(std::move(admission)); });
    }
  };

  explicit Parts(RedisRateLimiterOptions made) : options(std::move(made)), front(options.limits, options.local_clock) {
    const auto open = [](std::optional<Gcra>& gcra, const std::optional<Rate>& rate) {
      if (rate) gcra.emplace(*rate);
    };
    open(bidder, options.limits.bidder);
    open(address, options.limits.address);
    open(auction, options.limits.auction);
    redis::Options settings;
    settings.url = options.url;
    settings.command_timeout = options.command_timeout;
    settings.library_text = rate_library().text;
    settings.on_trouble = options.on_notice;
    client = std::make_unique<redis::Client>(io, std::move(settings));
  }

  void start(std::shared_ptr<std::promise<Result<void>>> first);
  [[nodiscard]] std::vector<Part> parts_of(const Claim& claim) const;
  void ask(const std::shared_ptr<Asking>& asking);

  const RedisRateLimiterOptions options;
  LocalRateLimiter front;
  std::optional<Gcra> bidder, address, auction;
  const std::string function = "admit_" + rate_library().version;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::unique_ptr<redis::Client> client;
  asio::steady_timer pause{io};
  bool stopped = false;  // of the thread
  std::thread thread;
};

void RedisRateLimiter::Parts::start(std::shared_ptr<std::promise<Result<void>>> first) {
  client->start([this, first = std::move(first)](const Result<void>& started) {
    if (first) first->set_value(started);
    if (started || stopped || started.error().failure == Failure::invalid) return;
    pause.expires_after(pause_before_start);
    pause.async_wait([this](const boost::system::error_code& error) {
      if (!error && !stopped) start(nullptr);
    });
  });
}

std::vector<RedisRateLimiter::Parts::Part> RedisRateLimiter::Parts::parts_of(const Claim& claim) const {
  std::vector<Part> parts;
  parts.reserve(3);
  if (bidder && !claim.bidder.empty()) parts.push_back({LimitedBy::bidder, rate_key(claim.bidder), &*bidder});
  if (address) parts.push_back({LimitedBy::address, rate_key(claim.address), &*address});
  if (auction && claim.auction != AuctionId{0}) {
    parts.push_back({LimitedBy::auction, rate_key(claim.auction), &*auction});
  }
  return parts;
}

// Of the next part, in a cluster; elsewhere of all at once.
void RedisRateLimiter::Parts::ask(const std::shared_ptr<Asking>& asking) {
  const bool one_by_one = client->kind() == redis::Kind::cluster;
  const auto all = std::span<const Part>(asking->parts);
  const auto now = all.subspan(asking->asked, one_by_one ? 1 : std::dynamic_extent);
  redis::CommandBuilder command(3 + (1 + rate_words) * now.size(), 128 + 96 * now.size());
  command.add("FCALL").add(function).add(now.size());
  for (const Part& part : now) command.add(part.key);
  for (const Part& part : now) add_rate(command, *part.rate);
  client->send(now.front().key, command.take(), [this, asking, now](const Result<Reply>& reply) {
    if (!reply) return asking->answer(unavailable());
    if (reply->is_error() || reply->elements().size() != 2) return asking->answer(unavailable());
    const auto refused = static_cast<std::size_t>(reply->elements()[0].integer());
    if (refused > now.size()) return asking->answer(unavailable());
    if (refused > 0) {
      return asking->answer({.verdict = LimitDecision::Verdict::refused,
                             .by = now[refused - 1].by,
                             .retry_after_us = reply->elements()[1].integer()});
    }
    asking->asked += now.size();
    if (asking->asked == asking->parts.size()) return asking->answer({});
    ask(asking);
  });
}

RedisRateLimiter::RedisRateLimiter(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

RedisRateLimiter::~RedisRateLimiter() { stop(); }

Result<std::unique_ptr<RedisRateLimiter>> RedisRateLimiter::start(RedisRateLimiterOptions options) {
  std::unique_ptr<RedisRateLimiter> limiter(new RedisRateLimiter(std::make_unique<Parts>(std::move(options))));
  Parts& parts = *limiter->parts_;
  const auto first = std::make_shared<std::promise<Result<void>>>();
  auto started = first->get_future();
  asio::post(parts.io, [&parts, first] { parts.start(first); });
  parts.thread = std::thread([&parts] { parts.io.run(); });
  if (const auto outcome = started.get(); !outcome && outcome.error().failure == Failure::invalid) {
    return std::unexpected(outcome.error());
  }
  return limiter;
}

std::optional<LimitDecision> RedisRateLimiter::admit_at_once(const Claim& claim) {
  if (!parts_->front.limits(claim)) return LimitDecision{};
  LimitDecision here = parts_->front.decide(claim);
  if (!here.admitted()) return here;
  return std::nullopt;
}

void RedisRateLimiter::ask(const Claim& claim, Executor& loop, Done done) {
  auto asking = std::make_shared<Parts::Asking>(parts_->parts_of(claim), 0, &loop, std::move(done));
  asio::post(parts_->io, [parts = parts_.get(), asking = std::move(asking)] { parts->ask(asking); });
}

void RedisRateLimiter::stop() {
  if (!parts_->thread.joinable()) return;
  asio::post(parts_->io, [parts = parts_.get()] {
    parts->stopped = true;
    parts->pause.cancel();
    parts->client->stop();
    parts->work.reset();
  });
  parts_->thread.join();
}

}  // namespace flashbid
