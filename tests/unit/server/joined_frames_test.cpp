#include "server/joined_frames.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "wire/encode.hpp"

namespace flashbid {
namespace {

std::vector<PublishedEvent> events(int first, int last) {
  std::vector<PublishedEvent> made;
  for (int i = first; i <= last; ++i) {
    made.push_back({Sequence{static_cast<std::uint64_t>(i)},
                    std::make_shared<const std::string>("{\"n\":" + std::to_string(i) + "}"),
                    {}});
  }
  return made;
}

std::string one_by_one(std::vector<PublishedEvent> of) {
  std::string all;
  for (PublishedEvent& event : of) all += *websocket_frame_of(event);
  return all;
}

TEST(JoinedFrames, AreTheFramesInOrderAndShared) {
  JoinedFrames joined;
  auto three = events(1, 3);
  const SharedBytes first = joined.of(three);
  EXPECT_EQ(*first, one_by_one(events(1, 3)));
  EXPECT_EQ(joined.of(three), first) << "joined once for all watchers";
  auto one = events(4, 4);
  EXPECT_EQ(*joined.of(one), one_by_one(events(4, 4)));
}

TEST(JoinedFrames, OtherEventsAreNeverTakenForTheSame) {
  JoinedFrames joined;
  auto all = events(1, 5);
  EXPECT_EQ(*joined.of(all), one_by_one(events(1, 5)));
  const std::span<PublishedEvent> whole(all);
  EXPECT_EQ(*joined.of(whole.first(2)), one_by_one(events(1, 2)));
  EXPECT_EQ(*joined.of(whole.subspan(2, 2)), one_by_one(events(3, 4)));
  for (int round = 0; round < 100; ++round) {
    // Memory is used again: an address alone names nothing.
    auto fresh = events(round, round + 2);
    ASSERT_EQ(*joined.of(fresh), one_by_one(events(round, round + 2)));
  }
}

}  // namespace
}  // namespace flashbid
