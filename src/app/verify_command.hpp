// `flashbid verify`: its flags, and what it runs. Called by the main thread.
#pragma once

#include <CLI/App.hpp>
#include <set>
#include <string>

namespace flashbid {

struct VerifyFlags {
  std::string data;
  std::string engine;
  std::string archive;
  std::string history;
  std::set<std::string> said;  // of these: on the command line itself
};
void add_verify(CLI::App& app, VerifyFlags& flags);

// 0 = all is consistent; 1 = a violation; 2 = something cannot be read; 3 = the archive does not have all yet.
[[nodiscard]] int run_verify(const VerifyFlags& flags);

}  // namespace flashbid
