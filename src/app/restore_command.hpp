// `flashbid restore`: its flags, and what it runs. Called by the main thread.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace flashbid {

struct RestoreFlags {
  std::string from;
  std::string to;
  bool redis_unchecked = false;
};
void add_restore(CLI::App& app, RestoreFlags& flags);
// 0 = what is to come back is there, 1 = it could not be done, 2 = what was said cannot be done.
[[nodiscard]] int run_restore(const RestoreFlags& flags);

}  // namespace flashbid
