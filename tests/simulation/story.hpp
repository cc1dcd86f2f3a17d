// What happened in one run, a line a happening, and the first thing that should not have. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace flashbid::simulation {

class Story {
 public:
  void set_time(std::int64_t ms) { ms_ = ms; }
  void tell(std::string_view line) {
    lines_.push_back(std::to_string(ms_) + " ms  " + std::string(line));
    for (const char c : lines_.back()) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  // `what` begins with the invariant. Only the first counts: what follows may come from it.
  void violated(std::string what) {
    if (!violation_.empty()) return;
    violation_ = std::move(what);
    tell("VIOLATED  " + violation_);
  }
  void expect(bool holds, std::string_view what) {
    if (!holds) violated(std::string(what));
  }
  // Counts what has been reached at all.
  void reached(std::string_view what) { ++reached_[std::string(what)]; }

  [[nodiscard]] bool is_violated() const { return !violation_.empty(); }
  [[nodiscard]] const std::string& violation() const { return violation_; }
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& reached() const { return reached_; }
  // Of all lines: equal runs have equal ones.
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  std::int64_t ms_ = 0;
  std::vector<std::string> lines_;
  std::string violation_;
  std::map<std::string, std::uint64_t> reached_;
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

}  // namespace flashbid::simulation
