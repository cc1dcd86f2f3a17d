#include "checker/report_text.hpp"

#include <fmt/format.h>

#include <iterator>

#include "ledger/json_text.hpp"

namespace flashbid::checker {

std::string_view verdict_of(const Report& report) {
  if (!report.clean()) return "violations";
  return report.tally.accepted + report.tally.rejected == 0 ? "nothing_decided" : "clean";
}

std::string rules_json(const Report& report) {
  std::string out = "{";
  for (std::size_t i = 0; i < rule_count; ++i) {
    const auto rule = static_cast<Rule>(i);
    const std::uint64_t count = report.findings.count(rule);
    if (count == 0) continue;
    fmt::format_to(std::back_inserter(out), R"({}"{}":{})", out.size() > 1 ? "," : "", to_text(rule), count);
  }
  return out + "}";
}

std::string violations_json(const Report& report) {
  std::string out = "[";
  for (const Violation& violation : report.findings.kept()) {
    fmt::format_to(std::back_inserter(out), R"({}{{"rule":"{}","auction_id":{},"sentence":)", out.size() > 1 ? "," : "",
                   to_text(violation.rule), violation.auction.value());
    json::append_text(violation.sentence, out);
    out += '}';
  }
  return out + "]";
}

std::string describe(const Report& report) {
  const Tally& tally = report.tally;
  const std::string base =
      fmt::format("{} operations, {} events of {} auctions and {} frames of {} watchers checked: ", tally.operations,
                  tally.events, tally.auctions, tally.frames, tally.watchers);
  if (report.clean()) {
    return base +
           "no violation.\nPrices rise by the increment, sequences are gapless, every answer is in the history and in "
           "real-time order,\nevery rejection is justified by the state that it quotes, the last price is the highest "
           "accepted bid and what every watcher saw.\n";
  }
  std::string out = base + fmt::format("{} VIOLATIONS {}\n", report.findings.total(), rules_json(report));
  for (const Violation& violation : report.findings.kept()) {
    fmt::format_to(std::back_inserter(out), "  {} (auction {}): {}\n", to_text(violation.rule),
                   violation.auction.value(), violation.sentence);
  }
  if (report.findings.kept().size() < report.findings.total()) out += "  … and more of the same kinds\n";
  return out;
}

}  // namespace flashbid::checker
