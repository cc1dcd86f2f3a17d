// What stderr is, and how far long work is shown there. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace flashbid {

[[nodiscard]] bool stderr_is_terminal();
// A terminal, and nobody has asked for none (NO_COLOR, https://no-color.org).
[[nodiscard]] bool stderr_takes_colours();

// On a terminal one line that is drawn anew; elsewhere a line every ten seconds, so that who keeps a log sees that it
// goes on, and short work says nothing.
//
//   verify  [=========>          ]  45%  1,204,000 of 2,650,000 events, 310,000/s, 0:05 left
class ProgressLine {
 public:
  using Say = std::function<void(const std::string&)>;

  // `say`: how a line is said where there is no terminal; left out, plainly.
  explicit ProgressLine(std::string work, Say say = {});
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // So many of so many `units` are done.
  void show(std::uint64_t done, std::uint64_t all, std::string_view units);
  // Nothing of it is left on a terminal; before something else is said there.
  void clear();
  // The work is done, or another one begins.
  void end();

 private:
  using Time = std::chrono::steady_clock::time_point;
  void draw(double share, const std::string& text);

  const std::string work_;
  const Say say_;
  const bool is_terminal_;
  std::optional<Time> began_;
  std::uint64_t done_before_ = 0;  // when it began
  Time shown_{};
  bool is_drawn_ = false;
};

}  // namespace flashbid
