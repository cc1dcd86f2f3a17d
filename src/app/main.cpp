// The command line of the one binary.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "app/accounts_command.hpp"
#include "app/backup_command.hpp"
#include "app/bots_command.hpp"
#include "app/manners.hpp"
#include "app/options.hpp"
#include "app/relay_command.hpp"
#include "app/restore_command.hpp"
#include "app/serve.hpp"
#include "app/settings.hpp"
#include "app/token_command.hpp"
#include "app/verify_command.hpp"

namespace flashbid {
namespace {

constexpr std::string_view version = FLASHBID_VERSION;

CLI::Validator address_check() {
  return CLI::Validator(
      [](const std::string& text) {
        return parse_address(text) ? std::string() : "\"" + text + "\" is no ADDR:PORT such as 127.0.0.1:8080";
      },
      "ADDR:PORT", "address");
}

CLI::Validator not_empty() {
  return CLI::Validator([](const std::string& text) { return text.empty() ? std::string("must not be empty") : ""; },
                        "", "not empty");
}

void add_config(CLI::App& command, std::string& file) {
  command.add_option("--config", file, "TOML file with settings: a key for every flag (--log-level is log_level)");
}

void add_serve_tls(CLI::App& serve, ServeOptions& options) {
  serve.add_option("--tls-cert", options.tls_cert, "PEM file: the certificate and its chain; --listen is https then")
      ->check(not_empty());
  serve.add_option("--tls-key", options.tls_key, "PEM file: its private key; both are read again when they change")
      ->check(not_empty());
  serve
      .add_option("--redirect-listen", options.redirect_listen,
                  "a plain port beside it that sends every request on to https")
      ->check(address_check());
  serve
      .add_option("--redirect-port", options.redirect_port,
                  "the port that it sends to, where clients see another than --listen")
      ->check(CLI::Range(std::uint16_t{1}, std::uint16_t{65'535}));
  serve
      .add_option("--hsts", options.hsts_seconds,
                  "how many seconds browsers shall insist on https (Strict-Transport-Security); 0 = not said")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{10 * 366 * 86'400LL}))
      ->capture_default_str();
}

void add_serve(CLI::App& app, ServeOptions& options, std::string& config) {
  CLI::App& serve = *app.add_subcommand("serve", "run the server");
  serve.add_flag("--dev", options.dev, "loopback only, without login: bidders say who they are");
  serve.add_flag("--demo", options.demo, "add a few auctions, ids from 1001, once");
  serve.add_option("--listen", options.listen, "where to listen; port 0 picks one")
      ->check(address_check())
      ->capture_default_str();
  serve.add_option("--threads", options.threads, "loops to serve with, 1 to 256; as many as cores if left out")
      ->check(CLI::Range(std::size_t{1}, std::size_t{256}));
  add_log_flags(serve, options.log);
  add_config(serve, config);
  serve.option_defaults()->group("Where bids are kept");
  serve.add_option("--data", options.data, "folder of the ledger")->check(not_empty())->capture_default_str();
  serve.add_option("--engine", options.engine, "embedded, or Redis: redis://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…]")
      ->capture_default_str();
  serve.add_option("--archive", options.archive, "postgres://USER@HOST:PORT/DATABASE: history is kept there too");
  serve.add_flag("--no-relay", options.no_relay,
                 "Redis engine: read the archive, and leave writing it to `flashbid relay`");
  serve
      .add_option("--durability", options.durability,
                  "fsync; memory: survives the process, not the machine; replicated:N (Redis): N replicas have it too")
      ->capture_default_str();
  serve
      .add_option("--shards", options.shards,
                  "Redis engine: how many shards a new Redis is divided into; 16 if left out")
      ->check(CLI::Range(1U, 1'024U));
  serve.add_flag("--redis-unchecked", options.redis_unchecked,
                 "Redis engine: its settings are right, though it does not tell them (no CONFIG)");
  serve.option_defaults()->group("Who may ask, and how often");
  add_access_flags(serve, options.access);
  serve.option_defaults()->group("TLS");
  add_serve_tls(serve, options);
  serve.option_defaults()->group("What one client may take");
  add_limit_flags(serve, options.limits);
}

int wrong_usage(std::string why) {
  std::ranges::replace(why, '\n', ' ');
  fmt::print(stderr, "flashbid: {}; see `flashbid --help`\n", why);
  return 2;
}

int run(const std::vector<std::string>& arguments) {
  CLI::App app("FlashBid: a real-time auction engine", "flashbid");
  app.require_subcommand(1);
  ServeOptions serve_options;
  std::string config;
  add_serve(app, serve_options, config);
  BotsFlags bots_flags;
  add_bots(app, bots_flags);
  RelayFlags relay_flags;
  add_relay(app, relay_flags);
  BackupFlags backup_flags;
  add_backup(app, backup_flags);
  RestoreFlags restore_flags;
  add_restore(app, restore_flags);
  TokenFlags token_flags;
  add_token(app, token_flags);
  AccountsFlags accounts_flags;
  add_accounts(app, accounts_flags);
  VerifyFlags verify_flags;
  add_verify(app, verify_flags);
  app.add_subcommand("version", "print the version");
  add_examples(app);
  if (arguments.empty()) {
    fmt::print(stderr, "{}", app.help());
    return 2;
  }
  try {
    Result<std::set<std::string>> parsed = parse_settings(app, arguments);
    if (!parsed) return wrong_usage(parsed.error().detail);
    verify_flags.said = std::move(*parsed);
  } catch (const CLI::CallForHelp& help) {
    app.exit(help);
    return 0;
  } catch (const CLI::ParseError& error) {
    return wrong_usage(explain_usage(app, error, arguments));
  }
  if (app.got_subcommand("serve")) return serve(serve_options);
  if (app.got_subcommand("bots")) return run_bots(bots_flags);
  if (app.got_subcommand("relay")) return run_relay(relay_flags);
  if (app.got_subcommand("backup")) return run_backup(backup_flags);
  if (app.got_subcommand("restore")) return run_restore(restore_flags);
  if (app.got_subcommand("token")) return run_token(token_flags);
  if (app.got_subcommand("accounts")) return run_accounts(accounts_flags);
  if (app.got_subcommand("verify")) return run_verify(verify_flags);
  fmt::print("flashbid {}\n", version);
  return 0;
}

}  // namespace
}  // namespace flashbid

int main(int count, char** arguments) {
  try {
    return flashbid::run({arguments + 1, arguments + count});
  } catch (const std::exception& error) {
    fmt::print(stderr, "flashbid: {}\n", error.what());
    return 1;
  }
}
