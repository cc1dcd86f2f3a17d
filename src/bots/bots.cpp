#include "bots/bots.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <memory>
#include <random>
#include <thread>

#include "bots/progress.hpp"
#include "bots/simulation.hpp"
#include "bots/verdict.hpp"
#include "checker/checker.hpp"
#include "checker/history_lines.hpp"
#include "checker/report_text.hpp"
#include "client/url.hpp"

namespace flashbid {
namespace {

constexpr int exit_clean = 0;
constexpr int exit_violation = 1;
constexpr int exit_usage = 2;

int say(int code, std::string_view sentence) {
  const std::string line = fmt::format("flashbid bots: {}\n", sentence);
  std::fwrite(line.data(), 1, line.size(), stderr);
  return code;
}

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

// What is wrong with the options, in one sentence; empty if nothing is.
std::string_view wrong_option(const BotsOptions& options) {
  if (options.bots < 1 || options.bots > 50'000) return "--bots is from 1 to 50000";
  if (options.auctions < 1 || options.auctions > 100'000) return "--auctions is from 1 to 100000";
  if (options.auction && options.auctions != 1) return "--auction and --auctions exclude each other";
  if (options.urls.empty()) return "--url is where the server is: http://HOST:PORT";
  if (options.watchers > 50'000) return "--watchers is from 0 to 50000";
  if (options.duration.ms < 100 || options.duration.ms > 86'400'000) return "--duration is from 100ms to 24h";
  if (options.rate < 0 || options.rate > 1e7) return "--rate is from 0 (closed loop) to 10000000 bids a second";
  if (options.think && options.think->ms < 0) return "the pause between bids cannot be negative";
  return {};
}

// Every bidder and watcher is a socket.
bool raise_open_files(std::uint64_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;
  if (limit.rlim_cur >= wanted) return true;
  limit.rlim_cur = std::max<rlim_t>(limit.rlim_cur, std::min<rlim_t>(limit.rlim_max, wanted));
  if (limit.rlim_max < wanted) {  // root may raise that too
    const rlimit higher{wanted, wanted};
    if (setrlimit(RLIMIT_NOFILE, &higher) == 0) return true;
  }
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= wanted;
}

// SIGINT and SIGTERM end the bidding early. A thread of its own waits for them.
class StopOnSignals {
 public:
  explicit StopOnSignals(bots::Simulation& simulation) {
    signals_.async_wait([&simulation](boost::system::error_code error, int) {
      if (!error) simulation.stop();
    });
    thread_ = std::jthread([this] { io_.run(); });
  }
  ~StopOnSignals() { io_.stop(); }
  StopOnSignals(const StopOnSignals&) = delete;
  StopOnSignals& operator=(const StopOnSignals&) = delete;

 private:
  boost::asio::io_context io_;
  boost::asio::signal_set signals_{io_, SIGINT, SIGTERM};
  std::jthread thread_;
};

Result<bots::Endpoint> resolve(const client::Url& url) {
  boost::asio::io_context io;
  boost::asio::ip::tcp::resolver resolver(io);
  boost::system::error_code error;
  const auto found = resolver.resolve(url.host, url.port, error);
  if (error || found.empty()) return fail(Failure::invalid, fmt::format("the host {} is not known", url.host));
  return found.begin()->endpoint();
}

std::string write_history_file(const checker::History& history, const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file || !checker::write_history(history, file))
    return fmt::format("the history could not be written to {}", path);
  return {};
}

int judge(const bots::Simulation& simulation, const BotsOptions& options, const Result<void>& outcome) {
  int code = exit_clean;
  if (!options.history_file.empty()) {
    if (const std::string problem = write_history_file(simulation.history(), options.history_file); !problem.empty()) {
      code = say(exit_violation, problem);
    }
  }
  checker::Report report;
  std::string_view verdict = "no_history";
  if (outcome) {
    report = checker::check(simulation.history());
    verdict = checker::verdict_of(report);
  }
  if (options.json) {
    print(bots::to_json(simulation, options, report, verdict));
  } else if (outcome) {
    print(bots::describe(simulation, options, report));
  }
  if (!outcome) return say(exit_violation, fmt::format("the history could not be fetched: {}", outcome.error().detail));
  if (verdict == "nothing_decided") return say(exit_violation, bots::why_nothing(simulation));
  return verdict == "clean" ? code : exit_violation;
}

}  // namespace

int run_bots(const BotsOptions& options) {
  if (const std::string_view wrong = wrong_option(options); !wrong.empty()) return say(exit_usage, wrong);
  const std::uint64_t sockets = std::uint64_t{options.bots} + options.watchers + 100;
  if (!raise_open_files(sockets)) {
    return say(exit_usage,
               fmt::format("{} open files are needed and the system allows fewer: raise `ulimit -n`", sockets));
  }
  std::vector<client::Url> urls;
  std::vector<bots::Endpoint> servers;
  for (const std::string& text : options.urls) {
    const auto url = client::parse_url(text);
    if (!url) return say(exit_usage, url.error().detail);
    const auto server = resolve(*url);
    if (!server) return say(exit_usage, server.error().detail);
    urls.push_back(*url);
    servers.push_back(*server);
  }

  const std::uint64_t seed = options.seed.value_or(std::random_device{}());
  bots::Progress progress;
  bots::Simulation simulation(options, seed, urls.front().authority(), std::move(servers), progress);
  const Result<void> outcome = [&] {
    const StopOnSignals stops(simulation);
    return simulation.run();
  }();
  if (!outcome && outcome.error().failure == Failure::unavailable) return say(exit_usage, outcome.error().detail);
  return judge(simulation, options, outcome);
}

}  // namespace flashbid
