#include "lease/redlock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "redis/client.hpp"

namespace flashbid {

namespace asio = boost::asio;
using redis::Command;
using redis::Reply;
using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

namespace {

constexpr int most_tries = 4;  // while nobody has a majority
constexpr milliseconds pause_before_start{100};

// Only who set it: compared and changed in one step.
constexpr std::string_view renew_script =
    "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end return redis.call('PEXPIRE', KEYS[1], ARGV[2])";
constexpr std::string_view release_script =
    "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end return redis.call('DEL', KEYS[1])";

// Clocks of servers and of this process need not run alike: 1 % and 2 ms are taken off.
SteadyTime valid_until(SteadyTime asked_at, milliseconds length) {
  constexpr int one_in = 100;
  return asked_at + length - length / one_in - milliseconds{2};
}

std::string random_owner() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

// What the servers said to one question, so far.
struct Votes {
  std::size_t servers = 0;
  std::size_t yes = 0;
  std::size_t no = 0;
  std::size_t absent = 0;
  Error why{Failure::unavailable, "no answer in time"};  // the last of those that are absent

  [[nodiscard]] std::size_t majority() const { return servers / 2 + 1; }
  [[nodiscard]] bool won() const { return yes >= majority(); }
  // No other answer could change that.
  [[nodiscard]] bool refused() const { return servers - no < majority(); }
  [[nodiscard]] bool decided() const { return won() || servers - no - absent < majority(); }
  [[nodiscard]] bool complete() const { return yes + no + absent == servers; }
  [[nodiscard]] bool enough() const { return yes + no >= majority(); }
  [[nodiscard]] std::unexpected<Error> unavailable() const {
    return fail(Failure::unavailable, fmt::format("of {} lease servers {} must agree, {} did and {} refused; {}",
                                                  servers, majority(), yes, no, why.detail));
  }
  // Of a lease that was held: whether it is still.
  [[nodiscard]] Result<void> verdict(const HeldLease& lease) const {
    if (won()) return {};
    if (!refused()) return unavailable();
    return fail(Failure::conflict, fmt::format("the lease {} is not ours any more", lease.name));
  }
};

// One question to all of them. Outlives whoever asked: the last answers may come when nobody waits any more.
class Round {
 public:
  explicit Round(std::size_t servers) : votes_{.servers = servers} {}

  void add(const Result<bool>& vote) {
    const std::scoped_lock lock(mutex_);
    if (vote) {
      ++(*vote ? votes_.yes : votes_.no);
    } else {
      ++votes_.absent;
      votes_.why = vote.error();
    }
    changed_.notify_all();
  }
  // Until it is decided, or all have answered.
  [[nodiscard]] Votes wait(milliseconds most, bool for_all = false) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, most, [&] { return for_all ? votes_.complete() : votes_.decided(); });
    return votes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Votes votes_;
};

// What a server's answer means: a status or a number above 0 is a yes, nil and 0 are a no.
Result<bool> to_vote(const Result<Reply>& reply) {
  if (!reply) return std::unexpected(reply.error());
  if (reply->is_error()) return fail(Failure::unavailable, fmt::format("a lease server says: {}", reply->text()));
  return reply->is_text() || reply->integer() > 0;
}

// Refuses a server that may have forgotten what it granted before it started.
Result<void> old_enough(const redis::Primary& primary, milliseconds delay) {
  const std::string_view text = primary.property("uptime_in_seconds");
  std::int64_t uptime = 0;
  std::from_chars(text.data(), text.data() + text.size(), uptime);
  // Redis counts from one whole second to another: up to one too many.
  if (delay.count() == 0 || std::chrono::seconds{uptime - 1} >= delay) return {};
  return fail(Failure::unavailable,
              fmt::format("it started {} s ago and has no vote for the first {} ms, it may have forgotten leases",
                          uptime, delay.count()));
}

// One server, tried until it is there. On the thread of the connections.
class Server {
 public:
  Server(asio::io_context& io, redis::Url url, const RedlockOptions& options) : pause_(io) {
    redis::Options settings;
    settings.url = std::move(url);
    settings.connect_timeout = options.server_timeout;
    settings.command_timeout = options.server_timeout;
    settings.retry_for = options.server_timeout;
    settings.admit = [delay = options.restart_delay](const std::shared_ptr<redis::Primary>& primary, auto tell) {
      tell(old_enough(*primary, delay));
    };
    client_ = std::make_unique<redis::Client>(io, std::move(settings));
  }

  void start(std::shared_ptr<Round> first) {
    client_->start([this, first = std::move(first)](const Result<void>& started) {
      if (first) first->add(started ? Result<bool>(true) : std::unexpected(started.error()));
      if (started || stopped_) return;
      pause_.expires_after(pause_before_start);
      pause_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !stopped_) start(nullptr);
      });
    });
  }
  void ask(const std::string& key, Command command, std::shared_ptr<Round> round) {
    client_->send(key, std::move(command),
                  [round = std::move(round)](const Result<Reply>& reply) { round->add(to_vote(reply)); });
  }
  void stop() {
    stopped_ = true;
    pause_.cancel();
    client_->stop();
  }

 private:
  std::unique_ptr<redis::Client> client_;
  asio::steady_timer pause_;
  bool stopped_ = false;
};

}  // namespace

struct Redlock::Parts {
  explicit Parts(RedlockOptions made) : options(std::move(made)) {
    for (const redis::Url& url : options.servers) servers.push_back(std::make_unique<Server>(io, url, options));
    thread = std::thread([this] { io.run(); });
  }
  ~Parts() {
    asio::post(io, [this] {
      for (const auto& server : servers) server->stop();
      work.reset();
    });
    thread.join();
  }
  Parts(const Parts&) = delete;
  Parts& operator=(const Parts&) = delete;

  // Asks every server for one thing, and waits no longer than it takes to know.
  [[nodiscard]] Votes ask(const std::string& key, const Command& command) {
    const auto round = std::make_shared<Round>(servers.size());
    asio::post(io, [this, key, command, round] {
      for (const auto& server : servers) server->ask(key, command, round);
    });
    return round->wait(options.server_timeout);
  }
  void pause_at_random() {
    std::uniform_int_distribution<std::int64_t> part(1, std::max<std::int64_t>(2, options.server_timeout.count() / 4));
    std::this_thread::sleep_for(milliseconds{part(random)});
  }

  RedlockOptions options;
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::vector<std::unique_ptr<Server>> servers;
  std::minstd_rand random{std::random_device{}()};
  std::thread thread;
};

Redlock::Redlock(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Redlock::~Redlock() = default;

Result<std::unique_ptr<Redlock>> Redlock::open(RedlockOptions options) {
  if (options.servers.empty()) return fail(Failure::invalid, "no lease server is named");
  auto parts = std::make_unique<Parts>(std::move(options));
  const auto round = std::make_shared<Round>(parts->servers.size());
  asio::post(parts->io, [parts = parts.get(), round] {
    for (const auto& server : parts->servers) server->start(round);
  });
  const Votes votes = round->wait(2 * parts->options.server_timeout, true);
  if (votes.absent > 0 && votes.why.failure == Failure::invalid) return std::unexpected(votes.why);
  return std::unique_ptr<Redlock>(new Redlock(std::move(parts)));
}

Result<std::optional<HeldLease>> Redlock::acquire(const std::string& name, milliseconds length) {
  const std::string length_text = std::to_string(length.count());
  for (int tries = 1;; ++tries) {
    HeldLease lease{name, random_owner(), {}};
    const SteadyTime asked_at = std::chrono::steady_clock::now();
    const Votes votes = parts_->ask(name, Command::of({"SET", name, lease.owner, "NX", "PX", length_text}));
    lease.until = valid_until(asked_at, length);
    if (votes.won() && lease.holds()) return lease;
    // Whoever granted it, or will when it wakes up, is told that it is not held: behind the grant, on its connection.
    std::ignore = release(lease);
    if (!votes.enough()) return votes.unavailable();
    if (votes.refused() || tries == most_tries) return std::nullopt;
    // Several asked at once and none has a majority: they try again at different moments.
    parts_->pause_at_random();
  }
}

Result<void> Redlock::renew(HeldLease& lease, milliseconds length) {
  if (!lease.holds()) return fail(Failure::conflict, fmt::format("the lease {} has run out", lease.name));
  const SteadyTime asked_at = std::chrono::steady_clock::now();
  const Votes votes = parts_->ask(
      lease.name, Command::of({"EVAL", renew_script, "1", lease.name, lease.owner, std::to_string(length.count())}));
  if (auto held = votes.verdict(lease); !held) return held;
  lease.until = valid_until(asked_at, length);
  if (lease.holds()) return {};
  return fail(Failure::conflict, fmt::format("the lease {} ran out while it was renewed", lease.name));
}

Result<void> Redlock::release(const HeldLease& lease) {
  return parts_->ask(lease.name, Command::of({"EVAL", release_script, "1", lease.name, lease.owner})).verdict(lease);
}

Result<std::vector<redis::Url>> parse_lease_servers(std::string_view text) {
  // A comma also stands between the hosts of one URL: what names no scheme belongs to the URL before it.
  std::vector<std::string> texts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view piece = text.substr(begin, end - begin);
    if (texts.empty() || piece.find("://") != std::string_view::npos) {
      texts.emplace_back(piece);
    } else {
      texts.back().append(",").append(piece);
    }
    begin = end + 1;
  }
  std::vector<redis::Url> urls;
  std::vector<redis::Address> seen;
  for (const std::string& each : texts) {
    auto url = redis::parse_url(each);
    if (!url) return std::unexpected(std::move(url.error()));
    for (const redis::Address& host : url->hosts) {
      if (std::ranges::find(seen, host) != seen.end()) {
        return fail(Failure::invalid, fmt::format("{} is named twice: each server has one vote", to_text(host)));
      }
      seen.push_back(host);
    }
    urls.push_back(std::move(*url));
  }
  return urls;
}

}  // namespace flashbid
