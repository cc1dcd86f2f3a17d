// `flashbid bots`: the load simulation and the judgement of what it recorded.
// Called by the command line's main thread; they block until they are done, print, and return the exit code.
//
// stdout: the verdict in plain words, or with `json` one object:
//   {"url","transport","seed","bots","auctions","watchers","keys","seconds",
//    "operations","accepted","rejected","refused","unknown","retries","not_sent",
//    "bids_per_second","accepted_per_second"          decided and accepted ones, over the time in which bots were
//    bidding "latency_ms":{"p50","p90","p99","p999","max"}    of decided bids; open loop: from when it should have left
//    "rejected_by_reason":{REASON:N,…},"refused_by_code":{CODE:N,…},
//    "events","frames"                                in the histories; that watchers saw
//    "auction":{"id","state","price","leader","winner","sold","sequence"}      of the first auction
//    "violations":N,"violations_by_rule":{RULE:N,…},"first_violations":[{"rule","auction_id","sentence"},…],
//    "verdict":"clean"|"violations"|"nothing_decided"|"no_history"}
// stderr: progress once a second (one line that is rewritten on a terminal), and what is wrong with the usage.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace flashbid {

enum class BotsTransport : std::uint8_t { http, websocket };

struct BotsOptions {
  // Nodes of one FlashBid; bidders and watchers are dealt out to them in turn, and go on at the next when theirs is
  // gone.
  std::vector<std::string> urls{"http://127.0.0.1:8080"};
  std::optional<AuctionId> auction;  // none = creates its own, waits for their end and checks the winner
  std::uint32_t bots = 50;           // bidders, each with a connection of its own
  std::uint32_t auctions = 1;        // how many to create; every bidder bids on all of them
  std::uint32_t watchers = 5;        // WebSocket watchers, every fourth in mode latest
  Duration duration{10'000};
  double rate = 0;  // bids a second in all, open loop; 0 = closed loop: each waits for its answer, then thinks
  std::optional<Duration> think;      // closed loop: mean pause; none = about 10,000 bids a second in all
  std::optional<std::uint64_t> seed;  // none = a random one, told in the output
  BotsTransport transport = BotsTransport::http;
  bool keys = false;  // idempotency keys: retries after a lost answer, and asks some bids twice
  bool json = false;  // one object on stdout instead of words
  // A token for a name, where the server is not in dev mode; none = names.
  std::function<std::string(const std::string& name, bool is_operator)> mint_token;
  std::string history_file;      // where to write the recorded history; empty = nowhere
  bool waits_for_close = false;  // of `auction`: the run ends when it has closed, and its winner is judged too
  std::uint64_t most_bytes = 0;  // of memory for what is recorded; then the run ends early. 0 = no bound
};

// 0: something was decided and no rule was broken. 1: a violation, or nothing was decided, or the history could not be
// fetched. 2: wrong usage, or the server cannot be reached.
[[nodiscard]] int run_bots(const BotsOptions& options);

}  // namespace flashbid
