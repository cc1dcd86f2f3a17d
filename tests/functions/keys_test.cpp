// Idempotency keys of bids: one effect, one answer, and for how long it is remembered.
#include "functions/shard.hpp"

namespace flashbid::functions {
namespace {

class Keys : public Shard {
 protected:
  static std::int64_t ttl(const std::string& name) { return std::stoll(redis().ask({"PTTL", name}).text); }

  static std::set<std::string> all(const std::string& pattern) {
    std::set<std::string> names;
    for (const RedisValue& name : redis().ask({"KEYS", pattern}).items) names.insert(name.text);
    return names;
  }

  static std::int64_t rejections() { return static_cast<std::int64_t>(all("flashbid:?0?:r:*").size()); }
};

TEST_F(Keys, AnAcceptedBidIsAnsweredAgain) {
  create(1, open_terms());
  const auto first = answer(1, "Alice", 10'000, "k-1");
  EXPECT_FALSE(first.repeated);
  answer(1, "Bob", 10'100);
  const auto again = answer(1, "Alice", 10'000, "k-1");
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.answer, first.answer) << "as it was then";
  EXPECT_EQ(stream().size(), 4U);
  EXPECT_EQ(stream()[2].fields.at("x"), encode_secret({.reserve = {},
                                                       .key_use = KeyUse{.operation = Operation::bid,
                                                                         .caller = support::bidder("Alice"),
                                                                         .key = parse_idempotency_key("k-1").value(),
                                                                         .fingerprint = "10000"}}));
}

TEST_F(Keys, ARejectedBidIsAnsweredAgain) {
  create(1, open_terms());
  const auto first = answer(1, "Alice", 9'999, "k-1");
  EXPECT_EQ(first.answer.reason, Reason::amount_below_minimum);
  answer(1, "Bob", 10'000);
  const auto again = answer(1, "Alice", 9'999, "k-1");
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.answer, first.answer);
}

TEST_F(Keys, AnotherAmountUnderTheSameKeyIsRefused) {
  create(1, open_terms());
  answer(1, "Alice", 10'000, "taken");
  answer(1, "Alice", 5, "rejected");
  expect_error(bid(1, "Alice", 10'001, "taken"), "KEYREUSED");
  expect_error(bid(1, "Alice", 10'100, "rejected"), "KEYREUSED");
  EXPECT_EQ(stream().size(), 3U);
}

TEST_F(Keys, AKeyIsItsBiddersAndItsAuctions) {
  create(1, open_terms());
  create(2, open_terms());
  answer(1, "Alice", 10'000, "k-1");
  EXPECT_FALSE(answer(1, "Bob", 10'100, "k-1").repeated);
  EXPECT_FALSE(answer(2, "Alice", 10'000, "k-1").repeated);
  // Both may hold colons: their border has to be plain.
  answer(1, "a:b", 1, "c");
  EXPECT_FALSE(answer(1, "a", 1, "b:c").repeated);
  EXPECT_FALSE(answer(1, "a:b:c", 1, "d").repeated);
}

TEST_F(Keys, KeysOfEveryVisibleCharacterAreKept) {
  create(1, open_terms());
  std::int64_t amount = 10'000;
  for (char c = '!'; c <= '~'; ++c, amount += 100) {
    const std::string used_key{c, '%', c};
    const auto first = answer(1, "Alice", amount, used_key).answer;
    ASSERT_EQ(first.verdict, Verdict::accepted);
    ASSERT_EQ(answer(1, "Alice", amount, used_key).answer, first);
    const auto secret = decode_secret(stream().back().fields.at("x"));
    ASSERT_TRUE(secret && secret->key_use) << stream().back().fields.at("x");
    ASSERT_EQ(secret->key_use->key.view(), used_key);
    ASSERT_EQ(encode_secret(*secret), stream().back().fields.at("x"));
  }
}

TEST_F(Keys, AKeyOutlivesTheEnd) {
  create(1, open_terms());
  const auto taken = answer(1, "Alice", 10'000, "k-1");
  cancel(1);
  EXPECT_EQ(answer(1, "Alice", 10'000, "k-1").answer, taken.answer);
}

TEST_F(Keys, WhatIsKeptForATimeHasItsTime) {
  create(1, open_terms(), "op", "c-1", "body");
  call("reserve_id", {"", "op", "r-1", "body", ms(now() + Duration{day_ms})});
  answer(1, "Alice", 10'000, "taken");
  answer(1, "Alice", 1, "rejected");
  EXPECT_EQ(ttl(suffixed("k:1")), -1) << "for as long as bids are taken";
  EXPECT_GT(ttl(suffixed("r:1:Alice rejected")), 590'000);
  EXPECT_LE(ttl(suffixed("r:1:Alice rejected")), 600'000);
  cancel(1);
  EXPECT_GT(ttl(suffixed("k:1")), day_ms - 10'000);
  EXPECT_LE(ttl(suffixed("k:1")), day_ms);
  // Nothing else may stay for ever but what belongs to the auction or the shard.
  std::set<std::string> for_ever;
  for (const auto& name : all("*")) {
    if (ttl(name) == -1) for_ever.insert(name);
  }
  EXPECT_EQ(for_ever, (std::set<std::string>{"flashbid:{0}", suffixed("stream"), suffixed("a:1"), suffixed("i:1"),
                                             suffixed("ids"), suffixed("ids:cancelled"), suffixed("over"),
                                             suffixed("rejected")}));
}

TEST_F(Keys, RejectionsAreBoundedAndTheNewestKept) {
  redis().ask({"HSET", key, "shards", "1000"});  // 100 of them for this shard
  create(1, open_terms());
  for (int i = 0; i < 300; ++i) answer(1, "Alice", 1, "k-" + std::to_string(i));
  EXPECT_EQ(rejections(), 100);
  EXPECT_EQ(redis().ask({"LLEN", suffixed("rejected")}).text, "100");
  EXPECT_TRUE(answer(1, "Alice", 1, "k-200").repeated);
  EXPECT_TRUE(answer(1, "Alice", 1, "k-299").repeated);
  EXPECT_FALSE(answer(1, "Alice", 1, "k-199").repeated);
}

TEST_F(Keys, AKeyUsedAnewIsNotForgottenWithItsFirstUse) {
  redis().ask({"HSET", key, "shards", "1000"});
  create(1, open_terms());
  answer(1, "Alice", 1, "anew");
  redis().ask({"DEL", suffixed("r:1:Alice anew")});  // its time is over
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  for (int i = 0; i < 90; ++i) answer(1, "Alice", 1, "k-" + std::to_string(i));
  EXPECT_FALSE(answer(1, "Alice", 1, "anew").repeated);
  for (int i = 90; i < 110; ++i) answer(1, "Alice", 1, "k-" + std::to_string(i));
  EXPECT_TRUE(answer(1, "Alice", 1, "anew").repeated);
}

TEST_F(Keys, EntriesOfExpiredRejectionsDoNotPileUp) {
  create(1, open_terms());
  for (int i = 0; i < 50; ++i) {
    redis().ask({"RPUSH", suffixed("rejected"), ms(now() - Duration{600'001}) + " 1:Alice old-" + std::to_string(i)});
  }
  for (int i = 0; i < 25; ++i) answer(1, "Alice", 1, "k-" + std::to_string(i));
  EXPECT_EQ(redis().ask({"LLEN", suffixed("rejected")}).text, "25");
  EXPECT_EQ(rejections(), 25);
}

}  // namespace
}  // namespace flashbid::functions
