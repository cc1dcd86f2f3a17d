// The answers to bids and the records' hidden parts: the smaller half of event_codec.hpp.
#include <utility>

#include "ledger/event_codec.hpp"
#include "ledger/json_cursor.hpp"
#include "ledger/json_text.hpp"

namespace flashbid {
namespace {

constexpr std::size_t usual_answer_bytes = 512;

std::string_view name_of(Operation operation) {
  switch (operation) {
    case Operation::bid:
      return "bid";
    case Operation::create:
      return "create";
    case Operation::cancel:
      return "cancel";
  }
  return "";
}

Operation read_operation(json::Cursor& cursor) {
  const std::string_view name = cursor.name();
  for (const auto operation : {Operation::bid, Operation::create, Operation::cancel}) {
    if (name == name_of(operation)) return operation;
  }
  cursor.refuse("expected an operation");
  return Operation::bid;
}

void append_key_use(const KeyUse& use, std::string& out) {
  out += R"("operation":")";
  out += name_of(use.operation);
  out += R"(","caller":)";
  json::append_text(use.caller.view(), out);
  out += R"(,"key":)";
  json::append_text(use.key.view(), out);
  out += R"(,"fingerprint":)";
  json::append_text(use.fingerprint, out);
}

KeyUse read_key_use(json::Cursor& cursor) {
  KeyUse use;
  cursor.expect(R"("operation":)");
  use.operation = read_operation(cursor);
  cursor.expect(R"(,"caller":)");
  // An operation without a caller's name is possible where nobody has to log in.
  if (!cursor.accept(R"("")")) use.caller = cursor.bidder();
  cursor.expect(R"(,"key":)");
  const auto key = parse_idempotency_key(cursor.text());
  if (!key) cursor.refuse("expected an idempotency key");
  use.key = key.value_or(IdempotencyKey{});
  cursor.expect(R"(,"fingerprint":)");
  use.fingerprint = cursor.text();
  return use;
}

}  // namespace

std::string encode_secret(const Secret& secret) {
  if (!secret.reserve && !secret.key_use && secret.by.empty()) return {};
  std::string out = "{";
  if (secret.reserve) {
    out += R"("reserve":)";
    json::append_number(secret.reserve->value(), out);
    out += ',';
  }
  if (!secret.by.empty()) {
    out += R"("by":)";
    json::append_text(secret.by.view(), out);
    out += ',';
  }
  if (secret.key_use) {
    append_key_use(*secret.key_use, out);
    out += ',';
  }
  out.back() = '}';
  return out;
}

Result<Secret> decode_secret(std::string_view json) {
  if (json.empty()) return Secret{};
  json::Cursor cursor(json);
  Secret secret;
  cursor.expect("{");
  // Each member but the last with the comma behind it; one at least.
  bool more = true;
  if (cursor.accept(R"("reserve":)")) {
    secret.reserve = cursor.amount();
    more = cursor.accept(",");
  }
  if (more && cursor.accept(R"("by":)")) {
    secret.by = cursor.bidder();
    more = cursor.accept(",");
  }
  if (more) secret.key_use = read_key_use(cursor);
  cursor.expect("}");
  cursor.end();
  if (!cursor.ok()) return cursor.error("a record's secret");
  return secret;
}

void encode_answer(const BidAnswer& answer, std::string& out) {
  out.reserve(out.size() + usual_answer_bytes);
  const bool accepted = answer.verdict == Verdict::accepted;
  out += R"({"verdict":")";
  out += to_text(answer.verdict);
  if (!accepted) {
    out += R"(","reason":")";
    out += to_text(answer.reason);
  }
  out += R"(","auction_id":)";
  json::append_number(answer.auction.value(), out);
  if (accepted) {
    out += R"(,"sequence":)";
    json::append_number(answer.sequence.value(), out);
  }
  out += R"(,"bidder":)";
  json::append_bidder(answer.bidder, out);
  out += R"(,"amount":)";
  json::append_number(answer.amount.value(), out);
  out += R"(,"price":)";
  json::append_amount(answer.price, out);
  out += R"(,"leader":)";
  json::append_bidder(answer.leader, out);
  out += R"(,"minimum_next":)";
  json::append_amount(answer.minimum_next, out);
  out += R"(,"closes_at":)";
  json::append_time(answer.closes_at, out);
  out += R"(,"as_of_sequence":)";
  json::append_number(answer.as_of_sequence.value(), out);
  out += R"(,"decided_at":)";
  json::append_time(answer.decided_at, out);
  out += '}';
}

Result<BidAnswer> decode_answer(std::string_view json) {
  json::Cursor cursor(json);
  BidAnswer answer;
  if (cursor.accept(R"({"verdict":"accepted","auction_id":)")) {
    answer.verdict = Verdict::accepted;
  } else {
    cursor.expect(R"({"verdict":"rejected","reason":)");
    const auto reason = parse_reason(cursor.name());
    if (!reason) cursor.refuse("expected a reason");
    answer.reason = reason.value_or(Reason::none);
    cursor.expect(R"(,"auction_id":)");
  }
  answer.auction = AuctionId{cursor.number()};
  if (answer.verdict == Verdict::accepted) {
    cursor.expect(R"(,"sequence":)");
    answer.sequence = Sequence{cursor.number()};
  }
  cursor.expect(R"(,"bidder":)");
  answer.bidder = cursor.bidder();
  cursor.expect(R"(,"amount":)");
  answer.amount = cursor.amount();
  cursor.expect(R"(,"price":)");
  answer.price = cursor.amount_or_null();
  cursor.expect(R"(,"leader":)");
  answer.leader = cursor.bidder_or_null();
  cursor.expect(R"(,"minimum_next":)");
  answer.minimum_next = cursor.amount_or_null();
  cursor.expect(R"(,"closes_at":)");
  answer.closes_at = cursor.time();
  cursor.expect(R"(,"as_of_sequence":)");
  answer.as_of_sequence = Sequence{cursor.number()};
  cursor.expect(R"(,"decided_at":)");
  answer.decided_at = cursor.time();
  cursor.expect("}");
  cursor.end();
  if (!cursor.ok()) return cursor.error("an answer");
  return answer;
}

}  // namespace flashbid
