#include "app/bots_command.hpp"

#include <fmt/format.h>

#include <CLI/Validators.hpp>
#include <array>
#include <charconv>
#include <utility>

namespace flashbid {
namespace {

constexpr std::int64_t max_duration_ms = 24 * 3'600'000;

CLI::Validator duration_check() {
  return CLI::Validator(
      [](const std::string& text) {
        return parse_duration(text) ? std::string() : "\"" + text + "\" is no duration such as 500ms, 10s, 2m or 1h";
      },
      "DURATION", "duration");
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> units{
      {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}}};
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || number < 0 || number > max_duration_ms) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  for (const auto& [name, ms] : units) {
    if (unit == name && number <= max_duration_ms / ms) return Duration{number * ms};
  }
  return std::nullopt;
}

void add_bots(CLI::App& app, BotsFlags& flags) {
  CLI::App& bots = *app.add_subcommand("bots", "bid as a crowd against any server, then prove that nothing went wrong");
  BotsOptions& options = flags.options;
  bots.add_option("--url", options.urls, "the server; several nodes of one, with commas, share the bidders")
      ->delimiter(',')
      ->capture_default_str();
  bots.add_option("--auction", flags.auction, "the auction to bid on; one of its own is created if left out")
      ->check(CLI::Range(std::uint64_t{1}, max_auction_id.value()));
  bots.add_option("--auctions", options.auctions, "how many auctions to create")
      ->check(CLI::Range(1U, 100'000U))
      ->capture_default_str();
  bots.add_option("--bots", options.bots, "bidders, each with a connection of its own")
      ->check(CLI::Range(1U, 50'000U))
      ->capture_default_str();
  bots.add_option("--watchers", options.watchers, "WebSocket watchers, every fourth in mode latest")
      ->check(CLI::Range(0U, 50'000U))
      ->capture_default_str();
  bots.add_option("--duration", flags.duration, "how long to bid")->check(duration_check())->capture_default_str();
  bots.add_option("--rate", options.rate, "bids a second in all, open loop; left out: each bot waits for its answer")
      ->check(CLI::Range(0.0, 1e6));
  bots.add_option("--think", flags.think, "mean pause of a bot between its bids, when it waits for its answers")
      ->check(duration_check());
  bots.add_option("--seed", flags.seed, "of everything that is random; left out: a new one, which is told");
  bots.add_option("--transport", flags.transport, "http or ws")
      ->check(CLI::IsMember({"http", "ws"}))
      ->capture_default_str();
  bots.add_flag("--keys", options.keys, "send idempotency keys: retry what was lost, and ask some bids twice");
  bots.add_flag("--json", options.json, "print one JSON object instead of words");
  bots.add_option("--history", options.history_file, "write everything that was recorded there, as JSON lines");
}

int run_bots(BotsFlags flags) {
  BotsOptions& options = flags.options;
  if (flags.auction > 0) options.auction = AuctionId{flags.auction};
  options.duration = *parse_duration(flags.duration);
  if (!flags.think.empty()) options.think = parse_duration(flags.think);
  options.seed = flags.seed;
  options.transport = flags.transport == "ws" ? BotsTransport::websocket : BotsTransport::http;
  return run_bots(options);
}

}  // namespace flashbid
