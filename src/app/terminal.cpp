#include "app/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace flashbid {
namespace {

using std::chrono::duration;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds drawn_every{100};
constexpr std::chrono::seconds said_every{10};
constexpr std::chrono::seconds rate_known_after{1};
constexpr std::size_t widest_bar = 30;

std::string with_commas(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t place = text.size(); place > 3; place -= 3) text.insert(place - 3, ",");
  return text;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::ceil(seconds));
  if (whole >= 3'600) return fmt::format("{}:{:02}:{:02}", whole / 3'600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::size_t columns_of_stderr() {
  constexpr std::size_t usual = 80;
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : usual;
}

}  // namespace

bool stderr_is_terminal() { return ::isatty(STDERR_FILENO) == 1; }

bool stderr_takes_colours() {
  const char* const none = std::getenv("NO_COLOR");
  return stderr_is_terminal() && (none == nullptr || *none == '\0');
}

ProgressLine::ProgressLine(std::string work, Say say)
    : work_(std::move(work)), say_(std::move(say)), is_terminal_(stderr_is_terminal()) {}

void ProgressLine::show(std::uint64_t done, std::uint64_t all, std::string_view units) {
  const Time now = steady_clock::now();
  if (!began_) {
    began_ = now;
    done_before_ = done;
    if (!is_terminal_) shown_ = now;  // nothing is said of short work
  }
  const bool is_due = is_terminal_ ? !is_drawn_ || now - shown_ >= drawn_every : now - shown_ >= said_every;
  if (!is_due) return;
  shown_ = now;
  const double share = all == 0 ? 1 : std::min(1.0, static_cast<double>(done) / static_cast<double>(all));
  std::string text = fmt::format("{} of {} {}", with_commas(done), with_commas(all), units);
  const double seconds = duration<double>(now - *began_).count();
  if (now - *began_ >= rate_known_after && done > done_before_) {
    const double rate = static_cast<double>(done - done_before_) / seconds;
    text += rate < 10 ? fmt::format(", {:.1f}/s", rate)
                      : fmt::format(", {}/s", with_commas(static_cast<std::uint64_t>(rate)));
    if (all > done) text += fmt::format(", {} left", clock_text(static_cast<double>(all - done) / rate));
  }
  if (is_terminal_) return draw(share, text);
  text = fmt::format("{}: {:.0f}%, {}", work_, std::floor(share * 100), text);
  if (say_) return say_(text);
  fmt::print(stderr, "flashbid {}\n", text);
}

// What does not fit would begin a second line, which nothing takes away again.
void ProgressLine::draw(double share, const std::string& text) {
  const std::string percent = fmt::format("{:3.0f}%", std::floor(share * 100));
  const std::size_t columns = columns_of_stderr() - 1;
  const std::size_t taken = work_.size() + percent.size() + text.size() + 8;
  std::string line = work_ + "  ";
  if (const std::size_t width = std::min(widest_bar, columns - std::min(columns, taken)); width >= 4) {
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(width));
    std::string bar(filled, '=');
    if (filled < width) bar += '>';
    bar.resize(width, ' ');
    line += '[' + bar + "]  ";
  }
  line += percent + "  " + text;
  line.resize(std::min(line.size(), columns));
  const bool colours = stderr_takes_colours();
  fmt::print(stderr, "\r{}{}{}\x1b[K", colours ? "\x1b[36m" : "", line, colours ? "\x1b[0m" : "");
  std::fflush(stderr);
  is_drawn_ = true;
}

void ProgressLine::clear() {
  if (!std::exchange(is_drawn_, false)) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
}

void ProgressLine::end() {
  clear();
  began_.reset();
}

}  // namespace flashbid
