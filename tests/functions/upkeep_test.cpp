// reserve_id, release_key, admit, restore, forget.
#include "functions/shard.hpp"

namespace flashbid::functions {
namespace {

class Upkeep : public Shard {
 protected:
  static RedisValue reserve(const std::string& explicit_id, const std::string& used_key = "",
                            const std::string& fingerprint = "body") {
    return call("reserve_id", {explicit_id, "op", used_key, fingerprint, ms(now() + Duration{day_ms})});
  }

  // Puts events `from` … of what `entries` tells of auction 1 back.
  static RedisValue restore(const Terms& terms, const std::vector<Entry>& entries, std::uint64_t from,
                            const std::string& seen = "", const std::string& epoch = "2") {
    Auction auction;
    auction.id = AuctionId{1};
    Auction born;
    Timestamp born_at;
    Timestamp last;
    std::vector<std::string> events;
    std::string last_epoch = "1";
    for (const Entry& entry : entries) {
      apply(auction, entry.decoded.event);
      if (auction.bids == 0) {
        born = auction;
        born_at = entry.decoded.event.at;
      }
      last = entry.decoded.event.at;
      if (entry.decoded.event.sequence.value() < from) continue;
      const auto secret = entry.fields.find("x");
      events.insert(events.end(), {entry.fields.at("e"), entry.fields.at("s"), entry.fields.at("p"),
                                   secret == entry.fields.end() ? "" : secret->second});
    }
    std::string public_terms;
    encode_public_terms(terms, public_terms);
    std::vector<std::string> arguments{epoch,
                                       "1",
                                       public_terms,
                                       ms(terms.closes_at),
                                       rules_text(terms),
                                       terms.reserve ? std::to_string(terms.reserve->value()) : "",
                                       state_text(born, {born_at, Epoch{1}, Sequence{0}}),
                                       state_text(auction, {last, Epoch{1}, Sequence{0}}),
                                       "op c-1 body",
                                       "",
                                       seen};
    arguments.insert(arguments.end(), events.begin(), events.end());
    return call("restore", arguments);
  }
};

TEST_F(Upkeep, IdsAreNeverPickedTwice) {
  EXPECT_EQ(reserve("").text, "1");
  EXPECT_EQ(reserve("").text, "2");
  EXPECT_EQ(reserve("10").text, "10");
  EXPECT_EQ(reserve("").text, "11");
  EXPECT_EQ(reserve("5").text, "5") << "whether it is free, create says";
  EXPECT_EQ(reserve("").text, "12");
}

TEST_F(Upkeep, VeryHighIdsDoNotUseUpTheOthers) {
  EXPECT_EQ(reserve("4503599627370496").text, "4503599627370496");
  EXPECT_EQ(reserve("9007199254740991").text, "9007199254740991");
  EXPECT_EQ(reserve("").text, "1");
  EXPECT_EQ(reserve("4503599627370495").text, "4503599627370495");
  expect_error(reserve(""), "NOIDS");
  expect_error(reserve("9007199254740992"), "BADARG");
}

TEST_F(Upkeep, AKnownKeyHasItsIdAgain) {
  EXPECT_EQ(reserve("", "r-1").text, "1");
  EXPECT_EQ(reserve("", "r-1").text, "1 again");
  EXPECT_EQ(reserve("", "r-2").text, "2");
  expect_error(reserve("", "r-1", "another body"), "KEYREUSED");
  redis().ask({"FLUSHALL"});
  expect_error(reserve(""), "NOSHARD");
}

TEST_F(Upkeep, AKeyOfWhichNothingCameIsLetGo) {
  EXPECT_EQ(reserve("7", "r-1").text, "7");
  EXPECT_EQ(call("release_key", {"8", "op", "r-1", "body"}).text, "0") << "it is another id's";
  EXPECT_EQ(call("release_key", {"7", "op", "r-1", "other"}).text, "0") << "and for another body";
  EXPECT_EQ(reserve("7", "r-1").text, "7 again");
  EXPECT_EQ(call("release_key", {"7", "op", "r-1", "body"}).text, "1");
  EXPECT_EQ(call("release_key", {"7", "op", "r-1", "body"}).text, "0");
  EXPECT_EQ(reserve("8", "r-1", "another body").text, "8");
  expect_error(call("release_key", {"0", "op", "r-1", "body"}), "BADARG");
  expect_error(call("release_key", {"7", "op", "", "body"}), "BADARG");
  expect_error(call("release_key", {"7", "op", "r-1"}), "BADARG");
}

TEST_F(Upkeep, WhoeverAdmitsFirstIsTheOne) {
  EXPECT_EQ(call("admit", {"run-2", "run-1", "2", "16"}).text, "ok");
  EXPECT_EQ(call("admit", {"run-3", "run-1", "2", "16"}).text, "STALE run-2");
  expect_error(call("admit", {"run-2", "", "1", "16"}), "STALE");
  EXPECT_EQ(call("admit", {"run-3", "run-2", "1", "16"}).text, "EPOCH 2");
  expect_error(call("admit", {"run-3", "run-2", "3", "8"}), "BADARG");
  EXPECT_EQ(redis().ask({"HMGET", key, "format", "shards", "epoch", "incarnation"}).items.size(), 4U);
  EXPECT_EQ(redis().ask({"HGET", key, "incarnation"}).text, "run-2");
  EXPECT_EQ(redis().ask({"HGET", key, "epoch"}).text, "2");
  expect_error(call("admit", {"", "run-2", "3", "16"}), "BADARG");
  expect_error(call("admit", {"run-3", "run-2", "0", "16"}), "BADARG");
  expect_error(call("admit", {"run-3", "run-2", "3", "1025"}), "BADARG");
}

TEST_F(Upkeep, AnEmptyRedisIsRebuilt) {
  Terms terms = open_terms();
  terms.reserve = Amount{10'050};
  terms.soft_close = SoftClose{.window = {max_soft_close.ms}, .extend = {60'000}, .mode = SoftClose::Mode::from_close};
  create(1, terms, "op", "c-1", "body");
  const auto taken = answer(1, "Alice", 10'000, "k-1").answer;
  answer(1, "Bob", 10'100);
  const auto before = stream();
  const Auction auction = view(1);
  const std::string state = redis().ask({"HGET", auction_key(1), "state"}).text;
  const std::string born = redis().ask({"HGET", auction_key(1), "born"}).text;
  const std::string due = redis().ask({"ZSCORE", suffixed("due"), "1"}).text;

  redis().ask({"FLUSHALL"});
  const std::vector<std::string> keys{"1", "Alice", "k-1", "10000", bid_reply_text(taken)};
  EXPECT_EQ(call("restore_keys", keys).text, "1");
  EXPECT_EQ(call("restore_keys", keys).text, "0");
  EXPECT_EQ(restore(terms, before, 1).text, "6");
  ASSERT_EQ(call("admit", {"run-2", "", "2", "16"}).text, "ok");
  EXPECT_EQ(view(1), auction);
  EXPECT_EQ(redis().ask({"HGET", auction_key(1), "state"}).text, state);
  EXPECT_EQ(redis().ask({"HGET", auction_key(1), "born"}).text, born);
  EXPECT_EQ(redis().ask({"ZSCORE", suffixed("due"), "1"}).text, due);
  const auto after = stream();
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) EXPECT_EQ(after[i].fields, before[i].fields);

  const RedisValue again = bid(1, "Alice", 10'000, "k-1", "2");
  const auto read = read_bid_reply_in_full(again.text, AuctionId{1}, support::bid("Alice", 10'000));
  ASSERT_TRUE(read) << again;
  EXPECT_TRUE(read->repeated);
  EXPECT_EQ(read->answer, taken);
  EXPECT_FALSE(create(1, terms, "op", "c-1", "body", "2").error) << "its key is known again";
  EXPECT_FALSE(bid(1, "Carol", 10'200, "", "2").error);
  EXPECT_EQ(stream().back().decoded.epoch, Epoch{2});
}

TEST_F(Upkeep, RestoreOnlyMovesForward) {
  const Terms terms = open_terms();
  create(1, terms, "op", "c-1", "body");
  for (int i = 0; i < 4; ++i) answer(1, "Alice", 10'000 + i * 100);
  const auto entries = stream();
  const std::vector<Entry> early(entries.begin(), entries.begin() + 4);
  const Auction whole = view(1);
  EXPECT_EQ(restore(terms, early, 1).text, "6") << "what is older changes nothing";
  EXPECT_EQ(view(1), whole);
  EXPECT_EQ(stream().size(), 6U);

  redis().ask({"FLUSHALL"});
  EXPECT_EQ(restore(terms, early, 1).text, "4");
  EXPECT_EQ(restore(terms, entries, 1).text, "STALE 4 1") << "it was not so when the events were picked";
  EXPECT_EQ(restore(terms, entries, 3, "4 1").text, "6") << "what is there already is not put again";
  EXPECT_EQ(restore(terms, entries, 3, "4 1").text, "6");
  EXPECT_EQ(stream().size(), 6U);
  ASSERT_EQ(call("admit", {"run-2", "", "3", "16"}).text, "ok");
  EXPECT_EQ(view(1), whole);
  EXPECT_EQ(restore(terms, entries, 1, "", "2").text, "EPOCH 3");
}

// Of an auction that is not there, the newest events are enough: the older ones are in the archive.
TEST_F(Upkeep, WhatIsOnlyInTheArchiveMayBeLeftOut) {
  const Terms terms = open_terms();
  create(1, terms, "op", "c-1", "body");
  for (int i = 0; i < 4; ++i) answer(1, "Alice", 10'000 + i * 100);
  const auto entries = stream();
  const std::vector<Entry> early(entries.begin(), entries.begin() + 3);
  const Auction whole = view(1);
  redis().ask({"FLUSHALL"});
  ASSERT_EQ(restore(terms, early, 1).text, "3");
  expect_error(restore(terms, entries, 5, "3 1"), "BADARG");
  redis().ask({"FLUSHALL"});
  EXPECT_EQ(restore(terms, entries, 5).text, "6");
  ASSERT_EQ(call("admit", {"run-2", "", "3", "16"}).text, "ok");
  EXPECT_EQ(view(1), whole);
  EXPECT_EQ(redis().ask({"HGET", auction_key(1), "first"}).text, "5");
  EXPECT_EQ(redis().ask({"LLEN", suffixed("i:1")}).text, "2");
  const RedisValue events = call("events", {"1", "0", "10", "0"});
  ASSERT_EQ(events.items.size(), 7U);
  EXPECT_EQ(events.items[3].text, "5");
  EXPECT_EQ(events.items[6].text, entries.back().fields.at("p"));
}

TEST_F(Upkeep, NodesThatComeAtOnceProposeOneEpoch) {
  EXPECT_EQ(call("propose", {"run-2", "2", "2"}).text, "2");
  EXPECT_EQ(call("propose", {"run-2", "3", "2"}).text, "2") << "the archive was raised by the first one";
  EXPECT_EQ(call("propose", {"run-2", "4", "3"}).text, "4") << "that one has been used meanwhile";
  EXPECT_EQ(call("propose", {"run-3", "5", "2"}).text, "5") << "it was for another primary";
  expect_error(call("propose", {"", "2", "2"}), "BADARG");
  expect_error(call("propose", {"run-2", "2", "3"}), "BADARG");
  redis().ask({"FLUSHALL"});
  EXPECT_EQ(call("propose", {"run-2", "7", "7"}).text, "7");
  expect_error(call("view", {"1", "", "0"}), "NOSHARD");
}

TEST_F(Upkeep, IdsAndCreationsOnlyMoveForward) {
  const std::string later = ms(now() + Duration{day_ms});
  redis().ask({"FLUSHALL"});
  EXPECT_EQ(call("restore_ids", {"12", "op", "c-1", "7", "body", later, "op", "c-2", "8", "body", later}).text, "2");
  EXPECT_EQ(call("restore_ids", {"11", "op", "c-1", "9", "other", later}).text, "0");
  ASSERT_EQ(call("admit", {"run-2", "", "2", "16"}).text, "ok");
  EXPECT_EQ(reserve("", "c-1").text, "7 again");
  expect_error(reserve("", "c-1", "another body"), "KEYREUSED");
  EXPECT_EQ(reserve("").text, "13");
  EXPECT_EQ(call("restore_ids", {"12", "op", "old", "7", "body", ms(now() - Duration{1})}).text, "1");
  EXPECT_EQ(reserve("", "old").text, "14") << "nobody may ask for it any more";
  expect_error(call("restore_ids", {"12", "op", "c-1", "7", "body"}), "BADARG");
  expect_error(call("restore_ids", {"12", "op", "", "7", "body", later}), "BADARG");
  EXPECT_EQ(call("restore_ids", {"12", "", "c-1", "8", "body", later}).text, "1") << "nobody need say who it is";
}

TEST_F(Upkeep, OnlyWhatIsLongOverIsForgotten) {
  create(1, open_terms());
  create(2, open_terms());
  answer(1, "Alice", 10'000, "k-1");
  cancel(1);
  EXPECT_EQ(call("forget", {"1", "2", "3"}).text, "0");
  redis().ask({"ZADD", suffixed("over"), ms(now() - Duration{day_ms - 5'000}), "1"});
  EXPECT_EQ(call("forget", {"1"}).text, "0");
  redis().ask({"ZADD", suffixed("over"), ms(now() - Duration{day_ms + 1}), "1"});
  EXPECT_EQ(call("forget", {"1", "2"}).text, "1");
  expect_error(call("view", {"1", "", "0"}), "NOTFOUND");
  EXPECT_EQ(call("list", {"", "0", "9"}).items.size(), 1U);
  EXPECT_TRUE(redis().ask({"KEYS", "*:1"}).items.empty()) << redis().ask({"KEYS", "*:1"});
}

}  // namespace
}  // namespace flashbid::functions
