// The line that tells how a run is going, once a second on stderr: rewritten in place on a terminal, a line each
// otherwise. Lives on the simulation's thread.
#pragma once

#include <cstdint>
#include <string>

#include "bots/floor.hpp"

namespace flashbid::bots {

class Progress {
 public:
  explicit Progress(Floor& floor);
  // Says how it went since the last time.
  void tell();
  // Ends the line on a terminal.
  void end();

 private:
  void print(const std::string& line);
  Floor& floor_;
  bool terminal_;
  bool open_line_ = false;
  std::int64_t start_ns_;
  std::int64_t last_ns_;
  std::uint64_t last_accepted_ = 0;
};

}  // namespace flashbid::bots
