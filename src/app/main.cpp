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

#include "app/bots_command.hpp"
#include "app/options.hpp"
#include "app/relay_command.hpp"
#include "app/restore_command.hpp"
#include "app/serve.hpp"
#include "app/settings.hpp"
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

void add_serve(CLI::App& app, ServeOptions& options, std::string& config) {
  CLI::App& serve = *app.add_subcommand("serve", "run the server");
  serve.add_flag("--dev", options.dev, "loopback only, without login: bidders say who they are");
  serve.add_flag("--demo", options.demo, "add a few auctions, ids from 1001, once");
  serve.add_option("--jwt-key", options.jwt_key, "key of the tokens (not available in this version)");
  serve.add_option("--listen", options.listen, "where to listen; port 0 picks one")
      ->check(address_check())
      ->capture_default_str();
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
  serve.add_option("--threads", options.threads, "loops to serve with, 1 to 256; as many as cores if left out")
      ->check(CLI::Range(std::size_t{1}, std::size_t{256}));
  serve.add_option("--log-level", options.log_level, "how much to say on stderr")
      ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "critical", "off"}))
      ->capture_default_str();
  serve.add_option("--max-connections", options.max_connections, "open connections in all; more are answered 503")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000}))
      ->capture_default_str();
  serve.add_option("--max-body-bytes", options.max_body_bytes, "the longest body of a request")
      ->check(CLI::Range(std::size_t{1'024}, std::size_t{16 * 1024 * 1024}))
      ->capture_default_str();
  serve.add_option("--max-pipelined", options.max_pipelined, "requests of a connection read before they are answered")
      ->check(CLI::Range(std::size_t{1}, std::size_t{10'000}))
      ->capture_default_str();
  serve.add_option("--watcher-bytes", options.watcher_bytes, "what may wait for one watcher before it is closed")
      ->check(CLI::Range(std::size_t{16 * 1024}, std::size_t{1024 * 1024 * 1024}))
      ->capture_default_str();
  serve.add_option("--watcher-frames", options.watcher_frames, "how many frames of it")
      ->check(CLI::Range(std::size_t{16}, std::size_t{1'000'000}))
      ->capture_default_str();
  serve.add_option("--idle-timeout-ms", options.idle_timeout_ms, "how long a connection may say nothing")
      ->check(CLI::Range(std::int64_t{1'000}, std::int64_t{86'400'000}))
      ->capture_default_str();
  add_config(serve, config);
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
  RestoreFlags restore_flags;
  add_restore(app, restore_flags);
  VerifyFlags verify_flags;
  add_verify(app, verify_flags);
  app.add_subcommand("version", "print the version");
  try {
    Result<std::set<std::string>> parsed = parse_settings(app, arguments);
    if (!parsed) return wrong_usage(parsed.error().detail);
    verify_flags.said = std::move(*parsed);
  } catch (const CLI::CallForHelp& help) {
    app.exit(help);
    return 0;
  } catch (const CLI::ParseError& error) {
    return wrong_usage(error.what());
  }
  if (app.got_subcommand("serve")) return serve(serve_options);
  if (app.got_subcommand("bots")) return run_bots(bots_flags);
  if (app.got_subcommand("relay")) return run_relay(relay_flags);
  if (app.got_subcommand("restore")) return run_restore(restore_flags);
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
