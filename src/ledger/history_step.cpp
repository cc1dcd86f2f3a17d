#include "ledger/history_step.hpp"

#include <fmt/format.h>

#include <utility>

namespace flashbid {
namespace {

std::unexpected<Error> misfit(AuctionId auction, Sequence sequence, std::string_view why) {
  return fail(Failure::corrupt, fmt::format("auction {}, sequence {}: {}", auction.value(), sequence.value(), why));
}

RememberedKey remember(const Record& record, KeyUse use) {
  const AuctionId scope = key_scope(use.operation, record.auction);
  StoredAnswer answer{use.fingerprint, record.auction, record.sequence, {}};
  return {std::move(use), scope, std::move(answer), std::nullopt};
}

// A rejection that carried a key.
Result<HistoryStep> read_answer(const Record& record, Secret secret) {
  if (record.sequence != Sequence{0}) return misfit(record.auction, record.sequence, "an answer has no sequence");
  const Result<BidAnswer> answer = decode_answer(*record.payload);
  if (!answer) return std::unexpected(answer.error());
  if (answer->auction != record.auction || answer->decided_at != record.at || answer->verdict != Verdict::rejected) {
    return misfit(record.auction, record.sequence, "the answer's columns and its payload differ");
  }
  if (!secret.key_use) return misfit(record.auction, record.sequence, "an answer without its idempotency key");
  HistoryStep step;
  step.key = remember(record, std::move(*secret.key_use));
  step.key->answer.answer_json = *record.payload;
  step.key->expires = record.at + rejection_kept;
  return step;
}

}  // namespace

Result<HistoryStep> read_step(const Record& record) {
  Result<Secret> secret = decode_secret(record.secret);
  if (!secret) return std::unexpected(std::move(secret.error()));
  if (record.kind == RecordKind::answer) return read_answer(record, std::move(*secret));
  if (record.kind != RecordKind::event) return misfit(record.auction, record.sequence, "an unknown kind of record");

  Result<DecodedEvent> decoded = decode_event(*record.payload, record.secret);
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  if (decoded->auction != record.auction || decoded->event.sequence != record.sequence ||
      decoded->event.at != record.at) {
    return misfit(record.auction, record.sequence, "the event's columns and its payload differ");
  }
  HistoryStep step;
  step.event = std::move(decoded->event);
  step.epoch = decoded->epoch;
  if (secret->key_use) step.key = remember(record, std::move(*secret->key_use));
  return step;
}

Result<void> advance(Auction& image, AuctionId id, const Event& event) {
  if (event.sequence != image.sequence.next()) {
    return misfit(id, event.sequence, fmt::format("the event before it is {}", image.sequence.value()));
  }
  const bool first = image.sequence == Sequence{0};
  if (std::holds_alternative<Created>(event.body) != first) {
    return misfit(id, event.sequence, "event 1 is created, and no other");
  }
  if (first) image.id = id;
  apply(image, event);
  return {};
}

Result<Auction> as_created(AuctionId id, std::span<const DecodedEvent> first) {
  Auction auction;
  for (const DecodedEvent& decoded : first) {
    const Event& event = decoded.event;
    // A boundary that lay ahead of the creation is passed at a later moment.
    const bool is_boundary = std::holds_alternative<Opened>(event.body) || std::holds_alternative<Closed>(event.body);
    const bool with_creation = is_boundary && event.at == first.front().event.at;
    if (auction.sequence != Sequence{0} && !with_creation) break;
    if (auto advanced = advance(auction, id, event); !advanced) return std::unexpected(advanced.error());
  }
  if (auction.sequence == Sequence{0}) return misfit(id, Sequence{1}, "its first event is missing");
  return auction;
}

}  // namespace flashbid
