#include "ledger/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"
#include "support/auction_script.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

Record with_payload(Record record, const std::string& from, const std::string& to) {
  std::string payload = *record.payload;
  payload.replace(payload.find(from), from.size(), to);
  record.payload = std::make_shared<const std::string>(payload);
  return record;
}

// What is said of the last of `records`; those before it are in order.
std::string said(const std::vector<Record>& records, std::uint64_t auction = 1) {
  Replay replay(AuctionId{auction});
  for (const Record& record : records) {
    const auto played = replay.play(record);
    if (!played) {
      EXPECT_EQ(&record, &records.back()) << played.error().detail;
      return played.error().detail;
    }
  }
  return "";
}

TEST(Replay, TakesOnlyEventsOfItsAuction) {
  AuctionScript one(1);
  const auto created = one.create();
  EXPECT_EQ(said(created), "");
  EXPECT_EQ(said({created[0]}, 2), "auction 2, sequence 1: not an event of this auction");
  const Record answer = one.reject("Bob", 1, script_start, key_use(Operation::bid, "Bob", "k", "1"));
  EXPECT_EQ(said({created[0], answer}), "auction 1, sequence 0: not an event of this auction");
  Record odd = created[0];
  odd.kind = static_cast<RecordKind>(3);
  EXPECT_THAT(said({odd}), HasSubstr("an unknown kind of record"));
}

TEST(Replay, BeginsWithCreatedAndHasNoOther) {
  AuctionScript one(1);
  const auto created = one.create();
  Record opened = with_payload(created[1], R"("sequence":2)", R"("sequence":1)");
  opened.sequence = Sequence{1};
  EXPECT_EQ(said({opened}), "auction 1, sequence 1: the first event is not created");
  Record again = with_payload(created[0], R"("sequence":1)", R"("sequence":2)");
  again.sequence = Sequence{2};
  EXPECT_EQ(said({created[0], again}), "auction 1, sequence 2: created, but not the first event");
}

TEST(Replay, AnExtensionFollowsItsBid) {
  Terms terms = sample_terms();
  terms.soft_close = SoftClose{Duration{3'600'000}, Duration{3'600'000}, SoftClose::Mode::from_bid, std::nullopt};
  AuctionScript one(1, terms);
  const auto created = one.create();
  const auto bid = one.bid("Bob", 1000, script_start + Duration{1});
  Record extended = with_payload(bid[1], R"("sequence":4)", R"("sequence":3)");
  extended.sequence = Sequence{3};
  EXPECT_EQ(said({created[0], created[1], extended}),
            "auction 1, sequence 3: it does not follow the bid that it belongs to");
}

TEST(Replay, AnEpochNeverFalls) {
  AuctionScript one(1, sample_terms(), Epoch{2});
  auto records = one.create();
  records[1] = with_payload(records[1], R"("epoch":2)", R"("epoch":1)");
  EXPECT_EQ(said(records), "auction 1, sequence 2: epoch: 1 is lower than that of the event before it, 2");
}

TEST(Replay, TermsAreThoseThatMayBeCreated) {
  Terms terms = sample_terms();
  terms.opens_at = terms.closes_at;
  EXPECT_EQ(said({AuctionScript(1, terms).create()[0]}), "auction 1, sequence 1: closes_at is after opens_at");
  // Let in before its end, created after it: the command was on its way.
  AuctionScript late(1);
  EXPECT_EQ(said(late.create(script_start + Duration{3'600'001})), "");
}

TEST(Replay, ARejectionRestsOnAnAuction) {
  const Replay replay(AuctionId{1});
  const auto checked = replay.check_rejection(BidAnswer{}, "{}");
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().detail, HasSubstr("as_of_sequence"));
}

TEST(HistoryStep, AnAnswerSaysWhatItsColumnsSay) {
  AuctionScript one(1);
  one.create();
  const Record answer = one.reject("Bob", 1, script_start, key_use(Operation::bid, "Bob", "k", "1"));
  ASSERT_TRUE(read_step(answer));
  const auto refused = [](Record record) { return read_step(record).error().detail; };
  Record wrong = answer;
  wrong.auction = AuctionId{2};
  EXPECT_THAT(refused(wrong), HasSubstr("columns and its payload differ"));
  wrong = answer;
  wrong.at = script_start + Duration{1};
  EXPECT_THAT(refused(wrong), HasSubstr("columns and its payload differ"));
  wrong = answer;
  wrong.sequence = Sequence{1};
  EXPECT_THAT(refused(wrong), HasSubstr("an answer has no sequence"));
  wrong = answer;
  wrong.secret = "";
  EXPECT_THAT(refused(wrong), HasSubstr("without its idempotency key"));
  wrong = with_payload(answer, R"("verdict":"rejected","reason":"amount_below_minimum","auction_id":1)",
                       R"("verdict":"accepted","auction_id":1,"sequence":3)");
  EXPECT_THAT(refused(wrong), HasSubstr("columns and its payload differ"));
  EXPECT_THAT(refused(with_payload(answer, "rejected", "refused")), HasSubstr("damaged"));
}

TEST(HistoryStep, AnAuctionBeginsWithCreatedAndHasNoOther) {
  AuctionScript one(1);
  std::vector<DecodedEvent> events;
  for (const Record& record : one.create()) events.push_back(*decode_event(*record.payload, record.secret));
  ASSERT_TRUE(as_created(AuctionId{1}, events));
  EXPECT_THAT(as_created(AuctionId{1}, {}).error().detail, HasSubstr("its first event is missing"));
  events[1].event = {Sequence{2}, script_start, events[0].event.body};
  Auction auction;
  ASSERT_TRUE(advance(auction, AuctionId{1}, events[0].event));
  EXPECT_THAT(advance(auction, AuctionId{1}, events[1].event).error().detail,
              HasSubstr("event 1 is created, and no other"));
  events[0].event.body = Opened{};
  EXPECT_THAT(as_created(AuctionId{1}, events).error().detail, HasSubstr("event 1 is created, and no other"));
}

// Texts that only a defect, or somebody, could have written.
TEST(Codecs, RefuseWhatIsNotWritten) {
  AuctionScript one(1);
  one.create();
  std::string image;
  encode_image(one.auction(), image);
  ASSERT_TRUE(decode_image(image));
  const auto refused = [](std::string text, const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
    return decode_image(text).error().detail;
  };
  EXPECT_THAT(refused(image, R"("state":"open")", R"("state":"ajar")"), HasSubstr("expected a state"));
  EXPECT_THAT(refused(image, R"("bids":0)", R"("bids":1)"), HasSubstr("a price goes with bids"));
  EXPECT_THAT(decode_image(image.substr(0, image.size() - 1)).error().detail, HasSubstr("an auction's image"));

  one.bid("Bob", 1000);
  const std::string closed = *one.play(Tick{}, one.auction().closes_at)[0].payload;
  ASSERT_TRUE(decode_event(closed, ""));
  const auto wrong_sale = [&](const std::string& from, const std::string& to) {
    std::string text = closed;
    text.replace(text.find(from), from.size(), to);
    return decode_event(text, "").error().detail;
  };
  EXPECT_THAT(wrong_sale(R"("price":1000)", R"("price":null)"), HasSubstr("a sale has a winner and a price"));
  EXPECT_THAT(wrong_sale(R"("winner":"Bob")", R"("winner":null)"), HasSubstr("a sale has a winner and a price"));
  EXPECT_THAT(wrong_sale(R"("sold":true)", R"("sold":false)"), HasSubstr("a sale has a winner and a price"));
}

TEST(Codecs, EveryEscapeIsReadBack) {
  Terms terms = sample_terms();
  terms.description = "\b\f\n\r\t\x01\"\\/";
  AuctionScript one(1, terms);
  const auto created = one.create();
  const auto decoded = decode_event(*created[0].payload, created[0].secret);
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(std::get<Created>(decoded->event.body).terms->description, terms.description);
}

// One text for one thing: an escape for what has a shorter one, or needs none, was not written here.
TEST(Codecs, RefuseOtherWaysToWriteTheSame) {
  Terms terms = sample_terms();
  terms.description = "a\nb";
  const Record created = AuctionScript(1, terms).create()[0];
  for (const char* other :
       {R"(\u000a)", R"(\u000A)", R"(\u0008)", R"(\u0009)", R"(\u000c)", R"(\u000d)", R"(\u0041)"}) {
    const Record changed = with_payload(created, R"(\n)", other);
    EXPECT_FALSE(decode_event(*changed.payload, changed.secret)) << other;
  }
}

TEST(Codecs, NobodyHasAKeyToo) {
  KeyUse use = key_use(Operation::cancel, "x", "k", "f");
  use.caller = BidderId{};
  const auto secret = decode_secret(encode_secret({std::nullopt, use}));
  ASSERT_TRUE(secret) << secret.error().detail;
  EXPECT_EQ(secret->key_use, use);
}

}  // namespace
}  // namespace flashbid::testing
