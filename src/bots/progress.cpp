#include "bots/progress.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

namespace flashbid::bots {
namespace {

double ms(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

}  // namespace

Progress::Progress() : terminal_(isatty(STDERR_FILENO) == 1) {}

void Progress::on_start(const Floor&) {
  start_ns_ = now_ns();
  last_ns_ = start_ns_;
}

void Progress::on_period(const Floor& floor) {
  const std::int64_t now = now_ns();
  const double seconds = static_cast<double>(now - last_ns_) / 1e9;
  if (seconds <= 0) return;
  const std::uint64_t accepted = floor.outcomes[static_cast<std::size_t>(checker::Outcome::accepted)];
  const Latency& lately = floor.latency_lately;
  const Market::Stall& stall = floor.market.stall(0);
  std::string line =
      fmt::format("{:5.1f} s  {:7.0f} bids/s  {:6.0f} accepted/s  p50 {:.2f} ms  p99 {:.2f} ms  price {}",
                  static_cast<double>(now - start_ns_) / 1e9, static_cast<double>(lately.count()) / seconds,
                  static_cast<double>(accepted - last_accepted_) / seconds, ms(lately.quantile_ns(0.5)),
                  ms(lately.quantile_ns(0.99)), stall.newest.price ? stall.newest.price->value() : 0);
  if (floor.market.size() > 1) line += fmt::format(" (auction {} of {})", stall.id.value(), floor.market.size());
  const std::uint64_t unknown = floor.outcomes[static_cast<std::size_t>(checker::Outcome::unknown)];
  const std::uint64_t refused = floor.outcomes[static_cast<std::size_t>(checker::Outcome::refused)];
  if (unknown + refused + floor.not_sent > 0) {
    line += fmt::format("  {} unknown, {} refused, {} not sent", unknown, refused, floor.not_sent);
  }
  print(line);
  last_ns_ = now;
  last_accepted_ = accepted;
}

void Progress::print(const std::string& line) {
  open_line_ = terminal_;
  const std::string text = terminal_ ? fmt::format("\r{}\x1b[K", line) : line + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

void Progress::on_end(const Floor&) {
  if (open_line_) std::fputc('\n', stderr);
  open_line_ = false;
}

}  // namespace flashbid::bots
