#include "app/accounts_command.hpp"

#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/Validators.hpp>
#include <array>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "access/accounts.hpp"
#include "accounts/account_store.hpp"
#include "accounts/password.hpp"
#include "base/system_clock.hpp"

namespace flashbid {
namespace {

using accounts::AccountStore;

int refuse(const std::string& why, int code = 2) {
  fmt::print(stderr, "flashbid accounts: {}\n", why);
  return code;
}

int refuse(const Error& error) {
  const bool is_of_the_caller =
      error.failure == Failure::invalid || error.failure == Failure::not_found || error.failure == Failure::conflict;
  return refuse(error.detail, is_of_the_caller ? 2 : 1);
}

// What is typed on a terminal does not show, while this lives.
class Unseen {
 public:
  Unseen() {
    is_terminal_ = ::tcgetattr(STDIN_FILENO, &before_) == 0;
    if (!is_terminal_) return;
    termios unseen = before_;
    unseen.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
  }
  ~Unseen() {
    if (is_terminal_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  [[nodiscard]] bool is_terminal() const { return is_terminal_; }

 private:
  termios before_{};
  bool is_terminal_ = false;
};

// One line, without its end; nothing if it has none and is longer than any password.
std::optional<std::string> read_line() {
  std::string line;
  int c = 0;
  while ((c = std::getchar()) != EOF && c != '\n') {
    if (line.size() > 2 * access::most_password_bytes) return std::nullopt;
    line += static_cast<char>(c);
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

Result<std::string> ask_password(std::string_view name) {
  std::optional<std::string> password;
  {
    const Unseen unseen;
    if (unseen.is_terminal()) fmt::print(stderr, "password of {}: ", name);
    password = read_line();
    if (unseen.is_terminal()) {
      fmt::print(stderr, "\nonce more: ");
      const bool is_same = read_line() == password;
      fmt::print(stderr, "\n");
      if (!is_same) return fail(Failure::invalid, "the two passwords differ");
    }
  }
  if (!password || password->empty()) return fail(Failure::invalid, "give the password on stdin, as one line");
  if (const auto wrong = accounts::wrong_password(name, *password)) return fail(Failure::invalid, *wrong);
  return std::move(*password);
}

Result<std::string> ask_hash(std::string_view name) {
  const auto password = ask_password(name);
  if (!password) return std::unexpected(password.error());
  return accounts::hash_password(*password, accounts::HashCost{});
}

Result<void> list(AccountStore& store) {
  const auto all = store.list();
  if (!all) return std::unexpected(all.error());
  for (const accounts::Account& account : *all) {
    fmt::print("{}\t{}\t{}{}\n", account.name.view(), name_of(account.role), to_text(account.created),
               account.disabled ? "\tdisabled" : "");
  }
  return {};
}

Result<void> add(AccountStore& store, const BidderId& name, access::Role role) {
  // Before a password is asked for in vain.
  const auto taken = store.find(name.view());
  if (!taken) return std::unexpected(taken.error());
  if (*taken) return fail(Failure::conflict, fmt::format("the name {} is taken", (*taken)->name.view()));
  const auto hash = ask_hash(name.view());
  if (!hash) return std::unexpected(hash.error());
  SystemClock clock;
  return store.add(name, *hash, role, clock.now());
}

Result<void> set_password(AccountStore& store, const BidderId& name) {
  const auto known = store.find(name.view());
  if (!known) return std::unexpected(known.error());
  if (!*known) return fail(Failure::not_found, fmt::format("there is no account {}", name.view()));
  const auto hash = ask_hash(name.view());
  if (!hash) return std::unexpected(hash.error());
  return store.set_password(name.view(), *hash);
}

Result<void> carry_out(const AccountsFlags& flags, AccountStore& store, const BidderId& name,
                       std::optional<access::Role> role) {
  if (flags.action == "list") return list(store);
  if (flags.action == "add") return add(store, name, role.value_or(access::Role::bidder));
  if (flags.action == "disable") return store.set_disabled(name.view(), true);
  if (flags.action == "enable") return store.set_disabled(name.view(), false);
  if (flags.action == "set-role") return store.set_role(name.view(), role.value());
  return set_password(store, name);
}

}  // namespace

void add_accounts(CLI::App& app, AccountsFlags& flags) {
  CLI::App& accounts = *app.add_subcommand("accounts", "this house's own accounts, of `serve --accounts`");
  accounts.add_option("action", flags.action, "add, list, disable, enable, set-role or set-password")
      ->check(CLI::IsMember({"add", "list", "disable", "enable", "set-role", "set-password"}));
  accounts.add_option("--data", flags.data, "the folder that the server has")->capture_default_str();
  accounts.add_option("--name", flags.name, "whose account; a bidder id");
  accounts.add_option("--role", flags.role, "bidder (if left out with add) or operator")
      ->check(CLI::IsMember({"bidder", "operator"}));
}

int run_accounts(const AccountsFlags& flags) {
  // Not by the parser, which also looks at variables one by one (settings.hpp).
  if (flags.action.empty()) return refuse("say what to do: add, list, disable, enable, set-role or set-password");
  const bool is_list = flags.action == "list", is_add = flags.action == "add";
  const auto name = parse_bidder_id(flags.name);
  if (!is_list && !name) return refuse("--name: give 1-64 of A-Z a-z 0-9 . _ : @ -");
  const auto role = access::parse_role(flags.role);
  if (flags.action == "set-role" && !role) return refuse("--role is missing: give bidder or operator");
  if (role && !is_add && flags.action != "set-role") return refuse("--role is for add and set-role");
  std::error_code ignored;
  if (!is_add && !std::filesystem::exists(std::filesystem::path(flags.data) / "accounts.db", ignored)) {
    return refuse("there are no accounts in " + flags.data + ": --data names the folder that the server has");
  }
  const auto store = AccountStore::open(flags.data);
  if (!store) return refuse(store.error());
  if (const auto done = carry_out(flags, **store, name.value_or(BidderId{}), role); !done) return refuse(done.error());
  return 0;
}

}  // namespace flashbid
