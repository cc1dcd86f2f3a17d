#include "checker/checker.hpp"

#include <algorithm>
#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <vector>

#include "checker/effects.hpp"
#include "checker/knowledge.hpp"
#include "checker/masks.hpp"
#include "checker/replay.hpp"
#include "checker/sightings.hpp"

namespace flashbid::checker {
namespace {

// What belongs to one auction of the history.
struct Share {
  std::vector<std::uint32_t> operations;
  std::vector<std::uint32_t> watchers;
};

bool is_decided(const Operation& operation) {
  return operation.outcome == Outcome::accepted || operation.outcome == Outcome::rejected;
}

Knowledge gather_knowledge(const History& history, const AuctionRecord& auction, const Share& share, Sequence last) {
  Knowledge knowledge(last, auction.before_run);
  for (const std::uint32_t index : share.operations) {
    const Operation& operation = history.operations[index];
    if (is_decided(operation)) knowledge.learn(operation.quote.as_of_sequence, operation.answered_ns);
  }
  for (const StateSeen& read : auction.reads) knowledge.learn(read.sequence, read.seen_ns);
  for (const std::uint32_t index : share.watchers) {
    for (const EventSeen& event : history.watchers[index].events) knowledge.learn(event.sequence, event.seen_ns);
    for (const auto& state : history.watchers[index].states) knowledge.learn(state.seen.sequence, state.seen.seen_ns);
  }
  knowledge.settle();
  return knowledge;
}

// Of those that were answered before the auction was read for the last time.
std::optional<Amount> highest_accepted(const History& history, const AuctionRecord& auction, const Share& share) {
  std::optional<Amount> highest;
  if (auction.reads.empty()) return highest;
  const std::int64_t read_ns = auction.reads.back().asked_ns;
  for (const std::uint32_t index : share.operations) {
    const Operation& operation = history.operations[index];
    if (operation.outcome != Outcome::accepted || operation.answered_ns >= read_ns) continue;
    highest = std::max(highest, std::optional(operation.amount));
  }
  return highest;
}

void check_auction(const History& history, const AuctionRecord& auction, const Share& share, Report& report) {
  const Replay replay(auction, history.bidders, report.findings);
  const Knowledge knowledge = gather_knowledge(history, auction, share, replay.last());

  Effects effects(history, auction, share.operations, replay, knowledge, report.findings);
  effects.check();
  report.tally.retries += effects.retries();

  Sightings sightings(history, auction, replay, knowledge, report.findings);
  sightings.check_reads();
  for (const std::uint32_t index : share.watchers) sightings.check_watcher(history.watchers[index], index + 1);
  sightings.check_end(highest_accepted(history, auction, share));
}

Tally count(const History& history) {
  Tally tally;
  tally.operations = history.operations.size();
  for (const Operation& operation : history.operations) {
    switch (operation.outcome) {
      case Outcome::accepted:
        ++tally.accepted;
        break;
      case Outcome::rejected:
        ++tally.rejected;
        break;
      case Outcome::refused:
        ++tally.refused;
        break;
      case Outcome::unknown:
        ++tally.unknown;
        break;
    }
  }
  for (const AuctionRecord& auction : history.auctions) tally.events += auction.events.size();
  for (const WatcherRecord& watcher : history.watchers) tally.frames += watcher.events.size() + watcher.states.size();
  tally.auctions = history.auctions.size();
  tally.watchers = history.watchers.size();
  return tally;
}

Report check_named(const History& history) {
  Report report;
  report.tally = count(history);
  boost::unordered_flat_map<std::uint64_t, std::size_t> places;
  for (std::size_t i = 0; i < history.auctions.size(); ++i) places.emplace(history.auctions[i].id.value(), i);
  std::vector<Share> shares(history.auctions.size());
  const auto place_of = [&](AuctionId id, const char* what) -> Share* {
    const auto found = places.find(id.value());
    if (found != places.end()) return &shares[found->second];
    report.findings.add(Rule::malformed, id, "the record holds {} of auction {} but not its history", what, id.value());
    return nullptr;
  };
  for (std::uint32_t i = 0; i < history.operations.size(); ++i) {
    if (Share* share = place_of(history.operations[i].auction, "bids")) share->operations.push_back(i);
  }
  for (std::uint32_t i = 0; i < history.watchers.size(); ++i) {
    if (Share* share = place_of(history.watchers[i].auction, "watchers")) share->watchers.push_back(i);
  }
  for (const std::string& sentence : history.malformed)
    report.findings.add(Rule::malformed, AuctionId(), "{}", sentence);
  for (std::size_t i = 0; i < history.auctions.size(); ++i) {
    check_auction(history, history.auctions[i], shares[i], report);
  }
  return report;
}

}  // namespace

Report check(const History& history) {
  return has_masks(history) ? check_named(without_masks(history)) : check_named(history);
}

}  // namespace flashbid::checker
