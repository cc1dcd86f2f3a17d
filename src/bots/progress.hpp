// The line that tells how a run is going, once a second on stderr: rewritten in place on a terminal, a line each
// otherwise. Lives on the simulation's thread.
#pragma once

#include <cstdint>
#include <string>

#include "bots/observer.hpp"

namespace flashbid::bots {

class Progress final : public Observer {
 public:
  Progress();
  [[nodiscard]] std::int64_t period_ms() const override { return 1'000; }
  void on_start(const Floor& floor) override;
  // Says how it went since the last time.
  void on_period(const Floor& floor) override;
  // Ends the line on a terminal.
  void on_end(const Floor& floor) override;

 private:
  void print(const std::string& line);
  bool terminal_;
  bool open_line_ = false;
  std::int64_t start_ns_ = 0;
  std::int64_t last_ns_ = 0;
  std::uint64_t last_accepted_ = 0;
};

}  // namespace flashbid::bots
