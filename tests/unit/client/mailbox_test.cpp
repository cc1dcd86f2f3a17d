// What waits for a subscription's reader: bounded, in order, and an end that is told last.
#include "client/mailbox.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace flashbid::client {
namespace {

Update update_at(std::uint64_t sequence, Update::Kind kind = Update::Kind::event) {
  Update update{kind, {}, std::nullopt};
  update.auction.place = {1, sequence};
  return update;
}

std::uint64_t sequence_of(const Mailbox::Taken& taken) { return taken.update->value().auction.place.sequence; }

TEST(Mailbox, TellsInOrderAndThenWhyNothingComes) {
  Mailbox mailbox(Mode::every);
  mailbox.put(update_at(1));
  mailbox.put(update_at(2));
  mailbox.finish({.code = "not_found", .detail = {}});
  mailbox.finish({.code = "ended", .detail = {}});
  mailbox.put(update_at(3));  // too late
  EXPECT_EQ(sequence_of(mailbox.take(Milliseconds(0))), 1U);
  EXPECT_EQ(sequence_of(mailbox.take(Milliseconds(0))), 2U);
  EXPECT_EQ(mailbox.take(Milliseconds(0)).update.error().code, "not_found");
}

TEST(Mailbox, NothingInTimeIsNoError) {
  Mailbox mailbox(Mode::every);
  const auto taken = mailbox.take(Milliseconds(1));
  ASSERT_TRUE(taken.update);
  EXPECT_FALSE(*taken.update);
}

TEST(Mailbox, WhatDoesNotFitIsSaidAndLaterThatThereIsRoom) {
  Mailbox mailbox(Mode::every, 4);
  for (std::uint64_t i = 1; i <= 4; ++i) {
    ASSERT_TRUE(mailbox.has_room());
    mailbox.put(update_at(i));
  }
  ASSERT_FALSE(mailbox.has_room());
  EXPECT_FALSE(mailbox.take(Milliseconds(0)).has_room_again);
  EXPECT_TRUE(mailbox.take(Milliseconds(0)).has_room_again);
  EXPECT_FALSE(mailbox.take(Milliseconds(0)).has_room_again) << "told once";
}

TEST(Mailbox, OfTheLatestOnlyTheNewestWaits) {
  Mailbox mailbox(Mode::latest, 2);
  mailbox.put(update_at(1, Update::Kind::snapshot));
  for (std::uint64_t i = 2; i <= 9; ++i) {
    ASSERT_TRUE(mailbox.has_room());
    mailbox.put(update_at(i, Update::Kind::state));
  }
  const auto taken = mailbox.take(Milliseconds(0));
  EXPECT_EQ(sequence_of(taken), 9U);
  EXPECT_EQ(taken.update->value().kind, Update::Kind::snapshot) << "the first that its reader hears of";
  EXPECT_FALSE(mailbox.take(Milliseconds(0)).update->has_value());
}

TEST(Mailbox, WhoeverWaitsIsWoken) {
  Mailbox mailbox(Mode::every);
  std::jthread other([&] { mailbox.put(update_at(7)); });
  EXPECT_EQ(sequence_of(mailbox.take(std::chrono::minutes(1))), 7U);
  std::jthread another([&] { mailbox.finish({.code = "ended", .detail = {}}); });
  EXPECT_FALSE(mailbox.take(Milliseconds::max()).update);
}

}  // namespace
}  // namespace flashbid::client
