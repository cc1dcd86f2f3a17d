#include "server/outbox.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <string>

#include "server/socket.hpp"

namespace flashbid {
namespace {

SharedBytes bytes(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

struct Pair {
  Pair() {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()) != 0) std::abort();
    mine = Channel(Socket(pair[0]));
    theirs = Socket(pair[1]);
  }
  std::string read_all() const {
    std::string all;
    std::array<char, 65'536> part{};
    ssize_t got = 0;
    while ((got = ::recv(theirs.descriptor(), part.data(), part.size(), 0)) > 0) {
      all.append(part.data(), static_cast<std::size_t>(got));
    }
    return all;
  }
  Channel mine;
  Socket theirs;
};

TEST(Outbox, ABacklogWidensItsBoundsUntilAllHasLeft) {
  Pair pair;
  Outbox outbox({.bytes = 100, .frames = 2});
  const std::vector<SharedBytes> backlog(5, bytes(std::string(50, 'x')));
  ASSERT_TRUE(outbox.push_backlog(backlog));
  EXPECT_TRUE(outbox.push(bytes("live"))) << "what is live has its usual room behind it";
  EXPECT_FALSE(outbox.push_backlog(backlog)) << "one at a time";
  ASSERT_EQ(outbox.send(pair.mine), Outbox::Sent::all);
  EXPECT_FALSE(outbox.push(bytes(std::string(101, 'x')))) << "the usual bounds are back";
}

TEST(Outbox, SendsEverythingInOrder) {
  Pair pair;
  Outbox outbox({});
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    expected += std::to_string(i) + ",";
    ASSERT_TRUE(outbox.push(bytes(std::to_string(i) + ",")));
  }
  EXPECT_EQ(outbox.send(pair.mine), Outbox::Sent::all);
  EXPECT_EQ(pair.read_all(), expected);
  EXPECT_TRUE(outbox.empty());
  EXPECT_EQ(outbox.bytes(), 0U);
}

TEST(Outbox, GoesOnWhereTheSocketWasFull) {
  Pair pair;
  Outbox outbox({.bytes = 100'000'000, .frames = 100'000});
  std::string expected;
  for (int i = 0; i < 3'000; ++i) {
    std::string frame = "[" + std::to_string(i) + std::string(static_cast<std::size_t>(i % 977), 'x') + "]";
    expected += frame;
    ASSERT_TRUE(outbox.push(bytes(std::move(frame))));
  }
  std::string got;
  int blocked = 0;
  while (outbox.send(pair.mine) == Outbox::Sent::blocked) {
    ++blocked;
    got += pair.read_all();
    EXPECT_EQ(outbox.bytes() + got.size(), expected.size());
  }
  got += pair.read_all();
  EXPECT_GT(blocked, 1);
  EXPECT_EQ(got, expected);
}

TEST(Outbox, IsBoundedInBytesAndInFrames) {
  Outbox by_bytes({.bytes = 10, .frames = 100});
  EXPECT_TRUE(by_bytes.push(bytes("1234567890")));
  EXPECT_FALSE(by_bytes.push(bytes("1")));
  EXPECT_EQ(by_bytes.bytes(), 10U);
  Outbox by_frames({.bytes = 100, .frames = 2});
  EXPECT_TRUE(by_frames.push(bytes("1")));
  EXPECT_TRUE(by_frames.push(bytes("2")));
  EXPECT_FALSE(by_frames.push(bytes("3")));
  by_frames.push_beyond_bounds(bytes("4"));
  EXPECT_EQ(by_frames.frames(), 3U);
}

TEST(Outbox, GivesUpAllButAFrameThatHasBegunToLeave) {
  Pair pair;
  Outbox outbox({.bytes = 100'000'000, .frames = 100'000});
  const std::string frame(100'000, 'a');
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(outbox.push(bytes(frame)));
  ASSERT_EQ(outbox.send(pair.mine), Outbox::Sent::blocked);
  outbox.drop_unsent();
  outbox.push_beyond_bounds(bytes("end"));
  std::string got;
  while (outbox.send(pair.mine) == Outbox::Sent::blocked) got += pair.read_all();
  got += pair.read_all();
  ASSERT_GT(got.size(), 3U);
  EXPECT_EQ((got.size() - 3) % frame.size(), 0U) << "a frame was cut";
  EXPECT_LT(got.size(), 100 * frame.size());
  EXPECT_TRUE(got.ends_with("aend"));
}

TEST(Outbox, SaysThatThePeerHasGone) {
  Pair pair;
  pair.theirs.close();
  Outbox outbox({});
  ASSERT_TRUE(outbox.push(bytes("x")));
  EXPECT_EQ(outbox.send(pair.mine), Outbox::Sent::failed);
}

}  // namespace
}  // namespace flashbid
