// verify_redis: silent about what the functions make, and not about anything that somebody changed afterwards.
#include "engine/redis/verify.hpp"

#include "archive/archive_writer.hpp"
#include "functions/shard.hpp"
#include "redis/keys.hpp"
#include "support/auction_script.hpp"
#include "support/postgres_server.hpp"

namespace flashbid::functions {
namespace {

using ::testing::HasSubstr;

class VerifyRedis : public Shard {
 protected:
  // One shard; auction 1 open with three accepted bids, one of them with a key, auction 2 not yet open, 3 cancelled.
  void SetUp() override {
    Shard::SetUp();
    redis().ask({"DEL", key});
    ASSERT_EQ(call("admit", {"run-1", "", "1", "1"}).text, "ok");
    create(1, open_terms());
    answer(1, "Alice", 10'000, "k1");
    answer(1, "Bob", 10'100);
    answer(1, "Bob", 10'150);
    answer(1, "Carol", 10'200);
    Terms later = open_terms();
    later.opens_at = now() + Duration{day_ms / 48};
    create(2, later);
    create(3, open_terms());
    cancel(3);
  }

  static std::unique_ptr<redis::SyncClient> open() {
    redis::Options options;
    options.url = redis::parse_url(server().url()).value();
    options.library_text = redis_library().text;
    return redis::SyncClient::open(std::move(options)).value();
  }

  static Result<VerifiedRedis> verify(ArchiveReader* archive = nullptr) { return verify_redis(*open(), archive); }

  // The first violation; empty if there is none.
  static std::string violation(ArchiveReader* archive = nullptr) {
    const auto verified = verify(archive);
    if (verified) return "";
    EXPECT_EQ(verified.error().failure, Failure::corrupt) << verified.error().detail;
    return verified.error().detail;
  }

  // The stream anew, with each entry as `change` leaves it; false = left out.
  template <class Change>
  static void rewrite_stream(Change change) {
    std::vector<Entry> entries = stream();
    redis().ask({"DEL", suffixed("stream")});
    for (Entry& entry : entries) {
      if (!change(entry)) continue;
      std::vector<std::string> words{"XADD", suffixed("stream"), entry.id};
      for (const auto& [name, value] : entry.fields) words.insert(words.end(), {name, value});
      ASSERT_FALSE(redis().ask(words).error);
    }
  }

  static bool is_event(const Entry& entry, const std::string& auction, const std::string& sequence) {
    return entry.fields.at("a") == auction && entry.fields.at("s") == sequence;
  }

  static void replace(std::string& text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos) << text;
    text.replace(at, from.size(), to);
  }

  // An archive of what the stream holds, up to `events` of them, and of `more`.
  static ArchiveReader archive(std::size_t events = 1'000, const std::vector<Record>& more = {}) {
    const ArchiveUrl url = testing::PostgresServer::shared().fresh_database();
    ArchiveWriter writer(url);
    const auto lease = writer.acquire(0, "test", Duration{60'000});
    std::vector<Record> records;
    for (const Entry& entry : stream()) {
      const auto secret = entry.fields.find("x");
      records.push_back({entry.decoded.auction, entry.decoded.event.sequence, RecordKind::event, entry.decoded.event.at,
                         std::make_shared<const std::string>(entry.fields.at("p")),
                         secret == entry.fields.end() ? "" : secret->second});
    }
    records.resize(std::min(events, records.size()));
    records.insert(records.end(), more.begin(), more.end());
    EXPECT_TRUE(lease && *lease && writer.store(**lease, Epoch{1}, records, "all"));
    return ArchiveReader(url);
  }

  // As the relay does: everything up to and with event `sequence` of auction 1 leaves the stream.
  static void trim(std::uint64_t sequence) {
    for (const Entry& entry : stream()) {
      if (!is_event(entry, "1", text(sequence + 1))) continue;
      ASSERT_FALSE(call("trim", {entry.id, "1", text(sequence)}).error);
    }
  }
};

TEST_F(VerifyRedis, WhatTheFunctionsMadeIsConsistent) {
  const auto verified = verify();
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_EQ(verified->auctions, 3U);
  EXPECT_EQ(verified->events, stream().size());
  EXPECT_EQ(verified->keys, 1U);
  EXPECT_EQ(verified->unplayed, 0U);
}

TEST_F(VerifyRedis, AnEmptyRedisIsNothingToVerify) {
  redis().ask({"FLUSHALL"});
  const auto verified = verify();
  ASSERT_FALSE(verified);
  EXPECT_EQ(verified.error().failure, Failure::invalid);
}

TEST_F(VerifyRedis, AMissingEventIsFound) {
  rewrite_stream([](const Entry& entry) { return !is_event(entry, "1", "4"); });
  EXPECT_THAT(violation(), HasSubstr("auction 1: event 5 follows event 3"));
}

TEST_F(VerifyRedis, ALostLastEventIsFound) {
  rewrite_stream([](const Entry& entry) { return !is_event(entry, "1", "5"); });
  EXPECT_THAT(violation(), HasSubstr("its state is that after event 5, its last event is 4"));
}

TEST_F(VerifyRedis, AnEventAgainstTheRulesIsFound) {
  rewrite_stream([](Entry& entry) {
    if (is_event(entry, "1", "4")) replace(entry.fields["p"], "\"amount\":10100", "\"amount\":10050");
    return true;
  });
  EXPECT_THAT(violation(), HasSubstr("auction 1, sequence 4"));
}

TEST_F(VerifyRedis, FieldsThatContradictThePayloadAreFound) {
  rewrite_stream([](Entry& entry) {
    if (is_event(entry, "1", "4")) entry.fields["e"] = "2";
    return true;
  });
  EXPECT_THAT(violation(), HasSubstr("its fields and its payload differ"));
}

TEST_F(VerifyRedis, AStateThatItsEventsDoNotLeadToIsFound) {
  Auction auction = view(1);
  auction.price = Amount{10'300};
  set_state(auction, {now(), Epoch{1}, Sequence{0}});
  EXPECT_THAT(violation(), HasSubstr("auction 1: its state is not what its 5 events lead to"));
}

TEST_F(VerifyRedis, AnAuctionWhoseStateIsGoneIsFound) {
  redis().ask({"DEL", auction_key(1)});
  redis().ask({"ZREM", suffixed("ids:open"), "1"});
  EXPECT_THAT(violation(), HasSubstr("auction 1: it has events and no state"));
}

TEST_F(VerifyRedis, AnAuctionThatNothingWouldCloseIsFound) {
  redis().ask({"ZREM", suffixed("due"), "1"});
  EXPECT_THAT(violation(), HasSubstr("auction 1: nothing would ever open or close it"));
}

TEST_F(VerifyRedis, AnIndexThatNamesOtherEntriesIsFound) {
  redis().ask({"LPOP", suffixed("i:1")});
  EXPECT_THAT(violation(), HasSubstr("auction 1: its index does not name its events"));
}

TEST_F(VerifyRedis, AForgottenKeyIsFound) {
  redis().ask({"HDEL", suffixed("k:1"), "Alice k1"});
  EXPECT_THAT(violation(), HasSubstr("auction 1: the key of event 3 is not remembered with its answer"));
}

TEST_F(VerifyRedis, AnAuctionInAnotherShardIsFound) {
  redis().ask({"HSET", key, "shards", "16"});
  for (unsigned shard = 1; shard < 16; ++shard) {
    redis().ask({"HSET", redis::meta_key(shard), "shards", "16", "epoch", "1"});
  }
  EXPECT_THAT(violation(), HasSubstr("auction 1: it is in shard 0"));
  redis().ask({"DEL", redis::meta_key(7)});
  redis().ask({"DEL", suffixed("stream"), suffixed("ids:open"), suffixed("ids:scheduled"), suffixed("ids:cancelled")});
  EXPECT_THAT(violation(), HasSubstr("shard 7 has no data"));
}

TEST_F(VerifyRedis, AnArchiveThatHasAllIsEqual) {
  ArchiveReader archived = archive();
  const auto verified = verify(&archived);
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_FALSE(verified->undrained);
}

TEST_F(VerifyRedis, WhatIsNotArchivedYetIsSaid) {
  ArchiveReader archived = archive(4);
  const auto verified = verify(&archived);
  ASSERT_TRUE(verified) << verified.error().detail;
  ASSERT_TRUE(verified->undrained);
  EXPECT_EQ(verified->undrained->auction, AuctionId{1});
  EXPECT_EQ(verified->undrained->sequence, Sequence{5});
}

TEST_F(VerifyRedis, AnArchiveThatIsAheadIsAViolation) {
  ArchiveReader archived = archive();
  const Entry last = stream().at(4);
  ASSERT_TRUE(is_event(last, "1", "5"));
  rewrite_stream([](const Entry& entry) { return !is_event(entry, "1", "5"); });
  Auction auction = view(1);
  auction.sequence = Sequence{4};
  auction.price = Amount{10'100};
  auction.leader = support::bidder("Bob");
  auction.bids = 2;
  set_state(auction, {now(), Epoch{1}, Sequence{0}});
  EXPECT_EQ(violation(), "");
  EXPECT_THAT(violation(&archived), HasSubstr("the archive has it up to event 5, Redis up to 4"));
}

TEST_F(VerifyRedis, AnAuctionThatOnlyTheArchiveHasIsAViolation) {
  ArchiveReader archived = archive();
  rewrite_stream([](const Entry& entry) { return entry.fields.at("a") != "1"; });
  redis().ask({"DEL", auction_key(1)});
  redis().ask({"ZREM", suffixed("ids:open"), "1"});
  EXPECT_EQ(violation(), "");
  EXPECT_THAT(violation(&archived), HasSubstr("auction 1: the archive has it up to event 5, Redis up to 0"));
}

TEST_F(VerifyRedis, AnAuctionThatEndedWithinADayIsStillThere) {
  ArchiveReader archived = archive();
  redis().ask({"DEL", auction_key(3)});
  redis().ask({"ZREM", suffixed("ids:cancelled"), "3"});
  EXPECT_THAT(violation(), HasSubstr("auction 3: it has events and no state"));
  rewrite_stream([](const Entry& entry) { return entry.fields.at("a") != "3"; });
  EXPECT_EQ(violation(), "");
  EXPECT_THAT(violation(&archived), HasSubstr("auction 3: the archive has it up to event 3, Redis up to 0"));
}

TEST_F(VerifyRedis, AnAuctionThatEndedLongAgoMayBeInTheArchiveOnly) {
  constexpr Timestamp then{1'700'000'000'000};
  Terms terms = testing::sample_terms();
  terms.opens_at = then;
  terms.closes_at = then + Duration{1'000};
  testing::AuctionScript old(9, terms);
  using testing::operator+;
  ArchiveReader archived = archive(1'000, old.create(then) + old.play(Tick{}, terms.closes_at));
  EXPECT_EQ(violation(&archived), "");
}

TEST_F(VerifyRedis, AnotherPayloadInTheArchiveIsAViolation) {
  ArchiveReader archived = archive();
  redis().ask({"FLUSHALL"});
  SetUp();  // the same auctions, a moment later
  EXPECT_THAT(violation(&archived), HasSubstr("ledger and archive differ"));
}

TEST_F(VerifyRedis, WhatHasLeftTheStreamIsPlayedFromTheArchive) {
  ArchiveReader archived = archive();
  ArchiveReader lacking = archive(2);  // will have neither event 3 nor 4, as the stream
  trim(4);
  auto verified = verify(&archived);
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_EQ(verified->unplayed, 0U);
  verified = verify();
  ASSERT_TRUE(verified) << verified.error().detail;
  EXPECT_EQ(verified->unplayed, 1U);
  EXPECT_THAT(violation(&lacking), HasSubstr("event 3 is neither in the stream nor in the archive"));
}

}  // namespace
}  // namespace flashbid::functions
