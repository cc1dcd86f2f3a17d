// Any bytes where other programs' words are believed after a look: a queue's message, a webhook's secrets, what a
// function in Redis replies, a stream's entries and groups, an id that a browser sends back. The first byte chooses.
#include "engine/redis/functions.hpp"
#include "engine/redis/rules_text.hpp"
#include "fuzz.hpp"
#include "redis/meta.hpp"
#include "redis/stream_entry.hpp"
#include "redis/stream_standing.hpp"
#include "redis/topology.hpp"
#include "relay/envelope.hpp"
#include "relay/webhook/signature.hpp"
#include "wire/decode.hpp"

namespace flashbid::fuzz {
namespace {

void check_sentence(const Error& error) { must(!error.detail.empty(), "a refusal says why"); }

// What stands behind a NUL is the header with the hidden parts; without a NUL there is none.
void check_envelopes(std::string_view text) {
  const std::size_t end = text.find('\0');
  const std::string body(text.substr(0, end));
  std::optional<std::string_view> secrets;
  if (end != std::string_view::npos) secrets = text.substr(end + 1);
  const auto archivable = open_archivable(body, secrets);
  if (!archivable) check_sentence(archivable.error());
  const auto opened = open_envelopes(body, secrets);
  must(opened || !archivable, "what an archive takes can be opened");
  if (!opened) return check_sentence(opened.error());
  must(!opened->records.empty(), "a message holds at least one event");
  const std::string hidden = encode_secrets(opened->records);
  const auto again = open_envelopes(encode_envelopes(opened->origin, opened->records), hidden);
  must(again.has_value(), "what was opened can be sent on");
  must(again->origin == opened->origin && again->records.size() == opened->records.size(), "and is the same");
  for (std::size_t i = 0; i < opened->records.size(); ++i) {
    const Record& one = opened->records[i];
    const Record& other = again->records[i];
    must(*one.payload == *other.payload && one.secret == other.secret, "byte for byte");
    must(one.auction == other.auction && one.sequence == other.sequence && one.at == other.at, "in its place");
    must(event_id(one) == event_id(other), "under its name");
  }
}

void check_webhook_secrets(std::string_view text) {
  std::vector<std::string> keys;
  for (const std::string& secret : webhook::secrets_of_file(text)) {
    must(!secret.empty() && secret.find('\n') == std::string::npos, "a secret is one line");
    const auto key = webhook::key_of_secret(secret);
    if (!key) {
      check_sentence(key.error());
      must(secret.size() < 48 || key.error().detail.find(secret) == std::string::npos, "a secret is not shown");
    } else {
      must(key->size() >= 24 && key->size() <= 64, "a key has its size");
      keys.push_back(*key);
    }
  }
  const std::string header = webhook::sign(keys, "1-1-1", "1800000000", text);
  must(header.size() == (keys.empty() ? 0 : keys.size() * 48 - 1), "each key signs");
}

// "05" is read as 5 is, but for the leader's name, which stands last.
std::string without_leading_zeros(std::string_view text) {
  std::string made;
  const std::size_t name = text.rfind(' ');
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool begins = i < name && text[i] == '0' && (i == 0 || made.empty() || made.back() == ' ');
    if (begins && i + 1 < text.size() && text[i + 1] != ' ') continue;
    made += text[i];
  }
  return made;
}

void check_bid_reply(std::string_view text) {
  const Bid bid{*BidderId::from("Alice"), Amount{100}};
  const auto read = read_bid_reply_in_full(text, AuctionId{7}, bid);
  const auto plain = read_bid_reply(text, AuctionId{7}, bid);
  must(read.has_value() == plain.has_value(), "both ways to read an answer agree");
  if (!read) return check_sentence(read.error());
  std::string written = bid_reply_text(read->answer);
  if (read->repeated) written[written.size() - read->answer.leader.view().size() - 2] = '1';
  must(written == without_leading_zeros(text), "an answer is written as it was read");
}

void check_stream(const redis::Reply& reply) {
  for (const redis::Reply& entry : reply.elements()) {
    const redis::EntryFields fields = redis::entry_fields(entry);
    const auto id = StreamId::parse(fields.id);
    if (!id) continue;
    must(StreamId::parse(to_text(*id)) == id, "an id is written as it was read");
    must(id->before() <= *id, "what is before it is not above it");
    must(id->before() == *id || id->before().after() == *id, "before and after are next to each other");
  }
  for (const StreamGroup& group : groups_of(reply)) static_cast<void>(to_text(group.delivered));
  static_cast<void>(extent_of(reply));
  static_cast<void>(number_of(reply));
  if (!reply.is_error()) {
    const auto shards = redis::read_shards(reply);
    if (!shards) check_sentence(shards.error());
    const auto slots = redis::parse_slots(reply, redis::Address{"127.0.0.1", 6379});
    if (!slots) return check_sentence(slots.error());
    for (const auto& range : *slots) must(range.first <= range.last && range.last < 16'384, "slots that there are");
  } else {
    check_sentence(error_of(reply, AuctionId{7}, *IdempotencyKey::from("k")));
  }
}

void check_replies(std::string_view text) {
  redis::ReplyReader reader;
  reader.feed(text);
  for (auto reply = reader.next(); reply && *reply; reply = reader.next()) check_stream(**reply);
}

void check_event_id(std::string_view text) {
  const auto from = parse_event_id(text);
  if (!from) return;
  must(from->epoch.has_value(), "it names an epoch");
  const std::string written = std::to_string(from->epoch->value()) + "-" + std::to_string(from->after.value());
  must(written == text, "it has one form");
}

}  // namespace
}  // namespace flashbid::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace flashbid::fuzz;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  switch (bytes[0]) {
    case 'q':
      check_envelopes(text);
      break;
    case 'w':
      check_webhook_secrets(text);
      break;
    case 'b':
      check_bid_reply(text);
      break;
    case 'r':
      check_replies(text);
      break;
    case 'i':
      check_event_id(text);
      break;
    default:
      break;
  }
  return 0;
}
