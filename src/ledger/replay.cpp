#include "ledger/replay.hpp"

#include <fmt/format.h>

#include <utility>

#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"

namespace flashbid {
namespace {

// The command that must have caused an event; none for one that only follows another.
struct Cause {
  std::optional<Command> operator()(const Created&) const { return std::nullopt; }
  std::optional<Command> operator()(const Opened&) const { return Tick{}; }
  std::optional<Command> operator()(const BidAccepted& bid) const { return Bid{bid.bidder, bid.amount}; }
  std::optional<Command> operator()(const Extended&) const { return std::nullopt; }
  std::optional<Command> operator()(const Closed&) const { return Tick{}; }
  std::optional<Command> operator()(const Cancelled&) const { return Cancel{}; }
};

std::string text_of(AuctionId id, Epoch epoch, const Event& event) {
  std::string json;
  encode_event(id, epoch, event, json);
  return json;
}

}  // namespace

std::unexpected<Error> Replay::violation(Sequence sequence, std::string_view why) const {
  return fail(Failure::corrupt, fmt::format("auction {}, sequence {}: {}", id_.value(), sequence.value(), why));
}

Result<void> Replay::play(const Record& record) {
  const Result<HistoryStep> step = read_step(record);
  if (!step) return violation(record.sequence, step.error().detail);
  if (!step->event || record.auction != id_) return violation(record.sequence, "not an event of this auction");
  const Event& event = *step->event;
  if (event.sequence != auction_.sequence.next()) {
    return violation(event.sequence, fmt::format("the event before it is {}", auction_.sequence.value()));
  }
  if (event.at < last_at_) return violation(event.sequence, "it is earlier than the event before it");

  const Result<DecodedEvent> decoded = decode_event(*record.payload, record.secret);
  if (!decoded) return violation(event.sequence, decoded.error().detail);
  if (decoded->epoch < epoch_) return violation(event.sequence, "its epoch is lower than that of the event before it");
  if (expected_.empty()) {
    if (const auto decided = expect_decision(event); !decided) return decided;
  }
  const std::string expected = text_of(id_, decoded->epoch, expected_.front());
  if (expected != *record.payload) {
    return violation(event.sequence, fmt::format("the rules say {}, stored is {}", expected, *record.payload));
  }
  expected_.erase(expected_.begin());
  if (const auto moved = advance(auction_, id_, event); !moved) return moved;
  epoch_ = decoded->epoch;
  last_at_ = event.at;
  return {};
}

Result<void> Replay::expect_decision(const Event& event) {
  if (const auto* created = std::get_if<Created>(&event.body)) {
    if (auction_.sequence != Sequence{0}) return violation(event.sequence, "created, but not the first event");
    // `opened` is checked as an event of its own.
    expected_ = {create(created->terms, event.at).front()};
    return {};
  }
  if (auction_.sequence == Sequence{0}) return violation(event.sequence, "the first event is not created");
  const std::optional<Command> cause = std::visit(Cause{}, event.body);
  if (!cause) return violation(event.sequence, "it does not follow the bid that it belongs to");
  const Decision decision = decide(auction_, *cause, event.at);
  if (decision.verdict == Verdict::rejected || decision.events.empty()) {
    return violation(event.sequence,
                     fmt::format("{} at this moment is against the rules{}{}", name_of(event.body),
                                 decision.reason == Reason::none ? "" : ": ", to_text(decision.reason)));
  }
  expected_ = decision.events;
  return {};
}

}  // namespace flashbid
