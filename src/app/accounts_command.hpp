// `flashbid accounts`: what an operator does with a house's own accounts; beside a running server too. Called by the
// main thread. A password comes from stdin and goes nowhere but into its hash.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace flashbid {

struct AccountsFlags {
  std::string action;
  std::string data = "flashbid-data";
  std::string name;
  std::string role;
};
void add_accounts(CLI::App& app, AccountsFlags& flags);

// 0 = done; 1 = it cannot be done now; 2 = wrong flags, or a name or password that cannot be.
[[nodiscard]] int run_accounts(const AccountsFlags& flags);

}  // namespace flashbid
