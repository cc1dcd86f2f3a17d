#include "ledger/event_codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "ledger/json_text.hpp"
#include "support/auction_script.hpp"

namespace flashbid {
namespace {

using testing::bidder;
using ::testing::HasSubstr;
using testing::key_use;
using testing::sample_terms;

constexpr Timestamp noon{1'764'000'000'123};  // 2025-11-24T16:00:00.123Z

std::string encoded(const Event& event, AuctionId auction = AuctionId{7}, Epoch epoch = Epoch{2}) {
  std::string json;
  encode_event(auction, epoch, event, json);
  return json;
}

Event bid_event() {
  return {Sequence{17}, noon,
          BidAccepted{bidder("Alice"), Amount{10600}, Amount{10600}, bidder("Alice"), Amount{10700},
                      noon + Duration{60'000}}};
}

// Each text is the contract: what watchers, history and the ledger hold.
TEST(EventCodec, TextOfABid) {
  EXPECT_EQ(encoded(bid_event()),
            R"({"auction_id":7,"epoch":2,"sequence":17,"event":"bid_accepted","bidder":"Alice","amount":10600,)"
            R"("price":10600,"leader":"Alice","minimum_next":10700,"closes_at":"2025-11-24T16:01:00.123Z",)"
            R"("at":"2025-11-24T16:00:00.123Z"})");
}

TEST(EventCodec, TextOfTheOtherEvents) {
  EXPECT_EQ(encoded({Sequence{2}, noon, Opened{}}),
            R"({"auction_id":7,"epoch":2,"sequence":2,"event":"opened","at":"2025-11-24T16:00:00.123Z"})");
  EXPECT_EQ(encoded({Sequence{3}, noon, Cancelled{}}),
            R"({"auction_id":7,"epoch":2,"sequence":3,"event":"cancelled","at":"2025-11-24T16:00:00.123Z"})");
  EXPECT_EQ(encoded({Sequence{4}, noon, Extended{noon, 3}}),
            R"({"auction_id":7,"epoch":2,"sequence":4,"event":"extended","closes_at":"2025-11-24T16:00:00.123Z",)"
            R"("extensions":3,"at":"2025-11-24T16:00:00.123Z"})");
  EXPECT_EQ(encoded({Sequence{5}, noon, Closed{bidder("Bob"), Amount{5}, true}}),
            R"({"auction_id":7,"epoch":2,"sequence":5,"event":"closed","winner":"Bob","price":5,"sold":true,)"
            R"("at":"2025-11-24T16:00:00.123Z"})");
  EXPECT_EQ(encoded({Sequence{5}, noon, Closed{{}, std::nullopt, false}}),
            R"({"auction_id":7,"epoch":2,"sequence":5,"event":"closed","winner":null,"price":null,"sold":false,)"
            R"("at":"2025-11-24T16:00:00.123Z"})");
}

TEST(EventCodec, CreatedShowsTheAuctionButNeverItsReserve) {
  Terms terms = sample_terms();
  terms.title = "A \"lot\"\\\n\x01 中";
  terms.reserve = Amount{987654};
  terms.soft_close = SoftClose{Duration{60'000}, Duration{30'000}, SoftClose::Mode::from_close, 5};
  terms.increment = *Increment::table({{Amount{1000}, Amount{50}}, {std::nullopt, Amount{100}}});
  terms.seller = bidder("shop@example.org");
  const std::string json = encoded({Sequence{1}, noon, Created{std::make_shared<const Terms>(terms)}});
  EXPECT_EQ(json,
            R"({"auction_id":7,"epoch":2,"sequence":1,"event":"created","auction":{"id":7,)"
            R"("title":"A \"lot\"\\\n\u0001 中","currency":"CNY","format":"english","opening_price":1000,)"
            R"("increment":{"table":[[1000,50],[null,100]]},"opens_at":"2027-01-15T08:00:00.000Z",)"
            R"("soft_close":{"window_ms":60000,"extend_ms":30000,"mode":"from_close","max_extensions":5},)"
            R"("seller":"shop@example.org","self_outbid":true,"amount_limit":null,"description":"","image_url":null,)"
            R"("closes_at":"2027-01-15T09:00:00.000Z","reserve_met":false,"state":"scheduled","price":null,)"
            R"("leader":null,"minimum_next":1000,"bids":0,"extensions":0,"winner":null,"sold":null},)"
            R"("at":"2025-11-24T16:00:00.123Z"})");
  EXPECT_THAT(json, ::testing::Not(HasSubstr("987654")));

  const auto decoded = decode_event(json, encode_secret({terms.reserve, std::nullopt}));
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(*std::get<Created>(decoded->event.body).terms, terms);
  // Read without its secret, the reserve stays hidden.
  const auto hidden = decode_event(json, {});
  ASSERT_TRUE(hidden);
  EXPECT_FALSE(std::get<Created>(hidden->event.body).terms->reserve);
}

TEST(EventCodec, AReserveThatDoesNotFitIsCorrupt) {
  Terms terms = sample_terms();
  const std::string without = encoded({Sequence{1}, noon, Created{std::make_shared<const Terms>(terms)}});
  terms.reserve = Amount{5};
  const std::string with = encoded({Sequence{1}, noon, Created{std::make_shared<const Terms>(terms)}});
  const Secret only_key{std::nullopt, key_use(Operation::create, "s", "k", "f")};
  EXPECT_FALSE(decode_event(with, encode_secret(only_key)));
  EXPECT_FALSE(decode_event(without, encode_secret({Amount{5}, std::nullopt})));
  EXPECT_TRUE(decode_event(without, encode_secret(only_key)));
}

TEST(EventCodec, PresetsAreWrittenByName) {
  Terms terms = sample_terms();
  terms.increment = *Increment::preset(IncrementPreset::ebay_us, terms.currency);
  std::string json;
  encode_public_terms(terms, json);
  EXPECT_THAT(json, HasSubstr(R"("increment":{"preset":"ebay-us"},)"));
}

// Every single changed, missing or added byte is refused, or reads as another well-formed event: never as the same.
TEST(EventCodec, NoOtherTextReadsAsTheSameEvent) {
  Terms terms = sample_terms();
  terms.title = "t\"\\\n";
  for (const Event& event : {bid_event(), Event{Sequence{1}, noon, Created{std::make_shared<const Terms>(terms)}},
                             Event{Sequence{9}, noon, Closed{bidder("B"), Amount{7}, true}}}) {
    const std::string json = encoded(event);
    const auto expect_other = [&](const std::string& changed) {
      const auto decoded = decode_event(changed, {});
      if (!decoded) {
        EXPECT_EQ(decoded.error().failure, Failure::corrupt);
        EXPECT_THAT(decoded.error().detail, HasSubstr("damaged at byte"));
        return;
      }
      std::string again;
      encode_event(decoded->auction, decoded->epoch, decoded->event, again);
      EXPECT_EQ(again, changed) << "read leniently";
    };
    for (std::size_t i = 0; i < json.size(); ++i) {
      for (const char c : {' ', '"', '0', '1', '\\', '}', ',', '\0', '\x80'}) {
        std::string changed = json;
        changed[i] = c;
        if (changed != json) expect_other(changed);
        changed = json;
        changed.insert(i, 1, c);
        expect_other(changed);
      }
      expect_other(json.substr(0, i));
      std::string shorter = json;
      shorter.erase(i, 1);
      expect_other(shorter);
    }
    expect_other(json + " ");
    expect_other("");
    // Another spelling of the same letter.
    for (const std::string_view other : {"\\u000a", "\\u000A", "\\u0022", "\\/"}) {
      std::string changed = json;
      if (const std::size_t at = changed.find("\\n"); at != std::string::npos) changed.replace(at, 2, other);
      if (changed != json) expect_other(changed);
    }
  }
}

TEST(EventCodec, CorruptionIsSaidWithItsPlace) {
  std::string json = encoded(bid_event());
  json.replace(json.find("10600"), 5, "1e600");
  const auto decoded = decode_event(json, {});
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().failure, Failure::corrupt);
  EXPECT_EQ(decoded.error().detail, R"(an event is damaged at byte 90 of 218: expected ,"price":)");
}

TEST(EventCodec, AmountsBeyondTheSafeIntegersAreRefused) {
  std::string json =
      encoded({Sequence{17}, noon, BidAccepted{bidder("A"), max_amount, max_amount, bidder("A"), std::nullopt, noon}});
  EXPECT_THAT(json, HasSubstr(R"("amount":9007199254740991,)"));
  EXPECT_THAT(json, HasSubstr(R"("minimum_next":null,)"));
  EXPECT_TRUE(decode_event(json, {}));
  json.replace(json.find("9007199254740991"), 16, "9007199254740992");
  EXPECT_FALSE(decode_event(json, {}));
}

TEST(SecretCodec, RoundTrip) {
  const KeyUse use = key_use(Operation::cancel, "op", "k\"1\\", "finger\nprint");
  for (const Secret& secret :
       {Secret{}, Secret{Amount{0}, std::nullopt}, Secret{std::nullopt, use}, Secret{Amount{7}, use}}) {
    const auto decoded = decode_secret(encode_secret(secret));
    ASSERT_TRUE(decoded) << decoded.error().detail;
    EXPECT_EQ(*decoded, secret);
  }
  EXPECT_EQ(encode_secret({}), "");
  EXPECT_EQ(encode_secret({Amount{7}, use}),
            R"({"reserve":7,"operation":"cancel","caller":"op","key":"k\"1\\","fingerprint":"finger\nprint"})");
  for (const char* bad : {"{}", R"({"reserve":7)", R"({"reserve":7,})", R"({"reserve":null})",
                          R"({"operation":"buy","caller":"a","key":"k","fingerprint":"f"})",
                          R"({"operation":"bid","caller":"a","key":"","fingerprint":"f"})",
                          R"({"operation":"bid","caller":"a b","key":"k","fingerprint":"f"})"}) {
    EXPECT_FALSE(decode_secret(bad)) << bad;
  }
}

// What operators' events carry since `by` is there; records without it stay readable, and unknown is written as before.
TEST(SecretCodec, WhoDidIt) {
  const KeyUse use = key_use(Operation::cancel, "op", "k", "f");
  const std::string use_text = R"("operation":"cancel","caller":"op","key":"k","fingerprint":"f")";
  const std::vector<std::pair<Secret, std::string>> texts{
      {{std::nullopt, std::nullopt, bidder("ops-2")}, R"({"by":"ops-2"})"},
      {{Amount{7}, std::nullopt, bidder("boss")}, R"({"reserve":7,"by":"boss"})"},
      {{std::nullopt, use, bidder("a:b@c")}, R"({"by":"a:b@c",)" + use_text + "}"},
      {{Amount{7}, use, bidder("boss")}, R"({"reserve":7,"by":"boss",)" + use_text + "}"},
      {{Amount{7}, use}, R"({"reserve":7,)" + use_text + "}"},
      {{Amount{7}, std::nullopt}, R"({"reserve":7})"},
      {{std::nullopt, use}, "{" + use_text + "}"}};
  for (const auto& [secret, text] : texts) {
    EXPECT_EQ(encode_secret(secret), text);
    const auto decoded = decode_secret(text);
    ASSERT_TRUE(decoded) << decoded.error().detail;
    EXPECT_EQ(*decoded, secret);
  }
  for (const char* bad : {R"({"by":""})", R"({"by":null})", R"({"by":"a b"})", R"({"by":"a"b"})", R"({"by":"a",})",
                          R"({"by":"a","reserve":7})", R"({"reserve":7"by":"a"})", R"({"by":"a","by":"b"})"}) {
    EXPECT_FALSE(decode_secret(bad)) << bad;
  }
}

TEST(AnswerCodec, RoundTripAndText) {
  BidAnswer rejected{AuctionId{1},
                     Verdict::rejected,
                     Reason::amount_below_minimum,
                     Sequence{0},
                     bidder("Bob"),
                     Amount{5},
                     std::nullopt,
                     {},
                     Amount{1000},
                     noon,
                     Sequence{2},
                     noon};
  std::string json;
  encode_answer(rejected, json);
  EXPECT_EQ(json, R"({"verdict":"rejected","reason":"amount_below_minimum","auction_id":1,"bidder":"Bob","amount":5,)"
                  R"("price":null,"leader":null,"minimum_next":1000,"closes_at":"2025-11-24T16:00:00.123Z",)"
                  R"("as_of_sequence":2,"decided_at":"2025-11-24T16:00:00.123Z"})");
  auto decoded = decode_answer(json);
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(*decoded, rejected);

  const BidAnswer accepted{AuctionId{1}, Verdict::accepted, Reason::none, Sequence{9}, bidder("Bob"), Amount{5},
                           Amount{5},    bidder("Bob"),     std::nullopt, noon,        Sequence{9},   noon};
  json.clear();
  encode_answer(accepted, json);
  EXPECT_THAT(json, ::testing::StartsWith(R"({"verdict":"accepted","auction_id":1,"sequence":9,"bidder":"Bob",)"));
  decoded = decode_answer(json);
  ASSERT_TRUE(decoded) << decoded.error().detail;
  EXPECT_EQ(*decoded, accepted);
  EXPECT_FALSE(decode_answer(json.substr(0, json.size() - 1)));
  EXPECT_FALSE(decode_answer(R"({"verdict":"rejected","reason":"","auction_id":1})"));
}

TEST(JsonText, ControlCharactersQuotesAndBackslashesAreEscaped) {
  std::string out;
  json::append_text(std::string_view("\0\x1f\b\f\n\r\t\"\\/\x7f é", 14), out);
  EXPECT_EQ(out, "\"\\u0000\\u001f\\b\\f\\n\\r\\t\\\"\\\\/\x7f é\"");
}

}  // namespace
}  // namespace flashbid
