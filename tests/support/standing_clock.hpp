// The wall clock of a server that has support/standing_clock.cpp preloaded: shows what the test says. One thread.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::test {

class StandingClock {
 public:
  explicit StandingClock(Timestamp start) : now_(start) { write(); }

  // What the server has to be started with.
  [[nodiscard]] std::vector<std::string> environment() const {
    return {"LD_PRELOAD=" FLASHBID_STANDING_CLOCK, "STANDING_CLOCK=" + file().string()};
  }
  void advance(Duration by) { show(now_ + by); }
  void show(Timestamp now) {
    now_ = now;
    write();
  }
  [[nodiscard]] Timestamp now() const { return now_; }

 private:
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "now"; }
  // In place: the server has the file mapped.
  void write() const {
    std::fstream out(file(), std::ios::binary | std::ios::in | std::ios::out);
    if (!out) out.open(file(), std::ios::binary | std::ios::out);
    out.write(reinterpret_cast<const char*>(&now_.ms), sizeof now_.ms);
  }

  testing::TemporaryFolder folder_;
  Timestamp now_;
};

}  // namespace flashbid::test
