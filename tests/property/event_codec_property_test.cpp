// What is encoded reads back as it was, for random auctions and random runs of them.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "auction/decide.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"

namespace flashbid {
namespace {

rc::Gen<std::string> text(int max_parts) {
  // Pieces of every kind that JSON treats differently, and valid UTF-8 of each length.
  const auto piece = rc::gen::element<std::string>("a", "Z", "\"", "\\", "/", "\n", "\t", std::string(1, '\0'), "\x1f",
                                                   "\x7f", "é", "中", "𝄞", "\\u0041", " ");
  return rc::gen::map(rc::gen::resize(max_parts, rc::gen::container<std::vector<std::string>>(piece)),
                      [](const std::vector<std::string>& pieces) {
                        std::string joined;
                        for (const auto& one : pieces) joined += one;
                        return joined;
                      });
}

std::int64_t pick(std::int64_t low, std::int64_t high) { return *rc::gen::inRange(low, high); }
bool flip() { return pick(0, 2) == 1; }

BidderId pick_bidder() {
  return *parse_bidder_id(*rc::gen::element<std::string>("A", "bob.b", "x_y:z@w-1", std::string(64, 'q')));
}

Increment pick_increment(const Currency& currency) {
  switch (pick(0, 3)) {
    case 0:
      return *Increment::fixed(Amount{pick(1, max_safe_integer)});
    case 1: {
      std::vector<IncrementRow> rows;
      std::int64_t below = 0;
      for (std::int64_t i = pick(0, 5); i > 0; --i) {
        below += pick(1, 1'000'000);
        rows.push_back({Amount{below}, Amount{pick(1, 1000)}});
      }
      rows.push_back({std::nullopt, Amount{pick(1, 1000)}});
      return *Increment::table(std::move(rows));
    }
    default:
      return *Increment::preset(
          *rc::gen::element(IncrementPreset::ebay_us, IncrementPreset::yahoo_jp, IncrementPreset::whatnot), currency);
  }
}

Terms pick_terms(Timestamp now) {
  Terms terms;
  terms.title = *text(20);
  terms.description = *text(60);
  if (flip()) terms.image_url = "https://example.org/" + *text(5);
  terms.currency = *Currency::parse(*rc::gen::element<std::string>("CNY", "USD", "KWD"));
  terms.opening_price = Amount{pick(0, 100'000)};
  terms.increment = pick_increment(terms.currency);
  if (flip()) terms.reserve = Amount{pick(0, 1'000'000)};
  if (flip()) terms.amount_limit = Amount{pick(0, max_safe_integer)};
  terms.opens_at = now + Duration{flip() ? 0 : pick(0, 1000)};
  terms.closes_at = terms.opens_at + Duration{pick(1, 5000)};
  if (flip()) {
    terms.soft_close = SoftClose{Duration{pick(1, 2000)}, Duration{pick(1, 2000)},
                                 flip() ? SoftClose::Mode::from_bid : SoftClose::Mode::from_close, std::nullopt};
    if (flip()) terms.soft_close->max_extensions = static_cast<std::uint32_t>(pick(0, 4'294'967'296));
  }
  if (flip()) terms.seller = pick_bidder();
  terms.self_outbid = flip();
  return terms;
}

Command pick_command(const Auction& auction) {
  switch (pick(0, 20)) {
    case 0:
      return Cancel{};
    case 1:
      return Tick{};
    default: {
      const std::int64_t minimum = auction.minimum_next().value_or(max_amount).value();
      return Bid{pick_bidder(), Amount{std::min(max_safe_integer, minimum + pick(0, 100'000))}};
    }
  }
}

// The event as a record, read back by the step that every ledger moves rows with, onto `image`.
void pass_through(const Event& event, AuctionId id, Auction& image) {
  auto json = std::make_shared<std::string>();
  encode_event(id, Epoch{3}, event, *json);
  Secret secret;
  if (const auto* created = std::get_if<Created>(&event.body)) secret.reserve = created->terms->reserve;
  if (flip()) secret.key_use = KeyUse{Operation::bid, pick_bidder(), *parse_idempotency_key("k!\"\\~"), *text(10)};
  if (flip()) secret.by = pick_bidder();
  const Record record{id, event.sequence, RecordKind::event, event.at, json, encode_secret(secret)};
  const auto step = read_step(record);
  RC_ASSERT(step.has_value());
  RC_ASSERT(step->event.has_value());
  RC_ASSERT(step->key.has_value() == secret.key_use.has_value());
  if (step->key) RC_ASSERT(step->key->use == *secret.key_use);
  std::string again;
  encode_event(id, Epoch{3}, *step->event, again);
  RC_ASSERT(again == *json);
  RC_ASSERT(advance(image, id, *step->event).has_value());
}

RC_GTEST_PROP(EventCodecProperty, ARunReadBackIsTheSameAuction, ()) {
  Timestamp now{pick(0, 4'000'000'000'000)};
  Auction auction;
  auction.id = AuctionId{static_cast<std::uint64_t>(pick(1, max_safe_integer))};
  Auction image;
  const auto play = [&](const Events& events) {
    for (const Event& event : events) {
      apply(auction, event);
      pass_through(event, auction.id, image);
      RC_ASSERT(image == auction);
    }
  };
  play(create(std::make_shared<const Terms>(pick_terms(now)), now));
  for (std::int64_t i = pick(0, 30); i > 0; --i) {
    now = now + Duration{pick(0, 400)};
    play(decide(auction, pick_command(auction), now).events);
  }
  std::string json;
  encode_image(auction, json);
  const auto decoded = decode_image(json);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == auction);
}

RC_GTEST_PROP(EventCodecProperty, AnswersReadBackAsTheyWere, ()) {
  BidAnswer answer;
  answer.auction = AuctionId{static_cast<std::uint64_t>(pick(1, max_safe_integer))};
  answer.verdict = flip() ? Verdict::accepted : Verdict::rejected;
  if (answer.verdict == Verdict::accepted) {
    answer.sequence = Sequence{static_cast<std::uint64_t>(pick(1, max_safe_integer))};
  } else {
    answer.reason = static_cast<Reason>(pick(1, 8));
  }
  answer.bidder = pick_bidder();
  answer.amount = Amount{pick(0, max_safe_integer)};
  if (flip()) answer.price = Amount{pick(0, max_safe_integer)};
  if (flip()) answer.leader = pick_bidder();
  if (flip()) answer.minimum_next = Amount{pick(0, max_safe_integer)};
  answer.closes_at = Timestamp{pick(0, max_timestamp.ms)};
  answer.as_of_sequence = Sequence{static_cast<std::uint64_t>(pick(0, max_safe_integer))};
  answer.decided_at = Timestamp{pick(0, max_timestamp.ms)};
  std::string json;
  encode_answer(answer, json);
  const auto decoded = decode_answer(json);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == answer);
}

}  // namespace
}  // namespace flashbid
