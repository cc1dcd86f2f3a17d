// create, bid, cancel, tick.
#include "functions/shard.hpp"

namespace flashbid::functions {
namespace {

class Bidding : public Shard {};

TEST_F(Bidding, CreateRepliesTheImageAndAppendsItsEvents) {
  Terms terms = open_terms();
  terms.title = "a \"vase\"\n of 景德镇 \\ with a\ttab";
  terms.description = std::string(9'000, 'x') + "\x01";
  terms.reserve = Amount{20'000};
  const RedisValue reply = create(1, terms);
  ASSERT_FALSE(reply.error) << reply;
  const Auction created = decode_image(reply.text).value();
  EXPECT_EQ(*created.terms, terms);
  EXPECT_EQ(created.state, AuctionState::open);
  EXPECT_EQ(created.sequence, Sequence{2});
  EXPECT_EQ(image_of(created), reply.text);
  EXPECT_EQ(view(1), created);

  const auto entries = stream();
  ASSERT_EQ(entries.size(), 2U);
  const auto& event = entries[0].decoded.event;
  EXPECT_EQ(*std::get<Created>(event.body).terms, terms) << "the secret holds the reserve";
  std::string again;
  encode_event(AuctionId{1}, Epoch{1}, event, again);
  EXPECT_EQ(again, entries[0].fields.at("p"));
  EXPECT_EQ(entries[1].fields.count("x"), 0U) << "what comes of time has no secret";
}

TEST_F(Bidding, CreateIsRefusedWhereTheIdIsTaken) {
  const Terms terms = open_terms();
  const RedisValue created = create(1, terms, "op", "c-1", "body");
  ASSERT_FALSE(created.error) << created;
  answer(1, "Alice", 10'000);
  EXPECT_EQ(create(1, terms, "op", "c-1", "body").text, created.text) << "as created, whatever came since";
  expect_error(create(1, terms, "op", "c-1", "another body"), "KEYREUSED");
  expect_error(create(1, terms, "op", "c-2", "body"), "EXISTS");
  expect_error(create(1, terms), "EXISTS");
  EXPECT_EQ(stream().size(), 3U) << "nothing was written again";
}

TEST_F(Bidding, ABidIsOneEventWithItsTextAsCppWritesIt) {
  create(1, open_terms());
  const auto [taken, repeated] = answer(1, "Alice", 10'000);
  EXPECT_FALSE(repeated);
  EXPECT_EQ(taken.verdict, Verdict::accepted);
  EXPECT_EQ(taken.sequence, Sequence{3});
  EXPECT_EQ(taken.as_of_sequence, Sequence{3});
  EXPECT_EQ(taken.price, Amount{10'000});
  EXPECT_EQ(taken.minimum_next, Amount{10'100});
  EXPECT_EQ(taken.leader, support::bidder("Alice"));
  const auto [refused, _] = answer(1, "Bob", 10'099);
  EXPECT_EQ(refused.reason, Reason::amount_below_minimum);
  EXPECT_EQ(refused.leader, support::bidder("Alice"));
  EXPECT_EQ(refused.as_of_sequence, Sequence{3});

  const auto entries = stream();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(entries[2].fields.at("a"), "1");
  EXPECT_EQ(entries[2].fields.at("e"), "1");
  EXPECT_EQ(entries[2].fields.at("s"), "3");
  EXPECT_EQ(entries[2].fields.count("x"), 0U);
  std::string again;
  encode_event(AuctionId{1}, Epoch{1}, entries[2].decoded.event, again);
  EXPECT_EQ(again, entries[2].fields.at("p"));
  EXPECT_EQ(entries[2].decoded.event.at, taken.decided_at);
}

TEST_F(Bidding, AmountsUpToTheHighestKeepEveryDigit) {
  Terms terms = open_terms();
  terms.opening_price = Amount{max_safe_integer - 1};
  terms.increment = Increment::fixed(Amount{1}).value();
  create(1, terms);
  EXPECT_EQ(answer(1, "Alice", max_safe_integer - 1).answer.minimum_next, max_amount);
  const auto last = answer(1, "Bob", max_safe_integer).answer;
  EXPECT_EQ(last.verdict, Verdict::accepted);
  EXPECT_EQ(last.price, max_amount);
  EXPECT_EQ(last.minimum_next, std::nullopt);
  EXPECT_EQ(answer(1, "Carol", max_safe_integer).answer.reason, Reason::amount_below_minimum);
  EXPECT_EQ(view(1).price, max_amount);
  EXPECT_EQ(std::get<BidAccepted>(stream().back().decoded.event.body).amount, max_amount);
}

TEST_F(Bidding, WhatNoBidCanBeIsRefused) {
  create(1, open_terms());
  for (const auto* amount : {"", "-1", "01", "1.5", "1e3", "9007199254740992", "99999999999999999999", "0x10", "nan"}) {
    expect_error(call("bid", {"1", "1", "Alice", amount, ""}), "BADARG");
  }
  for (const auto* bidder : {"", "two words", "Müller", "a\"b"}) {
    expect_error(call("bid", {"1", "1", bidder, "10000", ""}), "BADARG");
  }
  for (const auto* used_key : {" ", "two words", "\x7f"}) {
    expect_error(call("bid", {"1", "1", "Alice", "10000", used_key}), "BADARG");
  }
  for (const auto* id : {"", "0", "-1", "1x"}) expect_error(call("bid", {"1", id, "Alice", "10000", ""}), "BADARG");
  expect_error(call("bid", {"1", "1", "Alice"}), "BADARG");
  expect_error(call("bid", {}), "BADARG");
  EXPECT_EQ(stream().size(), 2U);
}

TEST_F(Bidding, UnknownAuctionsEpochsAndShardsAreNamed) {
  create(1, open_terms());
  expect_error(bid(2, "Alice", 10'000), "NOTFOUND");
  expect_error(cancel(2), "NOTFOUND");
  EXPECT_EQ(bid(1, "Alice", 10'000, "", "2").text, "EPOCH 1");
  EXPECT_EQ(call("tick", {"7", "10"}).text, "EPOCH 1");
  EXPECT_EQ(create(3, open_terms(), "", "", "", "9").text, "EPOCH 1");
  redis().ask({"FLUSHALL"});
  expect_error(bid(1, "Alice", 10'000), "NOSHARD");
  expect_error(create(1, open_terms()), "NOSHARD");
  expect_error(call("view", {"1", "", "0"}), "NOSHARD");
  EXPECT_TRUE(redis().ask({"KEYS", "*"}).items.empty()) << "a refusal writes nothing";
}

TEST_F(Bidding, ABidInTheWindowMovesTheEndAndTheBoundary) {
  Terms terms = open_terms();
  terms.soft_close = SoftClose{.window = {max_soft_close.ms}, .extend = {7'200'000}};
  create(1, terms);
  const auto taken = answer(1, "Alice", 10'000).answer;
  EXPECT_EQ(taken.closes_at, taken.decided_at + Duration{7'200'000});
  EXPECT_EQ(taken.sequence, Sequence{3});
  EXPECT_EQ(taken.as_of_sequence, Sequence{4});
  EXPECT_EQ(view(1).closes_at, taken.closes_at);
  EXPECT_EQ(view(1).extensions, 1U);
  EXPECT_EQ(redis().ask({"ZSCORE", suffixed("due"), "1"}).text, ms(taken.closes_at));
  const auto entries = stream();
  EXPECT_EQ(std::get<BidAccepted>(entries[2].decoded.event.body).closes_at, terms.closes_at);
  EXPECT_EQ(std::get<Extended>(entries[3].decoded.event.body).closes_at, taken.closes_at);
}

TEST_F(Bidding, ALosingBidPastTheEndClosesTheAuction) {
  create(1, open_terms());
  answer(1, "Alice", 10'000);
  Auction auction = view(1);
  auction.closes_at = now();
  set_state(auction, {now() - Duration{500}, Epoch{1}, Sequence{0}});
  const auto late = answer(1, "Bob", 20'000).answer;
  EXPECT_EQ(late.reason, Reason::closed);
  EXPECT_EQ(late.as_of_sequence, Sequence{4});
  EXPECT_EQ(late.leader, support::bidder("Alice"));
  EXPECT_EQ(view(1).state, AuctionState::closed);
  EXPECT_EQ(view(1).winner(), support::bidder("Alice"));
  EXPECT_TRUE(redis().ask({"ZSCORE", suffixed("due"), "1"}).null);
  EXPECT_TRUE(redis().ask({"ZSCORE", suffixed("ids:open"), "1"}).null);
  EXPECT_EQ(redis().ask({"ZSCORE", suffixed("ids:closed"), "1"}).text, "1");
  EXPECT_EQ(redis().ask({"ZSCORE", suffixed("over"), "1"}).text, ms(late.decided_at));
}

TEST_F(Bidding, TheClockOfAnAuctionNeverRunsBack) {
  create(1, open_terms());
  const Timestamp ahead = now() + Duration{60'000};
  set_state(view(1), {ahead, Epoch{1}, Sequence{0}});
  const auto taken = answer(1, "Alice", 10'000).answer;
  EXPECT_EQ(taken.decided_at, ahead);
  EXPECT_EQ(answer(1, "Bob", 1).answer.decided_at, ahead);
  EXPECT_EQ(stream().back().decoded.event.at, ahead);
}

TEST_F(Bidding, TickDecidesWhatIsDueAndSaysWhatComesNext) {
  Terms later = open_terms();
  later.opens_at = now() + Duration{40};
  create(1, later);
  create(2, later);
  create(3, open_terms());
  EXPECT_EQ(view(1).state, AuctionState::scheduled);
  const RedisValue early = call("tick", {"1", "10"});
  EXPECT_EQ(early.items[0].text, "0");
  EXPECT_EQ(early.items[1].text, ms(later.opens_at));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const RedisValue first = call("tick", {"1", "1"});
  EXPECT_EQ(first.items[0].text, "1") << "at most as many as asked for";
  EXPECT_EQ(first.items[1].text, ms(later.opens_at)) << "the other is still due";
  const RedisValue second = call("tick", {"1", "10"});
  EXPECT_EQ(second.items[0].text, "1");
  EXPECT_GE(std::stoll(second.items[1].text), later.closes_at.ms - 5);
  EXPECT_LE(std::abs(std::stoll(second.items[2].text) - now().ms), 5'000);
  EXPECT_EQ(view(1).state, AuctionState::open);
  EXPECT_EQ(view(2).state, AuctionState::open);
  EXPECT_EQ(call("tick", {"1", "10"}).items[0].text, "0");
  expect_error(call("tick", {"1", "0"}), "BADARG");
}

TEST_F(Bidding, TickWithNothingAheadSaysSo) {
  const RedisValue idle = call("tick", {"1", "10"});
  EXPECT_EQ(idle.items[0].text, "0");
  EXPECT_EQ(idle.items[1].text, "");
}

TEST_F(Bidding, CancelRepliesTheImageAfterItAndAgainForItsKey) {
  create(1, open_terms());
  answer(1, "Alice", 10'000);
  const RedisValue cancelled = cancel(1, "op", "x-1", "body");
  ASSERT_FALSE(cancelled.error) << cancelled;
  EXPECT_EQ(decode_image(cancelled.text).value().state, AuctionState::cancelled);
  EXPECT_EQ(cancel(1, "op", "x-1", "body").text, cancelled.text);
  expect_error(cancel(1, "op", "x-1", "another body"), "KEYREUSED");
  EXPECT_EQ(cancel(1, "op", "x-2", "body").text, "CONFLICT cancelled");
  EXPECT_EQ(cancel(1).text, "CONFLICT cancelled");
  EXPECT_EQ(answer(1, "Bob", 10'100).answer.reason, Reason::cancelled);
  EXPECT_EQ(stream().size(), 4U);
}

TEST_F(Bidding, CancelPastTheEndClosesAndIsAConflict) {
  create(1, open_terms());
  Auction auction = view(1);
  auction.closes_at = now();
  set_state(auction, {now() - Duration{500}, Epoch{1}, Sequence{0}});
  EXPECT_EQ(cancel(1, "op", "x-1", "body").text, "CONFLICT closed");
  EXPECT_EQ(view(1).state, AuctionState::closed);
  EXPECT_EQ(cancel(1, "op", "x-1", "body").text, "CONFLICT closed") << "a refusal is not remembered";
}

TEST_F(Bidding, AnAuctionTakesTheEpochOfItsShardWithItsNextEvent) {
  create(1, open_terms());
  answer(1, "Alice", 10'000);
  ASSERT_EQ(call("admit", {"run-2", "run-1", "2", "16"}).text, "ok");
  EXPECT_EQ(bid(1, "Bob", 10'100).text, "EPOCH 2");
  EXPECT_FALSE(bid(1, "Bob", 10'100, "", "2").error);
  EXPECT_EQ(stream().back().fields.at("e"), "2");
  EXPECT_EQ(stream().back().decoded.epoch, Epoch{2});
  EXPECT_EQ(stream().back().decoded.event.sequence, Sequence{4});
  const StoredPosition position{stream().back().decoded.event.at, Epoch{2}, Sequence{3}};
  EXPECT_EQ(redis().ask({"HGET", auction_key(1), "state"}).text, state_text(view(1), position));
}

TEST_F(Bidding, MemoryThatIsFullRefusesBeforeAnythingIsWritten) {
  create(1, open_terms());
  redis().ask({"CONFIG", "SET", "maxmemory", "1mb"});
  const RedisValue refused = bid(1, "Alice", 10'000, "k-1");
  redis().ask({"CONFIG", "SET", "maxmemory", "0"});
  expect_error(refused, "OOM");
  EXPECT_EQ(stream().size(), 2U);
  EXPECT_FALSE(answer(1, "Alice", 10'000, "k-1").repeated);
}

TEST_F(Bidding, LibrariesOfTwoVersionsServeSideBySide) {
  const std::string other_functions = "redis.register_function('other', function() return load_modules and 1 end)";
  ASSERT_FALSE(redis().ask({"FUNCTION", "LOAD", join_library(other_functions).text}).error);
  create(1, open_terms());
  EXPECT_EQ(answer(1, "Alice", 10'000).answer.verdict, Verdict::accepted);
  EXPECT_EQ(redis().ask({"FCALL", "other", "0"}).text, "1");
}

}  // namespace
}  // namespace flashbid::functions
