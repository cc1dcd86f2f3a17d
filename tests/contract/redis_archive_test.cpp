// The Redis engine with an archive: what Redis lost is put back from there before anything is decided again (INV-1, 2,
// 9, 10).
#include <libpq-fe.h>

#include "support/archived_redis.hpp"

namespace flashbid::test {
namespace {

TEST_F(RedisArchive, AnEmptyRedisIsRebuiltWhole) {
  auto node = start();
  const auto as_created = *node->create(soft_terms(), std::nullopt, key_use(Operation::create, "c-1"), "boss");
  ASSERT_TRUE(node->create(open_terms()));
  ASSERT_TRUE(node->create(open_terms(), AuctionId{7}));
  Terms later = open_terms();
  later.opens_at = noon + minute;
  ASSERT_TRUE(node->create(later));
  std::map<std::string, BidAnswer> answers;
  for (int i = 0; i < 20; ++i) {
    const std::string key = "k" + std::to_string(i);
    const auto answer = node->bid(AuctionId{1}, i % 2 == 0 ? "alice" : "bob", 10'000 + i * 100, key);
    ASSERT_TRUE(answer);
    answers[key] = *answer;
    ASSERT_TRUE(node->bid(AuctionId{2}, "carol", 10'000 + i * 100));
  }
  EXPECT_GT(answers["k0"].as_of_sequence, answers["k0"].sequence) << "it extends";
  const auto cancelled = *node->cancel(AuctionId{7}, key_use(Operation::cancel, "x-1"), "ops-2");
  const std::vector actions{*node->actions(AuctionId{1}), *node->actions(AuctionId{7})};
  EXPECT_EQ(actions[1].at(1).by.view(), "ops-2");
  archive_all();
  const auto before = *node->list({});
  const Epoch epoch = before.auctions.front().epoch;
  node.reset();

  empty_redis();
  EXPECT_THAT(why_not(url_), HasSubstr("flashbid restore --from postgres://"));
  const auto counts = restore();
  ASSERT_TRUE(counts) << counts.error().detail;
  EXPECT_EQ(*counts, (RefillCounts{.auctions = 4, .events = 23 + 22 + 3 + 1, .keys = 21}));
  EXPECT_EQ(*restore(), RefillCounts{}) << "twice changes nothing";

  node = start();
  ASSERT_EQ(node->refused.detail, "");
  const auto after = *node->list({});
  ASSERT_EQ(after.auctions.size(), before.auctions.size());
  for (std::size_t k = 0; k < before.auctions.size(); ++k) {
    EXPECT_EQ(after.auctions[k].auction, before.auctions[k].auction);
    EXPECT_GT(after.auctions[k].epoch, epoch);
  }
  for (const auto& [key, answer] : answers) {
    const auto again = node->bid(AuctionId{1}, std::string(answer.bidder.view()), answer.amount.value(), key);
    ASSERT_TRUE(again) << again.error().detail;
    EXPECT_EQ(*again, answer);
  }
  EXPECT_EQ((std::vector{*node->actions(AuctionId{1}), *node->actions(AuctionId{7})}), actions);
  EXPECT_EQ(node->bid(AuctionId{1}, "alice", 99'999, "k0").error().failure, Failure::key_reused);
  EXPECT_EQ(node->create(soft_terms(), std::nullopt, key_use(Operation::create, "c-1"))->auction, as_created.auction);
  EXPECT_EQ(node->cancel(AuctionId{7}, key_use(Operation::cancel, "x-1"))->auction, cancelled.auction);
  EXPECT_EQ(node->bid(AuctionId{2}, "dora", 20'000)->sequence, Sequence{23});
  EXPECT_EQ(node->create(open_terms())->auction.id, AuctionId{9}) << "no id is given twice";
  clock_.advance(minute);
  EXPECT_TRUE(soon([&] { return node->read(AuctionId{8})->auction.state == AuctionState::open; }));
  const auto events = node->events({AuctionId{2}, Sequence{0}, 100, false});
  ASSERT_TRUE(events);
  EXPECT_EQ(events->events.size(), 23U);
}

// A Redis that comes back as it was before, under a node that runs.
TEST_F(RedisArchive, ARolledBackRedisIsPutRightAndWatchersStartOver) {
  auto node = start();
  ASSERT_TRUE(node->create(open_terms()));
  ASSERT_TRUE(node->bid(AuctionId{1}, "alice", 10'000));
  keep_data();
  ASSERT_TRUE(soon([&] { return node->bid(AuctionId{1}, "bob", 10'100, "k1").has_value(); }));
  const auto keyed = *node->bid(AuctionId{1}, "bob", 10'100, "k1");
  Seen seen;
  node->watch(seen, AuctionId{1});
  ASSERT_TRUE(node->bid(AuctionId{1}, "carol", 10'200));
  ASSERT_TRUE(node->create(open_terms()));
  ASSERT_TRUE(soon([&] { return node->on_loop([&] { return seen.last == Sequence{5}; }); }));
  archive_all();
  const auto before = *node->read(AuctionId{1});
  const Epoch epoch = redis_epoch(1);

  roll_back();
  ASSERT_TRUE(soon([&] { return node->engine().health().ready && redis_epoch(1) > epoch; }));
  EXPECT_EQ(node->read(AuctionId{1})->auction, before.auction);
  EXPECT_TRUE(node->read(AuctionId{2}));
  EXPECT_EQ(*node->bid(AuctionId{1}, "bob", 10'100, "k1"), keyed);
  EXPECT_EQ(node->bid(AuctionId{1}, "dora", 10'300)->sequence, Sequence{6});
  EXPECT_TRUE(soon([&] { return node->on_loop([&] { return seen.last == Sequence{6}; }); }));
  node->leave(seen, AuctionId{1});
  EXPECT_GE(seen.resets, 1);
  EXPECT_EQ(seen.epoch, redis_epoch(1));
  EXPECT_EQ(node->redis().redis_counters().lost, 0U);
  EXPECT_EQ(archived_epoch(1), redis_epoch(1));
  archive_all();  // what is there again, and what came behind it, fit what is archived
}

// Room is made by those who are let in: the node's own relay, for one.
TEST_F(RedisArchive, AFullRedisThatWasRestartedIsServedAgain) {
  auto node = start();
  ASSERT_TRUE(node->create(open_terms()));
  ASSERT_TRUE(node->bid(AuctionId{1}, "alice", 10'000));
  archive_all();
  const Epoch epoch = redis_epoch(1);
  node.reset();
  server_.stop();
  server_.restart();
  ask({"CONFIG", "SET", "maxmemory", "1mb"});
  node = start();
  ASSERT_EQ(node->refused.detail, "");
  EXPECT_GT(redis_epoch(1), epoch);
  EXPECT_EQ(node->read(AuctionId{1})->auction.sequence, Sequence{3});
  const auto refused = node->bid(AuctionId{1}, "bob", 10'100);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().detail, HasSubstr("is full"));
  ask({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_EQ(node->bid(AuctionId{1}, "bob", 10'100)->sequence, Sequence{4});
}

TEST_F(RedisArchive, AFullRedisWithoutTheFunctionsIsNot) {
  ask({"FUNCTION", "FLUSH", "SYNC"});
  ask({"CONFIG", "SET", "maxmemory", "1mb"});
  EXPECT_THAT(why_not(url_), HasSubstr("lacks this version's functions"));
}

// Far more than Redis would be given back: the newest events, all keys.
TEST_F(RedisArchive, OfALongHistoryTheNewestIsPutBack) {
  auto node = start();
  ASSERT_TRUE(node->create(open_terms()));
  std::vector<std::future<Result<BidAnswer>>> bids;
  for (int i = 0; i < 1'500; ++i) {
    bids.push_back(
        node->bid_later(EngineCalls::request(AuctionId{1}, "alice", 10'000 + i * 100, "k" + std::to_string(i))));
  }
  std::vector<BidAnswer> answers;
  for (auto& bid : bids) answers.push_back(*bid.get());
  archive_all();
  const auto before = *node->read(AuctionId{1});
  node.reset();
  empty_redis();
  EXPECT_EQ(*restore(), (RefillCounts{.auctions = 1, .events = 1'000, .keys = 1'500}));
  node = start();
  EXPECT_EQ(node->read(AuctionId{1})->auction, before.auction);
  for (const int i : {0, 499, 500, 1'499}) {
    const auto& answer = answers[static_cast<std::size_t>(i)];
    EXPECT_EQ(*node->bid(AuctionId{1}, "alice", answer.amount.value(), "k" + std::to_string(i)), answer);
  }
  std::uint64_t next = 1;
  for (Sequence after{0}; after < Sequence{1'502};) {
    const auto page = node->events({AuctionId{1}, after, 400, false});
    ASSERT_TRUE(page) << page.error().detail;
    for (const auto& json : page->events) EXPECT_EQ(decode_event(*json, {})->event.sequence.value(), next++);
    after = page->last;
  }
  EXPECT_EQ(next, 1'503U);
}

TEST_F(RedisArchive, OfALongGapNothingIsLeftOut) {
  auto node = start();
  ASSERT_TRUE(node->create(open_terms()));
  ASSERT_TRUE(node->bid(AuctionId{1}, "alice", 10'000));
  keep_data();
  ASSERT_TRUE(soon([&] { return node->bid(AuctionId{1}, "bob", 10'100).has_value(); }));
  std::vector<std::future<Result<BidAnswer>>> bids;
  for (int i = 0; i < 2'500; ++i) {
    bids.push_back(node->bid_later(EngineCalls::request(AuctionId{1}, "alice", 10'200 + i * 100)));
  }
  for (auto& bid : bids) ASSERT_TRUE(bid.get());
  archive_all();
  const auto before = *node->read(AuctionId{1});
  node.reset();
  roll_back();
  node = start();
  ASSERT_EQ(node->refused.detail, "");
  EXPECT_EQ(node->read(AuctionId{1})->auction, before.auction);
  const auto entries = stream(1);
  ASSERT_EQ(entries.size(), 2'504U);
  for (std::size_t k = 0; k < entries.size(); ++k) EXPECT_EQ(entries[k].record.sequence.value(), k + 1);
  EXPECT_EQ(ask({"LLEN", redis::index_key(1, AuctionId{1})}).text, "2504");
}

TEST_F(RedisArchive, APlainRestartPutsNothingBack) {
  auto node = start();
  ASSERT_TRUE(node->create(open_terms()));
  ASSERT_TRUE(node->bid(AuctionId{1}, "alice", 10'000));
  archive_all();
  ASSERT_TRUE(node->bid(AuctionId{1}, "bob", 10'100)) << "ahead of the archive";
  const std::size_t entries = stream(1).size();
  const Epoch epoch = redis_epoch(1);
  server_.kill();
  server_.restart();
  ASSERT_TRUE(soon([&] { return node->bid(AuctionId{1}, "carol", 10'200).has_value(); }));
  EXPECT_GT(redis_epoch(1), epoch);
  EXPECT_EQ(stream(1).size(), entries + 1);
  archive_all();
}

// It would not find what has left Redis, and could let accepted state go back in time.
TEST_F(RedisArchive, ANodeWithoutTheArchiveIsRefused) {
  EXPECT_THAT(why_not(std::nullopt), HasSubstr("start this node with --archive"));
  server_.kill();
  server_.restart();
  EXPECT_THAT(why_not(std::nullopt), HasSubstr("start this node with --archive"));
  EXPECT_EQ(why_not(url_), "");
  EXPECT_THAT(why_not(std::nullopt), HasSubstr("start this node with --archive"));
}

TEST_F(RedisArchive, AnArchiveOfAnotherLedgerIsRefused) {
  const ArchiveUrl other = PostgresServer::shared().fresh_database();
  ASSERT_TRUE(ArchiveWriter(other).claim("sqlite", 1));
  EXPECT_THAT(why_not(other), HasSubstr("of kind sqlite"));
  const ArchiveUrl wider = PostgresServer::shared().fresh_database();
  ASSERT_TRUE(ArchiveWriter(wider).claim(redis_origin, shards + 1));
  EXPECT_THAT(why_not(wider), HasSubstr("with 5 shards"));
  const auto empty = restore_redis({.from = PostgresServer::shared().fresh_database(),
                                    .to = redis::parse_url(server_.url()).value(),
                                    .on_notice = {},
                                    .on_shard = {}});
  EXPECT_EQ(empty.error().failure, Failure::invalid);
  EXPECT_THAT(empty.error().detail, HasSubstr("is empty"));
}

// Without the archive nobody can say what another primary lacks: nothing is decided until it can be asked.
TEST_F(RedisArchive, WithoutPostgreSqlANewPrimaryIsNotAdmitted) {
  auto node = start();
  ASSERT_TRUE(node->create(open_terms()));
  ASSERT_TRUE(node->bid(AuctionId{1}, "alice", 10'000));
  archive_all();
  PostgresServer::shared().kill();
  EXPECT_TRUE(node->bid(AuctionId{1}, "bob", 10'100)) << "bidding goes on";
  EXPECT_TRUE(node->read(AuctionId{1})) << "and reading";
  EXPECT_TRUE(node->list({.state = AuctionState::open, .after = AuctionId{0}}));
  const auto gone = node->read(AuctionId{99});
  EXPECT_EQ(gone.error().failure, Failure::unavailable);
  EXPECT_THAT(gone.error().detail, HasSubstr("archive"));

  server_.kill();
  server_.restart();
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  EXPECT_EQ(node->bid(AuctionId{1}, "carol", 10'200).error().failure, Failure::unavailable);
  EXPECT_FALSE(node->engine().health().ready);
  EXPECT_THAT(node->engine().health().reason, HasSubstr("before the archive has been asked"));
  PostgresServer::shared().start();
  EXPECT_TRUE(soon([&] { return node->bid(AuctionId{1}, "carol", 10'200).has_value(); }));
  EXPECT_EQ(node->read(AuctionId{1})->auction.bids, 3U);
}

TEST_F(RedisArchive, NodesThatComeAtOnceAgree) {
  std::vector<std::unique_ptr<ArchivedNode>> nodes;
  for (int k = 0; k < 3; ++k) nodes.push_back(start());
  ASSERT_TRUE(nodes[0]->create(open_terms()));
  ASSERT_TRUE(nodes[0]->bid(AuctionId{1}, "alice", 10'000));
  keep_data();
  ASSERT_TRUE(soon([&] { return nodes[0]->bid(AuctionId{1}, "bob", 10'100).has_value(); }));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(nodes[1]->bid(AuctionId{1}, "carol", 10'200 + i * 100));
  archive_all();
  const Epoch epoch = redis_epoch(1);
  roll_back();
  for (const auto& node : nodes) {
    EXPECT_TRUE(soon([&] { return node->engine().health().ready && redis_epoch(1) > epoch; }));
    EXPECT_TRUE(soon([&] { return node->read(AuctionId{1}).has_value(); }));
    EXPECT_EQ(node->read(AuctionId{1})->auction.bids, 52U);
  }
  for (unsigned shard = 0; shard < shards; ++shard) {
    EXPECT_EQ(redis_epoch(shard), archived_epoch(shard)) << "otherwise nobody could archive";
  }
  EXPECT_EQ(stream(1).size(), 54U) << "each event once";
  EXPECT_TRUE(nodes[2]->bid(AuctionId{1}, "dora", 90'000));
  archive_all();
}

// While one asks the archive about a shard without data, another begins it, takes bids, and these are archived.
TEST_F(RedisArchive, AShardThatAnotherBeganMeanwhileIsNotTakenForEmptied) {
  ASSERT_TRUE(start()->create(open_terms()));
  archive_all();
  ask({"RENAME", redis::meta_key(1), "not begun"});
  const std::unique_ptr<PGconn, void (*)(PGconn*)> busy(PQconnectdb(url_.uri.c_str()), PQfinish);
  const auto run = [&](const char* sql) {
    const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(busy.get(), sql), PQclear);
    return PQntuples(result.get()) > 0 ? std::string(PQgetvalue(result.get(), 0, 0)) : std::string();
  };
  run("BEGIN");
  run("LOCK TABLE flashbid.auctions");
  std::unique_ptr<ArchivedNode> late;
  std::jthread thread([&] { late = start(); });
  EXPECT_TRUE(soon([&] { return run("SELECT count(*) FROM pg_locks WHERE NOT granted") != "0"; }));
  ask({"RENAME", "not begun", redis::meta_key(1)});
  run("COMMIT");
  thread.join();
  EXPECT_EQ(late->refused.detail, "");
}

// Bids decided in one epoch twice would be two histories: neither is put over the other.
TEST_F(RedisArchive, WhatWentAnotherWayIsNotMixed) {
  auto node = start();
  ASSERT_TRUE(node->create(open_terms()));
  keep_data();
  ASSERT_TRUE(soon([&] { return node->bid(AuctionId{1}, "bob", 10'100).has_value(); }));
  ASSERT_TRUE(node->bid(AuctionId{1}, "carol", 10'200));
  archive_all();
  node.reset();
  roll_back();
  for (unsigned shard = 0; shard < shards; ++shard) ask({"HDEL", redis::meta_key(shard), "archived"});
  ASSERT_TRUE(ArchivedNode(server_, std::nullopt).bid(AuctionId{1}, "mallory", 10'000)) << "without the archive";
  ask({"HSET", redis::auction_key(1, AuctionId{1}), "state",
       "3 1 0 0 1 10000 1800003600000 1800000000000 9 2 mallory"});
  const auto restored = restore();
  EXPECT_EQ(restored.error().failure, Failure::unavailable);
  EXPECT_THAT(restored.error().detail, HasSubstr("different ways"));
}

}  // namespace
}  // namespace flashbid::test
