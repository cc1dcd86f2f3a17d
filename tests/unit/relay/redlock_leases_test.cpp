#include "relay/redlock_leases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>
#include <future>
#include <thread>

#include "archive/archive_reader.hpp"
#include "archive/verify.hpp"
#include "relay/archive_sink.hpp"
#include "relay/relay.hpp"
#include "support/auction_script.hpp"
#include "support/lease_servers.hpp"
#include "support/postgres_server.hpp"
#include "support/standing_clock.hpp"

namespace flashbid::testing {
namespace {

constexpr Duration short_lease{700};
constexpr Duration long_lease{60'000};

// A source of records in memory; a position is how many of them were read.
class RecordsInMemory final : public Source {
 public:
  explicit RecordsInMemory(const std::vector<Record>& records) : records_(records) {}

  Result<void> begin(std::string_view position) override {
    std::from_chars(position.data(), position.data() + position.size(), read_);
    return {};
  }
  Result<SourceBatch> read(std::size_t max) override {
    SourceBatch batch;
    batch.epoch = Epoch{1};
    for (; read_ < records_.size() && batch.records.size() < max; ++read_) batch.records.push_back(records_[read_]);
    batch.position = std::to_string(read_);
    batch.behind = records_.size() - read_;
    return batch;
  }
  Result<void> stored(std::string_view) override { return {}; }
  Result<Waiting> waiting() override { return Waiting{records_.size() - read_, std::nullopt}; }
  Result<bool> tidy(std::size_t) override { return false; }

 private:
  const std::vector<Record>& records_;
  std::size_t read_ = 0;
};

class RelayWithRedisLeases : public ::testing::Test {
 protected:
  // One worker: its own connections to everything.
  struct Worker {
    explicit Worker(RelayWithRedisLeases& test)
        : sink(test.url_, "memory", 1), locks(test.servers_.open()), leases(*locks, sink, "flashbid:lease:test") {
      EXPECT_TRUE(sink.prepare());
    }
    ArchiveSink sink;
    std::unique_ptr<Redlock> locks;
    RedlockLeases leases;
  };

  void bid(int times) {
    for (int k = 0; k < times; ++k) {
      records_ = std::move(records_) + script_.bid(k % 2 == 0 ? "Alice" : "Bob", amount_);
      amount_ += 100;
    }
  }
  RelayOptions options(std::string owner) const {
    RelayOptions made;
    made.owner = std::move(owner);
    made.batch = 3;
    made.lease = short_lease;
    made.idle = Duration{1};
    made.longest_pause = Duration{40};
    made.only_worker = true;
    return made;
  }
  Result<void> run(Worker& worker, RelayOptions made) {
    Relay relay(
        std::move(made),
        [this](std::uint64_t) -> Result<std::unique_ptr<Source>> {
          return std::make_unique<RecordsInMemory>(records_);
        },
        worker.sink, worker.leases);
    relay.stop(Duration{20'000});  // until nothing is left
    return relay.run();
  }
  SourceBatch batch(std::size_t from, std::size_t to) const {
    return {{records_.begin() + static_cast<std::ptrdiff_t>(from), records_.begin() + static_cast<std::ptrdiff_t>(to)},
            std::to_string(to),
            Epoch{1},
            0};
  }
  std::uint64_t verified_events() {
    ArchiveReader reader(url_);
    const auto verified = verify_archive(reader);
    EXPECT_TRUE(verified) << verified.error().detail;
    return verified ? verified->events : 0;
  }
  ShardLease acquire(Worker& worker, std::string_view owner, Duration length) {
    auto lease = worker.leases.acquire(0, owner, length);
    EXPECT_TRUE(lease && *lease) << (lease ? "another has it" : lease.error().detail);
    return lease && *lease ? **lease : ShardLease{};
  }

  ArchiveUrl url_ = PostgresServer::shared().fresh_database();
  test::StandingClock clock_{script_start};
  LeaseServers servers_{3, clock_.environment()};
  AuctionScript script_{1};
  std::int64_t amount_ = 1'000;
  std::vector<Record> records_ = script_.create();
};

TEST_F(RelayWithRedisLeases, MovesEverythingAndAnotherGoesOn) {
  bid(20);
  Worker one(*this);
  ASSERT_TRUE(run(one, options("one")));
  EXPECT_EQ(verified_events(), records_.size());
  EXPECT_EQ(servers_.granted("flashbid:lease:test:0"), 0U) << "given back at the end";
  bid(20);
  servers_[1].pause();
  Worker two(*this);
  ASSERT_TRUE(run(two, options("two")));
  EXPECT_EQ(verified_events(), records_.size());
}

TEST_F(RelayWithRedisLeases, OneHolderAtATime) {
  Worker one(*this);
  Worker two(*this);
  const ShardLease lease = acquire(one, "one", long_lease);
  ASSERT_FALSE(two.leases.acquire(0, "two", long_lease).value());
  ASSERT_TRUE(one.leases.renew(lease, long_lease));
  ASSERT_TRUE(one.leases.release(lease));
  EXPECT_GT(acquire(two, "two", long_lease).token, lease.token);
  EXPECT_EQ(one.leases.renew(lease, long_lease).error().failure, Failure::conflict);
}

TEST_F(RelayWithRedisLeases, AWorkerWithItsLeaseInTheArchiveKeepsOthersOut) {
  Worker one(*this);
  Worker two(*this);
  ASSERT_TRUE(one.sink.acquire(0, "one", long_lease).value());
  EXPECT_FALSE(two.leases.acquire(0, "two", long_lease).value());
  EXPECT_EQ(servers_.granted("flashbid:lease:test:0"), 0U) << "what is of no use is given back";
}

// The thread of a real relay stands still between reading and storing until another has stored everything.
TEST_F(RelayWithRedisLeases, AHolderPausedPastItsLeaseStoresNothing) {
  bid(20);
  Worker paused(*this);
  Worker next(*this);
  std::promise<void> has_read;
  std::promise<void> may_go_on;
  RelayOptions pausing = options("paused");
  bool first = true;
  pausing.after_step = [&](RelayStep step) -> Result<void> {
    if (step == RelayStep::read && first) {
      first = false;
      has_read.set_value();
      may_go_on.get_future().wait();
      return {};
    }
    if (step == RelayStep::stored) ADD_FAILURE() << "a batch was stored under a lease that had run out";
    return {};
  };
  std::jthread standing_still([&] { EXPECT_TRUE(run(paused, std::move(pausing))); });
  has_read.get_future().wait();
  clock_.advance(Duration{short_lease.ms + 1});
  ASSERT_TRUE(run(next, options("next")));
  ASSERT_EQ(verified_events(), records_.size());
  may_go_on.set_value();
  standing_still.join();
  EXPECT_EQ(verified_events(), records_.size());
}

// Clocks that jump make two who both believe that they hold the lease: the archive takes only from the newer.
TEST_F(RelayWithRedisLeases, TwoHoldersAtOnceDoNoHarm) {
  bid(8);
  Worker one(*this);
  Worker two(*this);
  const ShardLease old_lease = acquire(one, "one", long_lease);
  ASSERT_TRUE(one.sink.store(old_lease, batch(0, 3)));
  clock_.advance(Duration{long_lease.ms + 1});
  const ShardLease new_lease = acquire(two, "two", long_lease);
  EXPECT_EQ(new_lease.position, "3");
  ASSERT_TRUE(two.sink.store(new_lease, batch(3, 6)));
  EXPECT_EQ(one.sink.store(old_lease, batch(3, 5)).error().failure, Failure::conflict);
  EXPECT_EQ(one.sink.store(old_lease, batch(6, 9)).error().failure, Failure::conflict);
  ASSERT_TRUE(two.sink.store(new_lease, batch(6, 9)));
  EXPECT_EQ(verified_events(), 9U);
}

// One that was paused between its lease and its token: the token is the newest and what it reads goes on behind all
// that was stored, so what it stores is right; who has the lease takes the shard back.
TEST_F(RelayWithRedisLeases, ATokenMintedLateDoesNoHarm) {
  bid(8);
  Worker late(*this);
  Worker holder(*this);
  const ShardLease lease = acquire(holder, "holder", long_lease);
  ASSERT_TRUE(holder.sink.store(lease, batch(0, 3)));
  const auto late_lease = late.sink.acquire(0, "late", Duration{0}).value();
  ASSERT_TRUE(late_lease);
  EXPECT_EQ(late_lease->position, "3");
  EXPECT_EQ(holder.sink.store(lease, batch(3, 6)).error().failure, Failure::conflict);
  ASSERT_TRUE(late.sink.store(*late_lease, batch(3, 6)));
  const ShardLease again = acquire(holder, "holder", long_lease);
  EXPECT_EQ(again.position, "6");
  ASSERT_TRUE(holder.sink.store(again, batch(6, 9)));
  EXPECT_EQ(late.sink.store(*late_lease, batch(6, 9)).error().failure, Failure::conflict);
  EXPECT_EQ(verified_events(), 9U);
}

}  // namespace
}  // namespace flashbid::testing
