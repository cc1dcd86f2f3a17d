// Leases that stand beside what is read, for sinks that grant none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "relay/folder_leases.hpp"
#include "relay/redis_leases.hpp"
#include "support/temporary_folder.hpp"
#include "unit/relay/redis_shards.hpp"

namespace flashbid::testing {
namespace {

constexpr Duration long_lease{60'000};
constexpr Duration short_lease{100};

class LeasesInRedis : public ::testing::Test {
 protected:
  static std::optional<ShardLease> acquire(Leases& leases, std::uint64_t shard, std::string_view owner,
                                           Duration length = long_lease) {
    auto lease = leases.acquire(shard, owner, length);
    EXPECT_TRUE(lease) << lease.error().detail;
    return lease ? *lease : std::nullopt;
  }

  RedisShards shards_{2};
  std::shared_ptr<RedisLedger> redis_ = std::make_shared<RedisLedger>(
      redis::parse_url("redis://127.0.0.1:" + std::to_string(shards_.server.port())).value(), redis_library().text);
  RedisLeases leases_{redis_, "rabbitmq"};
};

TEST_F(LeasesInRedis, OneWorkerHoldsAShardUntilItIsReleased) {
  const auto one = acquire(leases_, 0, "one");
  ASSERT_TRUE(one);
  EXPECT_FALSE(acquire(leases_, 0, "two"));
  EXPECT_TRUE(acquire(leases_, 1, "two")) << "another shard";
  RedisLeases others(redis_, "kafka");
  EXPECT_TRUE(acquire(others, 0, "two")) << "another group";
  EXPECT_TRUE(leases_.renew(*one, long_lease));
  ASSERT_TRUE(leases_.release(*one));
  const auto two = acquire(leases_, 0, "two");
  ASSERT_TRUE(two);
  EXPECT_GT(two->token, one->token);
}

TEST_F(LeasesInRedis, OneThatHasRunOutIsTakenOver) {
  const auto one = acquire(leases_, 0, "one", short_lease);
  ASSERT_TRUE(one);
  std::this_thread::sleep_for(std::chrono::milliseconds{short_lease.ms + 50});
  const auto two = acquire(leases_, 0, "two");
  ASSERT_TRUE(two);
  EXPECT_EQ(leases_.renew(*one, long_lease).error().failure, Failure::conflict);
  ASSERT_TRUE(leases_.release(*one));
  EXPECT_FALSE(acquire(leases_, 0, "one")) << "the old holder has released nothing";
}

TEST_F(LeasesInRedis, WorkersAreCountedWhileTheyLive) {
  EXPECT_EQ(leases_.beat("one", short_lease).value(), 1U);
  EXPECT_EQ(leases_.beat("two", long_lease).value(), 2U);
  std::this_thread::sleep_for(std::chrono::milliseconds{short_lease.ms + 50});
  EXPECT_EQ(leases_.beat("two", long_lease).value(), 1U);
}

TEST(LeaseOfAFolder, IsOneProcesss) {
  const TemporaryFolder folder;
  FolderLeases one(folder.path(), "rabbitmq");
  FolderLeases two(folder.path(), "rabbitmq");
  auto lease = one.acquire(0, "one", long_lease);
  ASSERT_TRUE(lease && *lease);
  EXPECT_EQ((*lease)->position, "");
  EXPECT_FALSE(two.acquire(0, "two", long_lease).value());
  ASSERT_TRUE(position_file(folder.path(), "rabbitmq").write("17"));
  ASSERT_TRUE(one.release(**lease));
  lease = two.acquire(0, "two", long_lease);
  ASSERT_TRUE(lease && *lease);
  EXPECT_EQ((*lease)->position, "17");
}

TEST(PositionOfAReader, IsNeverHalf) {
  const TemporaryFolder folder;
  const PositionFile file = position_file(folder.path(), "kafka");
  EXPECT_EQ(file.read().value(), "");
  ASSERT_TRUE(file.write("1234567"));
  ASSERT_TRUE(file.write("8"));
  EXPECT_EQ(file.read().value(), "8");
  std::ofstream(folder.path() / "relay-kafka.position") << "12";
  EXPECT_EQ(file.read().error().failure, Failure::corrupt);
}

}  // namespace
}  // namespace flashbid::testing
