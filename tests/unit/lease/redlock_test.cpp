#include "lease/redlock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "support/fake_redis.hpp"
#include "support/lease_servers.hpp"
#include "support/standing_clock.hpp"

namespace flashbid::testing {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

constexpr milliseconds long_lease{60'000};
constexpr milliseconds short_lease{700};

std::optional<HeldLease> got(Result<std::optional<HeldLease>> answer) {
  EXPECT_TRUE(answer) << answer.error().detail;
  return answer ? std::move(*answer) : std::nullopt;
}
Failure failure_of(const auto& result) { return result ? Failure::internal : result.error().failure; }

template <class Holds>
bool soon(Holds holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds{10});
  }
  return true;
}
void sleep_past(const HeldLease& lease) { std::this_thread::sleep_until(lease.until + milliseconds{50}); }
// Servers count from when they heard of a lease, the holder from when it asked: it ends there a little later.
std::optional<HeldLease> got_soon(Redlock& locks, const std::string& name, milliseconds length) {
  std::optional<HeldLease> lease;
  EXPECT_TRUE(soon([&] { return (lease = got(locks.acquire(name, length))).has_value(); }));
  return lease;
}

// What holds on one server and on any number of them.
class Lease : public ::testing::TestWithParam<std::size_t> {
 protected:
  LeaseServers servers_{GetParam()};
  std::unique_ptr<Redlock> one_ = servers_.open();
  std::unique_ptr<Redlock> other_ = servers_.open();
};
INSTANTIATE_TEST_SUITE_P(OnServers, Lease, ::testing::Values(1, 3, 5), ::testing::PrintToStringParamName());

TEST_P(Lease, OneHolderAtATimeUntilItIsReleased) {
  const auto lease = got(one_->acquire("a", long_lease));
  ASSERT_TRUE(lease);
  EXPECT_TRUE(lease->holds());
  EXPECT_FALSE(got(other_->acquire("a", long_lease)));
  EXPECT_FALSE(got(one_->acquire("a", long_lease))) << "nor twice by one worker";
  EXPECT_TRUE(got(other_->acquire("b", long_lease))) << "another name is another lease";
  ASSERT_TRUE(one_->release(*lease));
  EXPECT_TRUE(got(other_->acquire("a", long_lease)));
}

TEST_P(Lease, RunsOutByItself) {
  const auto lease = got(one_->acquire("a", short_lease));
  ASSERT_TRUE(lease);
  sleep_past(*lease);
  EXPECT_FALSE(lease->holds());
  EXPECT_TRUE(got_soon(*other_, "a", long_lease));
}

TEST_P(Lease, IsHeldAsLongAsItIsRenewed) {
  auto lease = got(one_->acquire("a", short_lease));
  ASSERT_TRUE(lease);
  const auto first_end = lease->until;
  ASSERT_TRUE(one_->renew(*lease, long_lease));
  EXPECT_GT(lease->until, first_end + short_lease);
  std::this_thread::sleep_until(first_end + milliseconds{50});
  EXPECT_FALSE(got(other_->acquire("a", long_lease)));
  ASSERT_TRUE(one_->renew(*lease, short_lease)) << "may also be shortened";
  sleep_past(*lease);
  EXPECT_TRUE(got_soon(*other_, "a", long_lease));
}

TEST_P(Lease, NobodyElseRenewsOrReleasesIt) {
  const auto lease = got(one_->acquire("a", long_lease));
  ASSERT_TRUE(lease);
  HeldLease stolen = *lease;
  stolen.owner = "somebody else";
  EXPECT_EQ(failure_of(other_->renew(stolen, long_lease)), Failure::conflict);
  EXPECT_EQ(failure_of(other_->release(stolen)), Failure::conflict);
  EXPECT_FALSE(got(other_->acquire("a", long_lease))) << "it is held still";
  ASSERT_TRUE(one_->release(*lease));
  EXPECT_EQ(failure_of(one_->release(*lease)), Failure::conflict);
}

TEST_P(Lease, OneThatRanOutIsNotRenewedAndNotTakenFromTheNext) {
  auto lease = got(one_->acquire("a", short_lease));
  ASSERT_TRUE(lease);
  sleep_past(*lease);
  const auto next = got_soon(*other_, "a", long_lease);
  ASSERT_TRUE(next);
  EXPECT_EQ(failure_of(one_->renew(*lease, long_lease)), Failure::conflict);
  EXPECT_EQ(failure_of(one_->release(*lease)), Failure::conflict);
  lease->until = next->until;  // a clock that stood still
  EXPECT_EQ(failure_of(one_->renew(*lease, long_lease)), Failure::conflict);
  EXPECT_EQ(servers_.granted("a"), GetParam());
}

TEST_P(Lease, ManyWorkersNeverHoldItTogether) {
  constexpr int workers = 4;
  constexpr int turns = 5;
  std::atomic<int> inside{0};
  std::atomic<int> together{0};
  std::vector<std::jthread> threads;
  for (int worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&] {
      const auto locks = servers_.open();
      for (int turn = 0; turn < turns;) {
        const auto lease = got(locks->acquire("a", long_lease));
        if (!lease) {
          std::this_thread::yield();
          continue;
        }
        if (++inside != 1) ++together;
        std::this_thread::sleep_for(milliseconds{1});
        --inside;
        EXPECT_TRUE(locks->release(*lease));
        ++turn;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(together, 0);
}

class Majority : public Lease {
 protected:
  // The first `count` servers, every other one killed, the others standing still.
  void lose(std::size_t count) {
    for (std::size_t k = 0; k < count; ++k) {
      if (k % 2 == 0) {
        servers_[k].pause();
      } else {
        servers_[k].kill();
      }
    }
  }
  std::size_t minority_ = GetParam() / 2;
};
INSTANTIATE_TEST_SUITE_P(OfServers, Majority, ::testing::Values(3, 5), ::testing::PrintToStringParamName());

TEST_P(Majority, AMinorityThatIsDeadOrHangsChangesNothing) {
  auto early = got(one_->acquire("early", long_lease));
  ASSERT_TRUE(early);
  lose(minority_);
  ASSERT_TRUE(one_->renew(*early, long_lease));
  EXPECT_FALSE(got(other_->acquire("early", long_lease)));
  ASSERT_TRUE(one_->release(*early));
  auto late = got(other_->acquire("early", short_lease));
  ASSERT_TRUE(late);
  EXPECT_TRUE(late->holds()) << "the dead ones did not eat its time";
  EXPECT_FALSE(got(one_->acquire("early", long_lease)));
  sleep_past(*late);
  EXPECT_TRUE(got_soon(*one_, "early", long_lease));
  EXPECT_TRUE(got(servers_.open()->acquire("from the start", long_lease)));
}

TEST_P(Majority, WithoutOneNobodyGetsALeaseAndNothingStaysBehind) {
  auto held = got(one_->acquire("held", long_lease));
  ASSERT_TRUE(held);
  const auto until = held->until;
  lose(minority_ + 1);
  EXPECT_EQ(failure_of(one_->acquire("a", short_lease)), Failure::unavailable);
  EXPECT_EQ(failure_of(one_->renew(*held, long_lease)), Failure::unavailable);
  EXPECT_EQ(held->until, until) << "it holds for as long as before";
  // Those that hung do late what they were asked; what nobody takes back there runs out.
  for (std::size_t k = 0; k <= minority_; k += 2) servers_[k].resume();
  EXPECT_TRUE(soon([&] { return servers_.granted("a") == 0; }));
  EXPECT_TRUE(soon([&] { return one_->renew(*held, long_lease).has_value(); }));
}

TEST_P(Majority, AMajorityThatForgotEndsTheLease) {
  auto lease = got(one_->acquire("a", long_lease));
  ASSERT_TRUE(lease);
  for (std::size_t k = 0; k <= minority_; ++k) RedisConnection(servers_[k].port()).ask({"FLUSHALL"});
  EXPECT_EQ(failure_of(one_->renew(*lease, long_lease)), Failure::conflict);
}

TEST(LeaseAfterARestart, AServerThatForgotMakesTwoHolders) {
  LeaseServers servers(1);
  const auto one = servers.open();
  const auto other = servers.open();
  const auto lease = got(one->acquire("a", long_lease));
  ASSERT_TRUE(lease);
  servers[0].kill();
  servers[0].restart();
  ASSERT_TRUE(soon([&] { return other->acquire("a", long_lease).value_or(std::nullopt).has_value(); }));
  EXPECT_TRUE(lease->holds()) << "and each believes that it is the only one";
}

TEST(LeaseAfterARestart, AServerThatMayHaveForgottenHasNoVoteUntilEveryLeaseHasRunOut) {
  constexpr milliseconds delay{900};
  LeaseServers servers(1);
  const auto one = servers.open(delay);
  std::optional<HeldLease> lease;
  const auto lease_from = [&](Redlock& locks) {
    const auto answer = locks.acquire("a", delay);
    if (!answer) {
      EXPECT_THAT(answer.error().detail, HasSubstr("of 1 lease servers 1 must agree, 0 did"));
    }
    lease = answer.value_or(std::nullopt);
    return lease.has_value();
  };
  ASSERT_TRUE(soon([&] { return lease_from(*one); }));
  const HeldLease first = *lease;
  servers[0].kill();
  servers[0].restart();
  const auto other = servers.open(delay);
  ASSERT_TRUE(soon([&] { return lease_from(*other); }));
  EXPECT_FALSE(first.holds());
}

TEST(LeaseAndClock, AServerWhoseClockJumpsMakesTwoHolders) {
  test::StandingClock clock{Timestamp{1'800'000'000'000}};
  LeaseServers servers(1, clock.environment());
  const auto one = servers.open();
  const auto lease = got(one->acquire("a", long_lease));
  ASSERT_TRUE(lease);
  clock.advance(Duration{61'000});
  EXPECT_TRUE(got(servers.open()->acquire("a", long_lease)));
  EXPECT_TRUE(lease->holds()) << "and each believes that it is the only one";
}

// A server that takes connections and hangs: nobody waits for it, not at the end either.
TEST(LeaseServer, OneThatHangsIsLeftBehind) {
  FakeRedis server([](const FakeRedis::Words&) -> std::optional<std::string> { return ""; });
  server.tells_of_itself = false;
  const auto began = std::chrono::steady_clock::now();
  {
    const auto locks = Redlock::open({.servers = parse_lease_servers(server.url()).value()});
    ASSERT_TRUE(locks);
    EXPECT_EQ(failure_of((*locks)->acquire("a", short_lease)), Failure::unavailable);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds{10});
}

TEST(LeaseServersText, SplitsUrlsAndRefusesAServerWithTwoVotes) {
  const auto two = parse_lease_servers("redis://a:1,b:2,rediss://c/3");
  ASSERT_TRUE(two) << two.error().detail;
  ASSERT_EQ(two->size(), 2U);
  EXPECT_EQ(two->at(0).hosts.size(), 2U);
  EXPECT_EQ(to_text(two->at(1)), "rediss://c:6379/3");
  EXPECT_EQ(failure_of(parse_lease_servers("")), Failure::invalid);
  EXPECT_EQ(failure_of(parse_lease_servers("redis://a,")), Failure::invalid);
  const auto twice = parse_lease_servers("redis://a:1,redis://b:1,redis://a:1/2");
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().detail, HasSubstr("a:1 is named twice"));
}

}  // namespace
}  // namespace flashbid::testing
