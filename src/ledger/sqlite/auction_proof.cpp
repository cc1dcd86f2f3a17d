#include "ledger/sqlite/auction_proof.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "ledger/event_codec.hpp"
#include "ledger/operator_action.hpp"
#include "ledger/text_difference.hpp"

namespace flashbid::sqlite {
namespace {

std::string name_of(const KeyUse& use) { return fmt::format("key {} of {}", use.key.view(), use.caller.view()); }

// A column that is not what it should be.
template <class T>
std::string differs(std::string_view column, std::string_view who, const T& right, const T& stored) {
  return fmt::format("{}: {} {}, stored is {}", column, who, right, stored);
}

Operation operation_of(const EventBody& body) {
  if (std::holds_alternative<Created>(body)) return Operation::create;
  return std::holds_alternative<Cancelled>(body) ? Operation::cancel : Operation::bid;
}

// What the hidden part of `event` may hold is what its command had.
std::optional<std::string> wrong_in(const Secret& secret, const Event& event) {
  const auto* bid = std::get_if<BidAccepted>(&event.body);
  const bool is_created = std::holds_alternative<Created>(event.body);
  if (secret.reserve && !is_created) return "reserve: only a creation has one";
  if (!secret.by.empty() && !is_action(event.body)) return "by: this is no operator's action";
  if (!secret.key_use) return std::nullopt;
  const KeyUse& use = *secret.key_use;
  if (bid == nullptr && !is_action(event.body)) return "key: this is the effect of no command";
  if (use.operation != operation_of(event.body)) return "operation: the key was used for another one than the event's";
  if (bid == nullptr) {
    if (secret.by.empty() || use.caller == secret.by) return std::nullopt;
    return differs("caller", "the operator is", secret.by.view(), use.caller.view());
  }
  if (use.caller != bid->bidder) return differs("caller", "the bidder is", bid->bidder.view(), use.caller.view());
  if (const auto amount = std::to_string(bid->amount.value()); use.fingerprint != amount) {
    return differs("fingerprint", "the bid's amount is", amount, use.fingerprint);
  }
  return std::nullopt;
}

}  // namespace

Result<void> AuctionProof::run() {
  for (const auto part : {&AuctionProof::history, &AuctionProof::leftovers, &AuctionProof::image, &AuctionProof::ending,
                          &AuctionProof::journal}) {
    if (const auto proved = (this->*part)(); !proved) return proved;
  }
  if (replay_.in_the_middle()) return about(replay_.auction().sequence, "it ends between a bid and its extension");
  ++totals_.auctions;
  return {};
}

Result<void> AuctionProof::history() {
  if (const auto taken = take_answers(Sequence{0}); !taken) return taken;
  while (const EventRow* row = rows_.events.head(id_)) {
    const Record& record = row->record;
    if (const auto played = play(record); !played) return played;
    const Event& event = *replay_.last_step().event;
    if (row->number != event_number(event.body)) {
      return about(record.sequence, differs("event", "its number is", event_number(event.body), row->number));
    }
    if (record.at > meta_.last_at) {
      return about(record.sequence, fmt::format("at: {} is past what the meta row knows, {}", to_text(record.at),
                                                to_text(meta_.last_at)));
    }
    totals_.last_at = std::max(totals_.last_at, record.at);
    totals_.last_auction = id_;
    ++totals_.events;
    if (const auto taken = take_place(record.sequence); !taken) return taken;
    if (const auto taken = take_answers(record.sequence); !taken) return taken;
    if (const auto next = rows_.events.next(); !next) return next;
  }
  return {};
}

// One event, of history or of the journal.
Result<void> AuctionProof::play(const Record& record) {
  if (const auto played = replay_.play(record); !played) return played;
  if (record.at < rejected_at_) {
    return about(record.sequence, fmt::format("{} was rejected at {}, on the event before it; it is earlier, of {}",
                                              rejected_key_, to_text(rejected_at_), to_text(record.at)));
  }
  rejected_at_ = {};
  if (replay_.epoch() > meta_.epoch) {
    return about(record.sequence,
                 fmt::format("epoch: {} is above the ledger's, {}", replay_.epoch().value(), meta_.epoch.value()));
  }
  return check_hidden(record);
}

Result<void> AuctionProof::check_hidden(const Record& record) const {
  if (record.secret.empty()) return {};
  const auto secret = decode_secret(record.secret);
  if (!secret) return about(record.sequence, secret.error().detail);
  if (const auto wrong = wrong_in(*secret, *replay_.last_step().event))
    return about(record.sequence, "secret: " + *wrong);
  if (const auto difference = first_difference(record.secret, encode_secret(*secret))) {
    return about(record.sequence, "secret: " + describe(*difference, "it is written as"));
  }
  return {};
}

// The event's place in the order of history.
Result<void> AuctionProof::take_place(Sequence sequence) {
  const MovedRow* const place = rows_.moved.head(id_);
  if (place == nullptr || place->sequence > sequence) {
    return about(sequence, "the order of history does not name it");
  }
  if (place->sequence < sequence) return leftovers();
  if (place->row <= last_row_) {
    return about(sequence, fmt::format("in the order of history it is row {}, and the event before it is row {}",
                                       place->row, last_row_));
  }
  if (place->row > meta_.moved_through) {
    return about(sequence, fmt::format("in the order of history it is row {}, and rows up to {} have moved", place->row,
                                       meta_.moved_through));
  }
  last_row_ = place->row;
  return rows_.moved.next();
}

// The keys that name the event that was played, or rest on it; and whether the event's own is among them.
Result<void> AuctionProof::take_answers(Sequence sequence) {
  const std::uint64_t before = effects_;
  for (const AnswerRow* row = rows_.answers.head(id_); row != nullptr && row->place() <= sequence;
       row = rows_.answers.head(id_)) {
    const auto checked = row->rejected ? check_rejection(row->key, *row->rejected) : check_effect(row->key);
    if (!checked) return checked;
    if (row->rejected) {
      ++totals_.rejections;
      totals_.last_at = std::max(totals_.last_at, row->rejected->decided_at);
    } else {
      ++totals_.effects;
      ++effects_;
    }
    if (const auto next = rows_.answers.next(); !next) return next;
  }
  if (sequence == Sequence{0} || !replay_.last_step().key) return {};
  ++keyed_events_;
  if (effects_ == before && forgotten_ == Sequence{0}) forgotten_ = sequence;
  return {};
}

Result<void> AuctionProof::check_effect(const RememberedKey& stored) {
  const Sequence sequence = stored.answer.sequence;
  const auto& key = replay_.last_step().key;
  const std::string event = fmt::format("event {}", sequence.value());
  const bool is_its = key && key->use.operation == stored.use.operation && key->use.caller == stored.use.caller &&
                      key->use.key == stored.use.key;
  if (!is_its) {
    return about(stored.use,
                 key ? fmt::format("{} has {}", event, name_of(key->use)) : fmt::format("{} has no key", event));
  }
  if (key->use.fingerprint != stored.use.fingerprint) {
    return about(stored.use, differs("fingerprint", event + " says", key->use.fingerprint, stored.use.fingerprint));
  }
  if (key->scope != stored.scope) {
    return about(stored.use, differs("scope", event + " says", key->scope.value(), stored.scope.value()));
  }
  if (!stored.answer.answer_json.empty()) {
    return about(stored.use, fmt::format("answer: it follows from {}, stored is {}", event, stored.answer.answer_json));
  }
  if (stored.expires) return about(stored.use, fmt::format("expires: that of {} does not by itself", event));
  return {};
}

// Of history, or of the journal.
Result<void> AuctionProof::check_rejection(const RememberedKey& stored, const BidAnswer& answer) {
  const KeyUse& use = stored.use;
  if (use.operation != Operation::bid) return about(use, "operation: what is rejected is a bid");
  if (stored.scope != id_) return about(use, differs("scope", "its auction is", id_.value(), stored.scope.value()));
  if (answer.auction != id_) {
    return about(use, differs("auction", "its answer says", answer.auction.value(), id_.value()));
  }
  if (use.caller != answer.bidder) {
    return about(use, differs("caller", "its answer is to", answer.bidder.view(), use.caller.view()));
  }
  if (const auto amount = std::to_string(answer.amount.value()); use.fingerprint != amount) {
    return about(use, differs("fingerprint", "its answer is to", amount, use.fingerprint));
  }
  const Timestamp expires = answer.decided_at + rejection_kept;
  if (!stored.expires || *stored.expires != expires) {
    return about(use, fmt::format("expires: ten minutes after its answer is {}, stored is {}", expires.ms,
                                  stored.expires ? std::to_string(stored.expires->ms) : "nothing"));
  }
  if (const auto checked = replay_.check_rejection(answer, stored.answer.answer_json); !checked) {
    return about(use, checked.error().detail);
  }
  if (answer.decided_at >= rejected_at_) {
    rejected_at_ = answer.decided_at;
    rejected_key_ = name_of(use);
  }
  return {};
}

// What the events add up to is what the auctions table says.
Result<void> AuctionProof::image() {
  const ImageRow* const stored = rows_.images.head(id_);
  const Auction& played = replay_.auction();
  const bool has_events = played.sequence > Sequence{0};
  if (stored == nullptr) return has_events ? about(played.sequence, "it has events and no image") : Result<void>{};
  if (!has_events) return about(stored->sequence, "it has an image and no events");
  std::string right;
  encode_image(played, right);
  if (const auto difference = first_difference(stored->text, right)) {
    return about(played.sequence, "image: " + describe(*difference, "its events say"));
  }
  if (stored->sequence != played.sequence) {
    return about(played.sequence, differs("image: column sequence", "its events say", played.sequence.value(),
                                          stored->sequence.value()));
  }
  if (stored->state != static_cast<std::int64_t>(played.state)) {
    return about(played.sequence, differs("image: column state", "its events say",
                                          static_cast<std::int64_t>(played.state), stored->state));
  }
  return rows_.images.next();
}

// Keys are forgotten a day after the end, the oldest end's first, and their ending with them.
Result<void> AuctionProof::ending() {
  const Auction& played = replay_.auction();
  const EndingRow* const stored = rows_.endings.head(id_);
  const bool over = played.sequence > Sequence{0} && is_over(played.state);
  if (stored == nullptr) {
    if (over && effects_ > 0) return about(played.sequence, "it is over, `endings` has it not, and it has keys");
  } else if (!over) {
    return about(played.sequence, "`endings` has it, and it is not over");
  } else if (stored->at != replay_.last_at()) {
    return about(played.sequence,
                 differs("endings: at", "its last event is of", to_text(replay_.last_at()), to_text(stored->at)));
  }
  const bool is_first = first_ending_ && first_ending_->auction == id_;
  const bool may_be_forgotten = over && (stored == nullptr || is_first);
  if (effects_ < keyed_events_ && !may_be_forgotten) {
    return about(forgotten_, "its key is not remembered");
  }
  if (stored == nullptr) return {};
  if (const auto next = rows_.endings.next(); !next) return next;
  if (rows_.endings.head(id_) != nullptr) return about(played.sequence, "`endings` has it twice");
  return {};
}

// Rows that are of nothing that has been played.
Result<void> AuctionProof::leftovers() {
  if (const MovedRow* const place = rows_.moved.head(id_)) {
    return fail(Failure::corrupt,
                fmt::format("row {} of the order of history names event {} of auction {}, which {}", place->row,
                            place->sequence.value(), id_.value(),
                            place->sequence <= replay_.auction().sequence ? "has another row" : "is not there"));
  }
  if (const AnswerRow* const row = rows_.answers.head(id_)) {
    const std::uint64_t place = row->place().value();
    return about(row->key.use, row->rejected
                                   ? fmt::format("as_of_sequence: it rests on event {}, which is not there", place)
                                   : fmt::format("event {} is missing", place));
  }
  return {};
}

// What has not moved goes on from there.
Result<void> AuctionProof::journal() {
  while (const UnmovedRow* unmoved = rows_.journal.head(id_)) {
    const Record& record = unmoved->row.record;
    if (record.kind == RecordKind::event) {
      if (const auto played = play(record); !played) return played;
    } else {
      const auto step = read_step(record);  // the answer's text too
      if (!step) return fail(Failure::corrupt, fmt::format("journal row {}: {}", unmoved->row.id, step.error().detail));
      const auto answer = decode_answer(*record.payload);
      if (!answer) return std::unexpected(answer.error());
      if (const auto difference = first_difference(record.secret, encode_secret({std::nullopt, step->key->use}))) {
        return about(step->key->use, "secret: " + describe(*difference, "it is written as"));
      }
      if (const auto checked = check_rejection(*step->key, *answer); !checked) return checked;
    }
    ++totals_.unmoved;
    if (const auto next = rows_.journal.next(); !next) return next;
  }
  return {};
}

std::unexpected<Error> AuctionProof::about(Sequence sequence, const std::string& why) const {
  return fail(Failure::corrupt, fmt::format("auction {}, sequence {}: {}", id_.value(), sequence.value(), why));
}

std::unexpected<Error> AuctionProof::about(const KeyUse& use, const std::string& why) const {
  return fail(Failure::corrupt, fmt::format("{} in auction {}: {}", name_of(use), id_.value(), why));
}

}  // namespace flashbid::sqlite
