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
  for (PublishedEvent& event : of) all += *websocket_frame_of(event, BidderNames::full);
  return all;
}

TEST(JoinedFrames, AreTheFramesInOrderAndShared) {
  JoinedFrames joined(BidderNames::full);
  auto three = events(1, 3);
  const SharedBytes first = joined.of(three);
  EXPECT_EQ(*first, one_by_one(events(1, 3)));
  EXPECT_EQ(joined.of(three), first) << "joined once for all watchers";
  auto one = events(4, 4);
  EXPECT_EQ(*joined.of(one), one_by_one(events(4, 4)));
}

TEST(JoinedFrames, OtherEventsAreNeverTakenForTheSame) {
  JoinedFrames joined(BidderNames::full);
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

TEST(JoinedFrames, AreMaskedOnceForAllWatchers) {
  const std::string bid =
      R"({"auction_id":1,"epoch":3,"sequence":4,"event":"bid_accepted","bidder":"Alice","amount":10600,"price":10600,)"
      R"("leader":"Alice","minimum_next":10700,"closes_at":"1970-01-01T00:00:10.000Z","at":"1970-01-01T00:00:02.000Z"})";
  const auto json = std::make_shared<const std::string>(bid);
  std::vector<PublishedEvent> two{{Sequence{4}, json, {}}, {Sequence{5}, json, {}}};
  JoinedFrames joined(BidderNames::masked);
  const SharedBytes first = joined.of(two);
  EXPECT_EQ(first->find("Alice"), std::string::npos);
  EXPECT_NE(first->find(R"("bidder":"A***e")"), std::string::npos);
  EXPECT_EQ(joined.of(two), first);
  const std::span<PublishedEvent> one(two.data(), 1);
  EXPECT_EQ(joined.of(one)->find("Alice"), std::string::npos);
}

}  // namespace
}  // namespace flashbid
