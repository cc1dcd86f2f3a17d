#include "bots/verdict.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "checker/report_text.hpp"
#include "ledger/json_text.hpp"

namespace flashbid::bots {
namespace {

double ms(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

std::string json_text(std::string_view text) {
  std::string out;
  json::append_text(text, out);
  return out;
}

std::string text_of(std::optional<Amount> amount) { return amount ? std::to_string(amount->value()) : "null"; }

// {"name":count,…} of those that are not 0.
class Counts {
 public:
  void add(std::string_view name, std::uint64_t count) {
    if (count == 0) return;
    fmt::format_to(std::back_inserter(text_), "{}{}:{}", text_.size() > 1 ? "," : "", json_text(name), count);
  }
  [[nodiscard]] std::string text() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

std::string reasons_of(const Floor& floor) {
  Counts counts;
  for (std::size_t i = 1; i < floor.reasons.size(); ++i) {
    counts.add(flashbid::to_text(static_cast<Reason>(i)), floor.reasons[i]);
  }
  return counts.text();
}

std::string codes_of(const Simulation& simulation) {
  Counts counts;
  for (const auto& [code, count] : simulation.refused_by_code()) counts.add(code, count);
  return counts.text();
}

std::string auction_of(const checker::History& history) {
  if (history.auctions.empty() || history.auctions.front().reads.empty()) return "null";
  const checker::StateSeen& end = history.auctions.front().reads.back();
  const auto name = [&](checker::BidderIndex bidder) {
    return bidder == checker::nobody ? "null" : json_text(history.bidders[bidder]);
  };
  return fmt::format(R"({{"id":{},"state":"{}","price":{},"leader":{},"winner":{},"sold":{},"sequence":{}}})",
                     history.auctions.front().id.value(), flashbid::to_text(end.state), text_of(end.price),
                     name(end.leader), name(end.winner), end.sold ? (*end.sold ? "true" : "false") : "null",
                     end.sequence.value());
}

double per_second(std::uint64_t count, const Simulation& simulation) {
  return simulation.seconds() > 0 ? static_cast<double>(count) / simulation.seconds() : 0;
}

std::string describe_end(const checker::History& history) {
  if (history.auctions.size() != 1 || history.auctions.front().reads.empty()) return "";
  const checker::StateSeen& end = history.auctions.front().reads.back();
  return fmt::format("auction {} is {} at event {}: price {}, {} bids, {} extensions, winner {}\n",
                     history.auctions.front().id.value(), flashbid::to_text(end.state), end.sequence.value(),
                     end.price ? std::to_string(end.price->value()) : "none", end.bids, end.extensions,
                     history.bidders[end.winner]);
}

}  // namespace

std::string why_nothing(const Simulation& simulation) {
  const checker::AuctionRecord& auction = simulation.history().auctions.front();
  const AuctionState state = auction.reads.front().state;
  if (state == AuctionState::closed || state == AuctionState::cancelled) {
    return fmt::format("auction {} was {} before the run: there was nothing to bid on", auction.id.value(),
                       flashbid::to_text(state));
  }
  std::string codes;
  for (const auto& [code, count] : simulation.refused_by_code())
    codes += fmt::format(", {} were refused as {}", count, code);
  return fmt::format("not one bid was decided{}", codes);
}

std::string describe(const Simulation& simulation, const BotsOptions& options, const checker::Report& report) {
  const Floor& floor = simulation.floor();
  const checker::Tally& tally = report.tally;
  std::string out =
      fmt::format("{} bidders over {} on {} auctions, {} watchers, seed {}: {:.1f} s\n", options.bots,
                  options.transport == BotsTransport::http ? "http" : "ws", simulation.history().auctions.size(),
                  options.watchers, simulation.history().seed, simulation.seconds());
  fmt::format_to(std::back_inserter(out),
                 "{} bids: {} accepted, {} rejected {}, {} refused {}, {} unknown, {} retries, {} not sent\n",
                 tally.operations, tally.accepted, tally.rejected, reasons_of(floor), tally.refused,
                 codes_of(simulation), tally.unknown, tally.retries, floor.not_sent);
  fmt::format_to(std::back_inserter(out),
                 "{:.0f} bids/s, {:.0f} accepted/s; answered in p50 {:.2f} ms, p99 {:.2f} ms, at most {:.2f} ms\n",
                 per_second(tally.accepted + tally.rejected, simulation), per_second(tally.accepted, simulation),
                 ms(floor.latency.quantile_ns(0.5)), ms(floor.latency.quantile_ns(0.99)), ms(floor.latency.max_ns()));
  return out + describe_end(simulation.history()) + checker::describe(report);
}

std::string to_json(const Simulation& simulation, const BotsOptions& options, const checker::Report& report,
                    std::string_view verdict) {
  const Floor& floor = simulation.floor();
  const checker::Tally& tally = report.tally;
  std::string out = fmt::format(
      R"({{"url":{},"transport":"{}","seed":{},"bots":{},"auctions":{},"watchers":{},"keys":{},"seconds":{:.3f},)",
      json_text(fmt::format("{}", fmt::join(options.urls, ","))),
      options.transport == BotsTransport::http ? "http" : "ws", simulation.history().seed, options.bots,
      simulation.history().auctions.size(), options.watchers, options.keys, simulation.seconds());
  fmt::format_to(std::back_inserter(out),
                 R"("operations":{},"accepted":{},"rejected":{},"refused":{},"unknown":{},"retries":{},"not_sent":{},)"
                 R"("bids_per_second":{:.1f},"accepted_per_second":{:.1f},)",
                 tally.operations, tally.accepted, tally.rejected, tally.refused, tally.unknown, tally.retries,
                 floor.not_sent, per_second(tally.accepted + tally.rejected, simulation),
                 per_second(tally.accepted, simulation));
  fmt::format_to(std::back_inserter(out),
                 R"("latency_ms":{{"p50":{:.3f},"p90":{:.3f},"p99":{:.3f},"p999":{:.3f},"max":{:.3f}}},)",
                 ms(floor.latency.quantile_ns(0.5)), ms(floor.latency.quantile_ns(0.9)),
                 ms(floor.latency.quantile_ns(0.99)), ms(floor.latency.quantile_ns(0.999)), ms(floor.latency.max_ns()));
  fmt::format_to(std::back_inserter(out),
                 R"("rejected_by_reason":{},"refused_by_code":{},"events":{},"frames":{},"auction":{},)",
                 reasons_of(floor), codes_of(simulation), tally.events, tally.frames, auction_of(simulation.history()));
  fmt::format_to(std::back_inserter(out),
                 R"("violations":{},"violations_by_rule":{},"first_violations":{},"verdict":"{}"}})",
                 report.findings.total(), checker::rules_json(report), checker::violations_json(report), verdict);
  return out + "\n";
}

}  // namespace flashbid::bots
