// The texts that cross the border to Lua.
#include "engine/redis/rules_text.hpp"

#include <gtest/gtest.h>

#include "engine/redis/functions.hpp"
#include "engine/redis/library.hpp"
#include "support/auctions.hpp"
#include "support/lua_rules.hpp"
#include "support/random.hpp"

namespace flashbid {
namespace {

TEST(RulesText, PlainTerms) { EXPECT_EQ(rules_text(support::plain_terms()), "10000 - - 1000 - 0 b - 1 100 "); }

TEST(RulesText, EveryOption) {
  Terms terms = support::plain_terms();
  terms.amount_limit = max_amount;
  terms.reserve = Amount{0};
  terms.soft_close = SoftClose{
      .window = {1'000}, .extend = {2'000}, .mode = SoftClose::Mode::from_close, .max_extensions = 4'294'967'295};
  terms.self_outbid = false;
  terms.increment =
      Increment::table({{Amount{10}, Amount{1}}, {Amount{20}, Amount{2}}, {std::nullopt, Amount{3}}}).value();
  terms.seller = support::bidder("dealer:7");
  EXPECT_EQ(rules_text(terms), "10000 9007199254740991 0 1000 1000 2000 c 4294967295 0 10:1,20:2,:3 dealer:7");
}

TEST(RulesText, ATableOfOneRowIsATable) {
  Terms terms = support::plain_terms();
  terms.increment = Increment::table({{std::nullopt, Amount{5}}}).value();
  EXPECT_EQ(rules_text(terms), "10000 - - 1000 - 0 b - 1 :5 ");
  support::LuaRules lua;
  EXPECT_EQ(lua.minimum_next(terms, Amount{7}), Amount{12});
}

TEST(BidReply, IsReadAsItIsWritten) {
  const Bid bid = support::bid("Alice", 10'000);
  const auto accepted = read_bid_reply_in_full("0 3 10000 10100 20000 4 1500 1 Alice", AuctionId{7}, bid).value();
  EXPECT_TRUE(accepted.repeated);
  EXPECT_EQ(accepted.answer.verdict, Verdict::accepted);
  EXPECT_EQ(accepted.answer.auction, AuctionId{7});
  EXPECT_EQ(accepted.answer.sequence, Sequence{3});
  EXPECT_EQ(accepted.answer.as_of_sequence, Sequence{4});
  EXPECT_EQ(accepted.answer.closes_at, Timestamp{20'000});
  EXPECT_EQ(accepted.answer.decided_at, Timestamp{1'500});
  EXPECT_EQ(bid_reply_text(accepted.answer), "0 3 10000 10100 20000 4 1500 0 Alice");

  const BidAnswer rejected = read_bid_reply("1 0 - 10000 20000 1 500 0 ", AuctionId{7}, bid).value();
  EXPECT_EQ(rejected.reason, Reason::not_open_yet);
  EXPECT_EQ(rejected.price, std::nullopt);
  EXPECT_TRUE(rejected.leader.empty());
  EXPECT_EQ(bid_reply_text(rejected), "1 0 - 10000 20000 1 500 0 ");
}

TEST(BidReply, WhatTheFunctionNeverSaysIsCorrupt) {
  const Bid bid = support::bid("Alice", 10'000);
  for (const auto* reply : {
           "",
           "0",
           "0 3 10000 10100 20000 4 1500 0",  // no word for the leader
           "8 0 - 10000 20000 1 500 0 ",      // no such reason
           "-1 0 - 10000 20000 1 500 0 ",
           "0 3 10000 10100 20000 4 1500 2 Alice",  // repeated is 0 or 1
           "0 0 10000 10100 20000 4 1500 0 Alice",  // accepted without an event
           "6 3 10000 10100 20000 4 1500 0 Alice",  // rejected with one
           "0 5 10000 10100 20000 4 1500 0 Alice",  // an event later than the state
           "0 3 10000 10100 20000 4 1500 0 Bob",    // accepted, and another leads
           "0 3 9999 10100 20000 4 1500 0 Alice",   // or another amount stands
           "6 0 10000 10100 20000 4 1500 0 ",       // a price that is nobody's
           "6 0 - 10100 20000 4 1500 0 Bob",        // a leader without a price
           "6 0 9007199254740992 - 20000 4 1500 0 Bob",
           "6 0 1e4 - 20000 4 1500 0 Bob",
           "6 0 10000 10100 253402300800000 4 1500 0 Bob",
           "6 0 10000 10100 20000 4 1500 0 two words",
       }) {
    const auto read = read_bid_reply(reply, AuctionId{7}, bid);
    ASSERT_FALSE(read) << reply;
    EXPECT_EQ(read.error().failure, Failure::corrupt) << reply;
  }
}

TEST(ErrorReply, IsKnownByItsFirstWord) {
  const auto read = [](const char* line) {
    return error_of(redis::Reply::of_text(line, redis::Reply::Kind::error), AuctionId{7}, {});
  };
  EXPECT_EQ(read("EPOCH 3").failure, Failure::unavailable);
  EXPECT_EQ(read("NOSHARD this Redis holds no shard").failure, Failure::unavailable);
  EXPECT_EQ(read("NOTFOUND there is no auction 7").failure, Failure::not_found);
  EXPECT_EQ(read("EXISTS auction 7 is there already").failure, Failure::conflict);
  EXPECT_EQ(read("CONFLICT closed").failure, Failure::conflict);
  EXPECT_EQ(read("KEYREUSED the key").failure, Failure::key_reused);
  EXPECT_EQ(read("ERR Function not found").failure, Failure::internal);
  EXPECT_EQ(read("").failure, Failure::internal);
}

TEST(Library, IsNamedAfterItsText) {
  const LuaLibrary& library = redis_library();
  EXPECT_EQ(library.version.size(), 8U);
  EXPECT_EQ(library.text.find("#!lua name=flashbid_" + library.version + "\n"), 0U);
  EXPECT_EQ(library.function("bid"), "bid_" + library.version);
  EXPECT_NE(join_library("-- other functions").version, library.version);
  EXPECT_EQ(join_library("-- other functions").version, join_library("-- other functions").version);
}

// Every kind of year, the first and the last moment, and the days on which a calendar goes wrong.
TEST(MomentText, AsCppWritesIt) {
  support::LuaRules lua;
  for (const auto* text : {"1970-01-01T00:00:00.000Z", "1972-02-29T23:59:59.999Z", "1999-12-31T23:59:59.999Z",
                           "2000-02-29T00:00:00.000Z", "2000-03-01T00:00:00.000Z", "2100-02-28T23:59:59.999Z",
                           "2100-03-01T00:00:00.000Z", "2400-02-29T12:00:00.001Z", "9999-12-31T23:59:59.999Z"}) {
    EXPECT_EQ(lua.moment_text(parse_timestamp(text).value()), text);
  }
  support::Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    const Timestamp time{random.below(max_timestamp.ms + 1)};
    ASSERT_EQ(lua.moment_text(time), to_text(time)) << time.ms;
  }
}

}  // namespace
}  // namespace flashbid
