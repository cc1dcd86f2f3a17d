#include "app/load_service.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>

#include "base/system_clock.hpp"
#include "bots/verdict.hpp"
#include "checker/checker.hpp"
#include "checker/report_text.hpp"
#include "client/url.hpp"

namespace flashbid {
namespace {

constexpr std::uint32_t watchers = 4;  // the fourth in mode latest
// Of a run's record: about a million bids, a third of them accepted. What judges it takes as much again for a moment.
constexpr std::uint64_t most_bytes = 256 * 1024 * 1024;
constexpr std::uint64_t other_descriptors = 96;  // of the server's own, beside the bots' connections

std::optional<double> ms(std::int64_t ns, const bots::Latency& of) {
  return of.count() == 0 ? std::nullopt : std::optional(static_cast<double>(ns) / 1e6);
}

BotsOptions options_of(const LoadStart& start) {
  BotsOptions options;
  options.auction = start.auction;
  options.bots = start.order.bots;
  options.watchers = watchers;
  options.duration = start.order.duration;
  options.rate = start.order.rate.value_or(0);
  options.waits_for_close = start.made_for_it;
  options.most_bytes = most_bytes;
  return options;
}

std::string why_early(bots::Ending ending) {
  if (ending == bots::Ending::stopped) return "stopped before its time";
  return ending == bots::Ending::full ? "ended early: there is no room for more in the record" : "";
}

// Both ends of every connection are descriptors of this process.
Result<void> check_descriptors(std::uint32_t bots) {
  rlimit limit{};
  const std::uint64_t wanted = 2 * (std::uint64_t{bots} + watchers + 8) + other_descriptors;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return {};
  return fail(Failure::unavailable, fmt::format("{} bots take {} descriptors, and the system allows {}: send fewer",
                                                bots, wanted, limit.rlim_cur));
}

}  // namespace

// What is told of one run. On the simulation's thread.
class LoadService::Figures final : public bots::Observer {
 public:
  Figures(LoadService& service, const LoadStart& start) : service_(service) {
    run_.state = LoadState::running;
    run_.order = start.order;
    run_.auction = start.auction;
    run_.started_at = start.now;
  }

  [[nodiscard]] std::int64_t period_ms() const override {
    constexpr std::int64_t usual_ms = 250;
    constexpr std::int64_t after_the_end_ms = 32'000;  // as long as the last bids may take
    constexpr auto most_points = static_cast<std::int64_t>(LoadRun::most_points);
    return std::max(usual_ms, (run_.order.duration.ms + after_the_end_ms) / most_points + 1);
  }
  void on_start(const bots::Floor&) override { start_ms_ = steady_ms(); }
  void on_period(const bots::Floor& floor) override {
    add_point(floor);
    service_.publish(run_);
  }
  void on_end(const bots::Floor& floor) override {
    if (floor.latency_lately.count() > 0) add_point(floor);
    count(floor);
    run_.state = LoadState::checking;
    service_.publish(run_);
  }

  [[nodiscard]] LoadRun& run() { return run_; }

 private:
  [[nodiscard]] static std::uint64_t of(const bots::Floor& floor, checker::Outcome outcome) {
    return floor.outcomes[static_cast<std::size_t>(outcome)];
  }

  void add_point(const bots::Floor& floor) {
    const bots::Latency& lately = floor.latency_lately;
    const LoadPoint point{.at_ms = steady_ms() - start_ms_,
                          .accepted = of(floor, checker::Outcome::accepted) - run_.accepted,
                          .rejected = of(floor, checker::Outcome::rejected) - run_.rejected,
                          .p50_ms = ms(lately.quantile_ns(0.5), lately),
                          .p99_ms = ms(lately.quantile_ns(0.99), lately)};
    if (run_.series.size() < LoadRun::most_points) run_.series.push_back(point);
    count(floor);
  }

  void count(const bots::Floor& floor) {
    run_.accepted = of(floor, checker::Outcome::accepted);
    run_.rejected = of(floor, checker::Outcome::rejected);
    run_.refused = of(floor, checker::Outcome::refused);
    run_.unknown = of(floor, checker::Outcome::unknown);
    const std::int64_t bidding_ms = std::min(steady_ms() - start_ms_, run_.order.duration.ms);
    if (bidding_ms > 0) {
      run_.bids_per_second = static_cast<double>(run_.accepted + run_.rejected) * 1e3 / static_cast<double>(bidding_ms);
    }
    run_.p50_ms = ms(floor.latency.quantile_ns(0.5), floor.latency);
    run_.p99_ms = ms(floor.latency.quantile_ns(0.99), floor.latency);
    run_.max_ms = ms(floor.latency.max_ns(), floor.latency);
  }

  LoadService& service_;
  LoadRun run_;
  std::int64_t start_ms_ = 0;
};

LoadService::LoadService() : run_(std::make_shared<const LoadRun>()), thread_([this] { work(); }) {}

LoadService::~LoadService() { end(); }

SharedLoadRun LoadService::run() const {
  const std::lock_guard lock(mutex_);
  return run_;
}

bool LoadService::take_place() {
  const std::lock_guard lock(mutex_);
  return !std::exchange(place_taken_, true);
}

void LoadService::leave_place() {
  const std::lock_guard lock(mutex_);
  place_taken_ = false;
}

Result<SharedLoadRun> LoadService::start(const LoadStart& start) {
  auto fits = check_descriptors(start.order.bots);
  const std::lock_guard lock(mutex_);
  if (fits && ending_) fits = fail(Failure::unavailable, "the server stops");
  if (!fits) {
    place_taken_ = false;
    return std::unexpected(std::move(fits.error()));
  }
  run_ = std::make_shared<const LoadRun>(Figures(*this, start).run());
  waiting_ = start;
  stop_asked_ = false;
  changed_.notify_one();
  return run_;
}

void LoadService::stop() {
  const std::lock_guard lock(mutex_);
  stop_asked_ = true;
  if (current_ != nullptr) current_->stop();
}

void LoadService::end() {
  const std::lock_guard lock(mutex_);
  ending_ = true;
  if (current_ != nullptr) current_->abandon();
  changed_.notify_one();
}

void LoadService::join() {
  if (thread_.joinable()) thread_.join();
}

void LoadService::publish(const LoadRun& run) {
  auto shared = std::make_shared<const LoadRun>(run);
  const std::lock_guard lock(mutex_);
  run_ = std::move(shared);
}

void LoadService::publish_end(const LoadRun& run) {
  auto shared = std::make_shared<const LoadRun>(run);
  const std::lock_guard lock(mutex_);
  run_ = std::move(shared);
  place_taken_ = false;  // with it: who sees the end may start the next one
}

void LoadService::set_current(bots::Simulation* simulation) {
  const std::lock_guard lock(mutex_);
  current_ = simulation;
  if (current_ == nullptr) return;
  if (ending_) current_->abandon();
  if (stop_asked_) current_->stop();
}

void LoadService::work() {
  for (;;) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ending_ || waiting_; });
    if (ending_) return;
    const LoadStart start = *std::exchange(waiting_, std::nullopt);
    lock.unlock();
    run_one(start);
  }
}

void LoadService::run_one(const LoadStart& start) {
  Figures figures(*this, start);
  LoadRun& run = figures.run();
  {
    const BotsOptions options = options_of(start);
    const client::Url url{server_.address().to_string(), std::to_string(server_.port())};
    bots::Simulation simulation(options, std::random_device{}(), url.authority(), {server_}, figures);
    set_current(&simulation);
    const Result<void> outcome = simulation.run();
    set_current(nullptr);
    if (outcome) {
      const checker::Report report = checker::check(simulation.history());
      run.state = LoadState::finished;
      run.violations = report.findings.total();
      run.verdict = checker::verdict_of(report);
      run.detail = why_early(simulation.ending());
      if (run.verdict == "nothing_decided" && run.detail.empty()) run.detail = bots::why_nothing(simulation);
      if (!report.clean()) run.detail = report.findings.kept().front().sentence;
    } else {
      run.state = LoadState::failed;
      run.detail = outcome.error().detail;
    }
  }
  // The record's memory is free again before the next run may start.
  publish_end(run);
}

}  // namespace flashbid
