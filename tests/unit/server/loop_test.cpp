#include "server/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <functional>
#include <thread>

#include "base/assert.hpp"

namespace flashbid {
namespace {

using testing::ElementsAre;

struct Recorder final : Loop::Flushable {
  explicit Recorder(std::vector<int>& seen, int name) : seen_(seen), name_(name) {}
  void flush() override { seen_.push_back(name_); }
  std::vector<int>& seen_;
  int name_;
};

TEST(Loop, RunsTasksOfOneThreadInTheirOrder) {
  Loop loop;
  std::vector<int> seen;
  std::thread thread([&loop] { loop.run(); });
  for (int i = 0; i < 10'000; ++i) {
    loop.post([&seen, i] { seen.push_back(i); });
  }
  loop.stop();
  thread.join();
  ASSERT_EQ(seen.size(), 10'000U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
}

TEST(Loop, LosesNoTaskOfManyThreads) {
  Loop loop;
  std::size_t count = 0;
  std::thread thread([&loop] { loop.run(); });
  std::vector<std::thread> posters;
  for (int k = 0; k < 4; ++k) {
    posters.emplace_back([&loop, &count] {
      for (int i = 0; i < 20'000; ++i) loop.post([&count] { ++count; });
    });
  }
  for (std::thread& poster : posters) poster.join();
  loop.stop();
  thread.join();
  EXPECT_EQ(count, 80'000U);
}

TEST(Loop, RunsItsOwnTasksAfterWhatIsReadyAndFlushesLastAndOnce) {
  Loop loop;
  std::vector<int> seen;
  const auto recorder = std::make_shared<Recorder>(seen, 9);
  loop.post([&] {
    loop.flush_later(*recorder);
    loop.post([&] {
      seen.push_back(2);
      loop.flush_later(*recorder);
      loop.post([&] { seen.push_back(3); });
    });
    seen.push_back(1);
  });
  loop.stop();
  loop.run();
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 9));
}

TEST(Loop, CallsAgainAfterTheTimeThatWasAsked) {
  Loop loop;
  int calls = 0;
  int once = 0;
  loop.repeat([&] {
    if (++calls == 3) loop.stop();
    return std::chrono::milliseconds{5};
  });
  loop.after(std::chrono::milliseconds{1}, [&once] { ++once; });
  const auto started = std::chrono::steady_clock::now();
  loop.run();
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(once, 1);
  EXPECT_GE(std::chrono::steady_clock::now() - started, std::chrono::milliseconds{10});
}

struct Reader final : Loop::Watched {
  explicit Reader(int own) : descriptor(own) {}
  void on_ready(std::uint32_t ready) override {
    events |= ready;
    std::array<char, 16> bytes{};
    const ssize_t size = ::recv(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size > 0) got.append(bytes.data(), static_cast<std::size_t>(size));
    if (got == "abc") loop->stop();
  }
  Loop* loop = nullptr;
  int descriptor;
  std::uint32_t events = 0;
  std::string got;
};

TEST(Loop, TellsWhoWatchesADescriptorNow) {
  Loop loop;
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()), 0);
  const Socket mine(pair[0]);
  const Socket theirs(pair[1]);
  Reader first(mine.descriptor());
  Reader second(mine.descriptor());
  first.loop = second.loop = &loop;
  ASSERT_TRUE(loop.watch(mine.descriptor(), first));
  // What was there before the change is told to the new one.
  ASSERT_EQ(::send(theirs.descriptor(), "abc", 3, 0), 3);
  ASSERT_TRUE(loop.watch(mine.descriptor(), second));
  loop.run();
  EXPECT_EQ(first.got, "");
  EXPECT_EQ(second.got, "abc");
}

// A socket with a byte to read: tells when it is looked at.
class Honest final : public Loop::Watched {
 public:
  explicit Honest(std::function<void()> seen) : seen_(std::move(seen)) {
    std::array<int, 2> pair{};
    require(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair.data()) == 0, "a pair of sockets");
    mine_ = Socket(pair[0]);
    theirs_ = Socket(pair[1]);
  }
  void bid() const { EXPECT_EQ(::send(theirs_.descriptor(), "b", 1, 0), 1); }
  void on_ready(std::uint32_t events) override {
    if ((events & EPOLLIN) != 0) seen_();
  }
  [[nodiscard]] int descriptor() const { return mine_.descriptor(); }

 private:
  std::function<void()> seen_;
  Socket mine_;
  Socket theirs_;
};

// A peer that always has something more to flush.
struct Greedy final : Loop::Flushable {
  void flush() override {
    if (++flushed == 10'000) return loop->stop();
    loop->flush_later(*this);
  }
  Loop* loop = nullptr;
  int flushed = 0;
};

TEST(Loop, LooksAtTheSocketsAfterAFewTurnsOfMany) {
  Loop loop;
  std::vector<int> seen;
  std::vector<std::shared_ptr<Recorder>> watchers;
  std::size_t before = 0;
  Honest honest([&] {
    before = seen.size();
    loop.stop();
  });
  ASSERT_TRUE(loop.watch(honest.descriptor(), honest));
  loop.post([&] {
    for (int i = 0; i < 1'000; ++i) {
      watchers.push_back(std::make_shared<Recorder>(seen, i));
      loop.flush_in_turn(*watchers.back());
      loop.flush_in_turn(*watchers.back());
    }
    honest.bid();
  });
  loop.run();
  EXPECT_LE(before, 2 * Loop::most_turns);
  // All of them had their turn all the same, once and in their order.
  EXPECT_EQ(seen.size(), 1'000U);
  EXPECT_TRUE(std::ranges::is_sorted(seen));
}

TEST(Loop, FlushesAnswersBeforeThoseWhoWaitForTheirTurn) {
  Loop loop;
  std::vector<int> seen;
  const auto watcher = std::make_shared<Recorder>(seen, 1);
  const auto bidder = std::make_shared<Recorder>(seen, 2);
  loop.post([&] {
    loop.flush_in_turn(*watcher);
    loop.flush_in_turn(*bidder);
    loop.flush_later(*bidder);
  });
  loop.stop();
  loop.run();
  EXPECT_THAT(seen, ElementsAre(2, 1, 2));
}

TEST(Loop, LooksAtTheSocketsBetweenTwoTurnsOfOneThatNeverEnds) {
  Loop loop;
  int turns = 0;
  int before = 0;
  Honest honest([&] {
    before = turns;
    loop.stop();
  });
  ASSERT_TRUE(loop.watch(honest.descriptor(), honest));
  std::function<void()> endless = [&] {
    if (++turns < 10'000) loop.post_next_round(endless);
  };
  loop.post([&] {
    honest.bid();
    endless();
  });
  loop.run();
  EXPECT_EQ(before, 1);
}

TEST(Loop, LooksAtTheSocketsBetweenTwoFlushesOfOneThatNeverEnds) {
  Loop loop;
  const auto greedy = std::make_shared<Greedy>();
  int before = 0;
  Honest honest([&] { before = greedy->flushed; });
  ASSERT_TRUE(loop.watch(honest.descriptor(), honest));
  greedy->loop = &loop;
  loop.post([&] {
    honest.bid();
    loop.flush_later(*greedy);
  });
  loop.run();
  EXPECT_LE(before, 2);
}

}  // namespace
}  // namespace flashbid
