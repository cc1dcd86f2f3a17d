#include "checker/knowledge.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace flashbid::checker {
namespace {

TEST(Knowledge, IsWhatWasToldStrictlyBefore) {
  Knowledge knowledge(Sequence(10), Sequence(1));
  knowledge.learn(Sequence(3), 100);
  knowledge.learn(Sequence(5), 50);
  knowledge.learn(Sequence(7), 200);
  knowledge.learn(Sequence(7), 300);
  knowledge.learn(Sequence(99), 1);  // not in the history
  knowledge.settle();
  EXPECT_EQ(knowledge.known_before(50).value(), 1U);
  EXPECT_EQ(knowledge.known_before(51).value(), 5U);
  EXPECT_EQ(knowledge.known_before(150).value(), 5U);
  EXPECT_EQ(knowledge.known_before(200).value(), 5U);
  EXPECT_EQ(knowledge.known_before(201).value(), 7U);
}

TEST(Knowledge, AgreesWithLookingThroughAll) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::pair<std::uint64_t, std::int64_t>> told;
    Knowledge knowledge(Sequence(20), Sequence(0));
    for (int i = 0; i < 15; ++i) {
      told.emplace_back(random() % 21, static_cast<std::int64_t>(random() % 50));
      knowledge.learn(Sequence(told.back().first), told.back().second);
    }
    knowledge.settle();
    for (std::int64_t ns = 0; ns < 52; ++ns) {
      std::uint64_t highest = 0;
      for (const auto& [sequence, at] : told) {
        if (at < ns) highest = std::max(highest, sequence);
      }
      EXPECT_EQ(knowledge.known_before(ns).value(), highest);
    }
  }
}

}  // namespace
}  // namespace flashbid::checker
