#include "app/bots_command.hpp"

#include <fmt/format.h>

#include <CLI/Validators.hpp>
#include <cstdio>
#include <memory>
#include <utility>

#include "access/key_file.hpp"
#include "access/mint.hpp"
#include "app/duration.hpp"
#include "base/assert.hpp"
#include "base/system_clock.hpp"

namespace flashbid {
namespace {

// Of a bot's token, behind the bidding: auctions end, and histories are fetched.
constexpr Duration longest_end{600'000};

// Tokens that outlive the run.
Result<std::function<std::string(const std::string&, bool)>> minter_of(const std::string& file, Duration run) {
  const auto text = access::read_key_file(file);
  if (!text) return std::unexpected(text.error());
  auto key = access::SigningKey::of_file_text(*text);
  if (!key) return std::unexpected(std::move(key.error()));
  const Timestamp now = SystemClock().now();
  return [key = std::make_shared<const access::SigningKey>(std::move(*key)), now, expires = now + run + longest_end](
             const std::string& name, bool is_operator) {
    access::TokenContent content;
    content.subject = *parse_bidder_id(name);
    content.role = is_operator ? access::Role::operator_ : access::Role::bidder;
    content.issued = now;
    content.expires = expires;
    auto token = access::mint(*key, content);
    require(token.has_value(), "a key that was read signs");
    return *token;
  };
}

}  // namespace

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
  bots.add_option("--key", flags.key,
                  "file of the key that the server's tokens are signed with (as of `flashbid token`): the bots log in; "
                  "left out, the server must be in --dev");
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
  if (!flags.key.empty()) {
    auto mint = minter_of(flags.key, options.duration);
    if (!mint) {
      fmt::print(stderr, "flashbid bots: --key {}\n", mint.error().detail);
      return 2;
    }
    options.mint_token = std::move(*mint);
  }
  return run_bots(options);
}

}  // namespace flashbid
