// The Redis engine with an archive: what has left Redis is read there, as if it had not.
#include "support/archived_redis.hpp"

namespace flashbid::test {
namespace {

class LeftRedis : public RedisArchive {
 protected:
  // Auction 1 is closed, stored, and gone from Redis.
  void SetUp() override {
    node_ = start();
    ASSERT_TRUE(node_->create(soft_terms(), std::nullopt, key_use(Operation::create, "c-1"), "boss"));
    answer_ = *node_->bid(AuctionId{1}, "alice", 10'000, "k1");
    clock_.advance(Duration{3 * minute.ms});
    ASSERT_TRUE(soon([&] { return is_closed(1); }));
    closed_ = *node_->read(AuctionId{1});
    archive_all();
    clock_.advance(Duration{25 * 3'600'000});
    ASSERT_EQ(call("forget", 1, {"1"}).text, "1");
    clock_.advance(Duration{1'000});
    ASSERT_TRUE(soon([&] { return node_->engine().now() >= clock_.now(); }));
  }
  bool is_closed(std::uint64_t id) { return node_->read(AuctionId{id})->auction.state == AuctionState::closed; }

  std::unique_ptr<ArchivedNode> node_;
  BidAnswer answer_;
  AuctionView closed_;
};

TEST_F(LeftRedis, IsReadAsItWas) {
  const auto view = node_->read(AuctionId{1});
  ASSERT_TRUE(view) << view.error().detail;
  EXPECT_EQ(view->auction, closed_.auction);
  EXPECT_EQ(view->epoch, closed_.epoch);
  const auto events = node_->events({AuctionId{1}, Sequence{1}, 2, false});
  ASSERT_TRUE(events);
  EXPECT_EQ(events->events.size(), 2U);
  EXPECT_EQ(events->last, Sequence{3});
  EXPECT_EQ(events->newest, Sequence{5});
  EXPECT_EQ(node_->events({AuctionId{1}, Sequence{0}, 9, true})->events.size(), 1U);
  EXPECT_EQ(node_->read(AuctionId{77}).error().failure, Failure::not_found);
}

TEST_F(LeftRedis, SaysWhoDidWhat) {
  const auto actions = node_->actions(AuctionId{1});
  ASSERT_TRUE(actions) << actions.error().detail;
  EXPECT_EQ(*actions, (std::vector<OperatorAction>{{Sequence{1}, "created", *BidderId::from("boss"), noon}}));
  EXPECT_EQ(node_->actions(AuctionId{77}).error().failure, Failure::not_found);
}

TEST_F(LeftRedis, IsListedWithWhatIsThere) {
  Terms terms = open_terms();
  terms.opens_at = clock_.now();
  terms.closes_at = clock_.now() + minute;
  for (int k = 0; k < 3; ++k) ASSERT_TRUE(node_->create(terms));
  const auto all = *node_->list({.state = std::nullopt, .after = AuctionId{0}, .limit = 3});
  ASSERT_EQ(all.auctions.size(), 3U);
  for (std::uint64_t k = 0; k < 3; ++k) EXPECT_EQ(all.auctions[k].auction.id, AuctionId{k + 1});
  EXPECT_TRUE(all.more);
  EXPECT_EQ(node_->list({.state = AuctionState::closed, .after = AuctionId{0}})->auctions.size(), 1U);
  EXPECT_EQ(node_->list({.state = AuctionState::open, .after = AuctionId{0}})->auctions.size(), 3U);
}

TEST_F(LeftRedis, RefusesWhatComesLateAsItAlwaysDid) {
  const auto late = node_->bid(AuctionId{1}, "bob", 90'000);
  ASSERT_TRUE(late) << late.error().detail;
  EXPECT_EQ(late->reason, Reason::closed);
  EXPECT_EQ(late->as_of_sequence, Sequence{5});
  EXPECT_EQ(late->leader.view(), "alice");
  EXPECT_GE(late->decided_at, clock_.now()) << "now, not when it closed";
  EXPECT_EQ(*node_->bid(AuctionId{1}, "alice", 10'000, "k1"), answer_) << "its answer is only in the archive";
  EXPECT_EQ(node_->bid(AuctionId{1}, "alice", 10'100, "k1").error().failure, Failure::key_reused);
  EXPECT_EQ(node_->cancel(AuctionId{1}).error().failure, Failure::conflict);
  EXPECT_EQ(node_->bid(AuctionId{77}, "bob", 90'000).error().failure, Failure::not_found);
  EXPECT_EQ(node_->cancel(AuctionId{77}).error().failure, Failure::not_found);
}

TEST_F(LeftRedis, KeepsItsId) {
  EXPECT_EQ(node_->create(open_terms(), AuctionId{1}).error().failure, Failure::conflict);
  EXPECT_TRUE(node_->create(open_terms(), AuctionId{3}));
  EXPECT_EQ(node_->create(open_terms())->auction.id, AuctionId{4});
  // Its creation's key, should Redis still know it.
  ask({"SET", "flashbid:{0}:created:op c-1", "1 body"});
  const auto again = node_->create(soft_terms(), std::nullopt, key_use(Operation::create, "c-1"));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->auction.id, AuctionId{1});
  EXPECT_EQ(again->auction.sequence, Sequence{2}) << "as it was created";
}

TEST_F(LeftRedis, ItsKeyIsFreeIfItsIdWasTaken) {
  Terms terms = open_terms();
  terms.closes_at = clock_.now() + minute;
  const auto taken = node_->create(terms, AuctionId{1}, key_use(Operation::create, "c-2"));
  EXPECT_EQ(taken.error().failure, Failure::conflict);
  KeyUse corrected = key_use(Operation::create, "c-2");
  corrected.fingerprint = "corrected";
  EXPECT_TRUE(node_->create(terms, AuctionId{3}, corrected));
}

TEST_F(LeftRedis, IsWatchedToo) {
  Seen fresh;
  node_->watch(fresh, AuctionId{1});
  EXPECT_TRUE(soon([&] { return node_->on_loop([&] { return fresh.snapshots == 1; }); }));
  EXPECT_EQ(fresh.last, Sequence{5});
  Seen back;
  back.last = Sequence{2};
  node_->watch(back, AuctionId{1}, ResumePoint{closed_.epoch, Sequence{2}});
  EXPECT_TRUE(soon([&] { return node_->on_loop([&] { return back.last == Sequence{5}; }); }));
  EXPECT_TRUE(back.gapless);
  EXPECT_EQ(back.resets, 0);
  node_->leave(fresh, AuctionId{1});
  node_->leave(back, AuctionId{1});
  Seen nobody;
  node_->watch(nobody, AuctionId{77});
  EXPECT_TRUE(soon([&] { return node_->on_loop([&] { return !nobody.refused.empty(); }); }));
}

TEST_F(LeftRedis, IsUnavailableWithoutPostgreSqlAndNothingElseIs) {
  Terms terms = open_terms();
  terms.opens_at = clock_.now();
  terms.closes_at = clock_.now() + minute;
  const AuctionId live = node_->create(terms)->auction.id;
  PostgresServer::shared().kill();
  EXPECT_TRUE(node_->bid(live, "alice", 10'000));
  for (const Error& error :
       {node_->read(AuctionId{1}).error(), node_->bid(AuctionId{1}, "alice", 10'000, "k1").error(),
        node_->list({}).error(), node_->cancel(AuctionId{1}).error(),
        node_->events({AuctionId{1}, Sequence{0}, 9, false}).error(), node_->actions(AuctionId{1}).error()}) {
    EXPECT_EQ(error.failure, Failure::unavailable);
    EXPECT_THAT(error.detail, HasSubstr("archive"));
  }
  PostgresServer::shared().start();
  EXPECT_TRUE(soon([&] { return node_->read(AuctionId{1}).has_value(); }));
}

// What is over stays in Redis for a day, and need not be in the archive yet.
TEST_F(RedisArchive, ACreationIsRepeatedBeforeItIsArchived) {
  auto node = start();
  const auto created = *node->create(open_terms(), std::nullopt, key_use(Operation::create, "c-1"));
  ASSERT_TRUE(node->cancel(AuctionId{1}));
  const auto again = node->create(open_terms(), std::nullopt, key_use(Operation::create, "c-1"));
  ASSERT_TRUE(again) << again.error().detail;
  EXPECT_EQ(again->auction, created.auction);
  EXPECT_EQ(node->create(open_terms(), AuctionId{1}).error().failure, Failure::conflict);
}

// Cancelled well before its end, so that it has left Redis while this node still looks after what it acknowledged.
TEST_F(RedisArchive, WhatHasLeftRedisIsNotLost) {
  auto node = start();
  ASSERT_TRUE(node->create(open_terms()));
  ASSERT_TRUE(node->bid(AuctionId{1}, "alice", 10'000));
  ASSERT_TRUE(node->cancel(AuctionId{1}));
  archive_all();
  clock_.advance(Duration{24 * 60 * minute.ms + minute.ms});
  ASSERT_EQ(call("forget", 1, {"1"}).text, "1");
  const Epoch epoch = redis_epoch(1);
  server_.kill();
  server_.restart();
  ASSERT_TRUE(soon([&] { return redis_epoch(1) > epoch && node->engine().health().ready; }));
  std::this_thread::sleep_for(std::chrono::milliseconds{500});  // several ticks: then it has been counted
  EXPECT_EQ(node->redis().redis_counters().lost, 0U);
}

class Trimmed : public RedisArchive {
 protected:
  // Auction 1 has 42 events, of which Redis still has the newest 10.
  void SetUp() override {
    node_ = start();
    ASSERT_TRUE(node_->create(open_terms(), std::nullopt, std::nullopt, "boss"));
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(node_->bid(AuctionId{1}, "alice", 10'000 + i * 100));
    archive_all();
    trim(AuctionId{1}, 10);
    ASSERT_EQ(stream(1).size(), 10U);
  }
  std::unique_ptr<ArchivedNode> node_;
};

TEST_F(Trimmed, EventsComeFromTheArchiveAndThenFromRedis) {
  for (const std::size_t limit : {1U, 7U, 32U, 33U, 50U}) {
    std::uint64_t next = 1;
    for (Sequence after{0}; after < Sequence{42};) {
      const auto page = node_->events({AuctionId{1}, after, limit, false});
      ASSERT_TRUE(page) << page.error().detail;
      EXPECT_EQ(page->newest, Sequence{42});
      ASSERT_LE(page->events.size(), limit);
      ASSERT_GT(page->last, after);
      for (const auto& json : page->events) EXPECT_EQ(decode_event(*json, {})->event.sequence.value(), next++);
      after = page->last;
    }
    EXPECT_EQ(next, 43U) << limit;
  }
  EXPECT_EQ(node_->events({AuctionId{1}, Sequence{0}, 100, true})->events.size(), 40U);
  EXPECT_EQ(node_->events({AuctionId{1}, Sequence{40}, 100, true})->events.size(), 2U);
}

// The one from the archive, which does not know of the other yet.
TEST_F(Trimmed, WhoCreatedComesFromTheArchiveAndWhoCalledOffFromRedis) {
  ASSERT_TRUE(node_->cancel(AuctionId{1}, std::nullopt, "ops-2"));
  const auto actions = node_->actions(AuctionId{1});
  ASSERT_TRUE(actions) << actions.error().detail;
  EXPECT_EQ(*actions, (std::vector<OperatorAction>{{Sequence{1}, "created", *BidderId::from("boss"), noon},
                                                   {Sequence{43}, "cancelled", *BidderId::from("ops-2"), noon}}));
  archive_all();
  clock_.advance(Duration{25 * 3'600'000});
  ASSERT_EQ(call("forget", 1, {"1"}).text, "1");
  EXPECT_EQ(*node_->actions(AuctionId{1}), *actions) << "both from the archive";
}

TEST_F(Trimmed, AWatcherThatComesBackLateGoesOn) {
  const Epoch epoch = redis_epoch(1);
  Seen back;
  back.last = Sequence{5};
  node_->watch(back, AuctionId{1}, ResumePoint{epoch, Sequence{5}});
  EXPECT_TRUE(soon([&] { return node_->on_loop([&] { return back.last == Sequence{42}; }); }));
  EXPECT_TRUE(back.gapless);
  EXPECT_EQ(back.resets, 0);
  ASSERT_TRUE(node_->bid(AuctionId{1}, "bob", 90'000));
  EXPECT_TRUE(soon([&] { return node_->on_loop([&] { return back.last == Sequence{43}; }); }));
  EXPECT_TRUE(back.gapless);
  node_->leave(back, AuctionId{1});

  PostgresServer::shared().kill();
  Seen late;
  node_->watch(late, AuctionId{1}, ResumePoint{epoch, Sequence{5}});
  EXPECT_TRUE(soon([&] { return node_->on_loop([&] { return late.resets == 1; }); })) << "it starts over";
  EXPECT_EQ(late.last, Sequence{43});
  node_->leave(late, AuctionId{1});
  EXPECT_EQ(node_->events({AuctionId{1}, Sequence{0}, 9, false}).error().failure, Failure::unavailable);
  EXPECT_TRUE(node_->events({AuctionId{1}, Sequence{35}, 9, false}));
  PostgresServer::shared().start();
}

}  // namespace
}  // namespace flashbid::test
