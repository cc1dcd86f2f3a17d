#include "relay/envelope.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/auction_script.hpp"

namespace flashbid::testing {
namespace {

using ::testing::HasSubstr;

const Origin origin{.ledger = "redis", .shards = 16, .shard = 3};

std::vector<Record> some_events() {
  Terms terms = sample_terms();
  terms.title = "\"{[ \\ 中文";
  terms.reserve = Amount{5'000};
  AuctionScript one(3, terms);
  return one.create() + one.bid("Alice", 1'000, script_start, key_use(Operation::bid, "Alice", "k", "1000"));
}

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(Envelope, IsACloudEvent) {
  std::string text;
  const auto events = some_events();
  encode_envelope(origin, events.back(), text);
  EXPECT_EQ(text.substr(0, text.find(R"("data":)")),
            R"({"specversion":"1.0","id":"3-1-3","source":"/flashbid/redis/16/3","type":"flashbid.bid_accepted.v1",)"
            R"("subject":"3","time":"2027-01-15T08:00:00.000Z",)");
  EXPECT_TRUE(text.ends_with(*events.back().payload + "}"));
}

// For a queue or a webhook that is given no secrets, this is all there is.
TEST(Envelope, HoldsNothingOfTheSecrets) {
  Terms terms = sample_terms();
  terms.reserve = Amount{734'918'265'501};
  AuctionScript one(3, terms);
  const auto events = one.create() + one.bid("Alice", 1'000, script_start,
                                             key_use(Operation::bid, "Alice", "vexing-key", "print-1000"));
  const std::string secrets = encode_secrets(events);
  const std::string text = encode_envelopes(origin, events);
  for (const char* hidden : {"734918265501", "vexing-key", "print-1000"}) {
    ASSERT_THAT(secrets, HasSubstr(hidden)) << "it is beside the envelopes";
    EXPECT_EQ(text.find(hidden), std::string::npos) << hidden;
  }
  EXPECT_THAT(text, HasSubstr(R"("bidder":"Alice")")) << "what leaves by a relay is the house's own: whole names";
  EXPECT_THAT(text, HasSubstr(R"("reserve_met":false)"));
}

TEST(Envelope, IsOpenedByteForByte) {
  const auto events = some_events();
  const std::string secrets = encode_secrets(events);
  const auto opened = open_envelopes(encode_envelopes(origin, events), secrets);
  ASSERT_TRUE(opened) << opened.error().detail;
  EXPECT_EQ(opened->origin, origin);
  ASSERT_EQ(opened->records.size(), events.size());
  for (std::size_t k = 0; k < events.size(); ++k) {
    EXPECT_EQ(*opened->records[k].payload, *events[k].payload);
    EXPECT_EQ(opened->records[k].secret, events[k].secret);
    EXPECT_EQ(opened->records[k].auction, events[k].auction);
    EXPECT_EQ(opened->records[k].sequence, events[k].sequence);
    EXPECT_EQ(opened->records[k].at, events[k].at);
  }
}

TEST(Envelope, MayStandAloneInAnyOrderAndWithMoreThanIsKnown) {
  const auto events = some_events();
  std::string text;
  encode_envelope(origin, events.back(), text);
  const std::string head = R"({"specversion":"1.0",)";
  text = " { \"new\" : [1,{}], " + text.substr(head.size(), text.size() - head.size() - 1) +
         ", \"specversion\":\"1.0\"} \n";
  const auto opened = open_envelopes(text, std::nullopt);
  ASSERT_TRUE(opened) << opened.error().detail;
  EXPECT_EQ(*opened->records.at(0).payload, *events.back().payload);
  EXPECT_EQ(opened->records.at(0).secret, "");
}

TEST(Envelope, SaysWhatIsWrong) {
  const auto events = some_events();
  const std::string good = encode_envelopes(origin, events);
  const std::string secrets = encode_secrets(events);
  const auto why = [&](const std::string& body, std::optional<std::string_view> hidden = std::nullopt) {
    const auto opened = open_envelopes(body, hidden);
    if (opened) return std::string("opened");
    EXPECT_EQ(opened.error().failure, Failure::invalid);
    return opened.error().detail;
  };
  ASSERT_EQ(why(good, secrets), "opened");
  for (const char* wrong : {"", "x", "{", "[{]", "[", "\xff", "[1]", "7", "null", "{}", "[[]]"}) {
    EXPECT_NE(why(wrong), "opened") << wrong;
  }
  EXPECT_THAT(why("[]"), HasSubstr("no event"));
  EXPECT_NE(why(good.substr(0, good.size() - 1)), "opened");
  EXPECT_NE(why(good + "x"), "opened");
  EXPECT_NE(why(good + good), "opened");
  EXPECT_THAT(why(good + ",[]"), HasSubstr("follows"));
  std::string one;
  encode_envelope(origin, events.back(), one);
  EXPECT_THAT(why(one + one), HasSubstr("follows"));
  EXPECT_THAT(why(replaced(good, R"("1.0")", R"("0.3")")), HasSubstr("CloudEvents"));
  EXPECT_THAT(why(replaced(good, "/flashbid/", "/else/")), HasSubstr("source"));
  EXPECT_THAT(why(replaced(good, "redis/16/3", "redis/16/16")), HasSubstr("source"));
  EXPECT_THAT(why(replaced(good, "redis/16/3", "redis/16/4")), HasSubstr("several"));
  EXPECT_THAT(why(replaced(good, "created.v1", "created.v2")), HasSubstr("type"));
  EXPECT_THAT(why(replaced(good, R"("id":"3-1-1")", R"("id":"3-1-2")")), HasSubstr("id"));
  EXPECT_THAT(why(replaced(good, R"("data":{"auction_id":3)", R"("data":{"auction_id":0)")), HasSubstr("data"));
  EXPECT_THAT(why(replaced(good, R"("data":{)", R"("data":7,"x":{)")), HasSubstr("data"));
  EXPECT_THAT(why(good, "[]"), HasSubstr("as many"));
  EXPECT_THAT(why(good, replaced(secrets, "[", R"(["",)")), HasSubstr("as many"));
  EXPECT_THAT(why(good, "[1,2,3]"), HasSubstr("strings"));
  EXPECT_THAT(why(good, "nothing"), HasSubstr("strings"));
}

}  // namespace
}  // namespace flashbid::testing
