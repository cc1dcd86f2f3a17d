#include "relay/archive_behind.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "relay/archive_sink.hpp"
#include "support/postgres_server.hpp"
#include "unit/relay/redis_shards.hpp"

namespace flashbid::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

class AnArchiveBehindAQueue : public ::testing::Test {
 protected:
  AnArchiveBehindAQueue() {
    shards_.create(1);
    shards_.bid(1, 8);
  }
  // The first `count` of the shard's events.
  void archive(std::size_t count) {
    ArchiveSink sink(url_, "redis", 1);
    ASSERT_TRUE(sink.prepare());
    const auto lease = sink.leases()->acquire(0, "test", Duration{10'000});
    ASSERT_TRUE(lease && *lease);
    const auto source = shards_.source();
    ASSERT_TRUE(source->begin({}));
    const auto batch = source->read(count);
    ASSERT_TRUE(batch);
    ASSERT_TRUE(sink.store(**lease, *batch));
  }
  ArchiveBehind behind(std::chrono::milliseconds quiet) {
    return {url_, [this](const std::string& why) { said_.push_back(why); }, quiet};
  }

  RedisShards shards_;
  ArchiveUrl url_ = PostgresServer::shared().fresh_database();
  std::vector<std::string> said_;
};

TEST_F(AnArchiveBehindAQueue, HasWhatItHasFromTheFirstOn) {
  archive(4);
  ArchiveBehind behind = this->behind(std::chrono::milliseconds{0});
  const std::vector<Record> all = shards_.stream();
  EXPECT_EQ(behind.count(all), 4U);
  EXPECT_EQ(behind.count(std::span(all).first(3)), 3U);
  EXPECT_EQ(behind.count(std::span(all).subspan(4)), 0U);
  EXPECT_EQ(behind.count({}), 0U);
  EXPECT_TRUE(said_.empty());
}

TEST_F(AnArchiveBehindAQueue, DoesNotHaveAnEventThatItHasOtherwise) {
  archive(4);
  ArchiveBehind behind = this->behind(std::chrono::milliseconds{0});
  std::vector<Record> all = shards_.stream();
  all[1].secret = R"({"reserve":1})";
  EXPECT_EQ(behind.count(all), 0U);
  EXPECT_TRUE(said_.empty()) << "it is no trouble, and passes";
}

TEST_F(AnArchiveBehindAQueue, ThatCannotBeAskedHasNothingAndIsLeftAloneForAWhile) {
  ArchiveBehind impatient = behind(std::chrono::milliseconds{0});
  ArchiveBehind patient = behind(std::chrono::hours{1});
  const std::vector<Record> all = shards_.stream();
  archive(all.size());
  PostgresServer::shared().kill();
  EXPECT_EQ(impatient.count(all), 0U);
  EXPECT_EQ(impatient.count(all), 0U);
  EXPECT_THAT(said_, ElementsAre(Not(IsEmpty()))) << "once";
  EXPECT_EQ(patient.count(all), 0U);
  PostgresServer::shared().start();
  EXPECT_EQ(impatient.count(all), all.size());
  EXPECT_THAT(said_, ElementsAre(Not(IsEmpty()), Not(IsEmpty()), IsEmpty())) << "of two, and one is well again";
  EXPECT_EQ(patient.count(all), 0U) << "it has not asked again";
}

}  // namespace
}  // namespace flashbid::testing
