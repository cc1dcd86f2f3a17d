#include "server/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <thread>

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

}  // namespace
}  // namespace flashbid
