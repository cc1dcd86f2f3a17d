// A call to the disk fails, once or from then on: what was acknowledged stays, nothing wrong is told, and whoever looks
// after the house hears what happened. R2 of the reliability contract; INV-12.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iostream>
#include <map>

#include "fault/length.hpp"
#include "fault/troubled.hpp"
#include "support/command_count.hpp"

namespace flashbid::fault {
namespace {

using ::testing::AnyOf;
using testing::FileCall;
using ::testing::HasSubstr;
using Kind = FileCall::Kind;

class FailingCalls : public ::testing::Test {
 protected:
  // Every `step`-th of these calls fails, in a day of its own.
  void fail_each(Fault fault, std::size_t step) {
    const std::uint64_t seed = support::chosen_seed(1);
    const std::size_t count = calls_of(seed, fault.kinds);
    for (fault.at = 0; fault.at < count; fault.at += step) {
      const Troubled day = troubled_day(seed, fault);
      ASSERT_NE(day.call, "") << "call " << fault.at << " of " << count << " did not come about";
      ASSERT_EQ(day.violation, "");
      ASSERT_NO_FATAL_FAILURE(expect_clear(day, fault));
      ++days_;
      if (!day.failed_starts.empty()) ++starts_;
      if (!day.errors.empty()) ++failures_;
    }
    std::cout << days_ << " days: in " << starts_ << " a start failed, in " << failures_ << " a request or a move\n";
  }

  static void expect_clear(const Troubled& day, const Fault& fault) {
    for (const Error& error : day.failed_starts) {
      // What, where, and what to do.
      EXPECT_THAT(error.detail, HasSubstr("house")) << day.call;
      EXPECT_THAT(error.detail, AnyOf(HasSubstr("(SQLite "), HasSubstr("nput/output error"), HasSubstr("I/O error"),
                                      HasSubstr("unable to open")))
          << day.call;
      EXPECT_THAT(error.detail, AnyOf(HasSubstr("start again"), HasSubstr("see that"))) << day.call;
    }
    for (const Error& error : day.errors) {
      EXPECT_THAT(error.detail, AnyOf(HasSubstr("(SQLite "), HasSubstr("the server is stopping"))) << day.call;
      const bool expected = error.failure == Failure::unavailable || error.failure == Failure::outcome_unknown ||
                            (error.failure == Failure::internal && fault.error == EIO);
      EXPECT_TRUE(expected) << day.call << ": " << error.detail;
    }
  }

  int days_ = 0;
  int starts_ = 0;
  int failures_ = 0;
};

// Every one of them in a soak.
std::size_t one_in(std::size_t step) { return all_of_it() ? 1 : step; }

TEST_F(FailingCalls, EveryWriteOnce) { fail_each({.error = EIO, .kinds = {Kind::write}}, one_in(2)); }

TEST_F(FailingCalls, EveryChangeOfNamesOnce) {
  fail_each({.error = EIO, .kinds = {Kind::truncate, Kind::open, Kind::remove, Kind::sync_folder}}, 1);
}

TEST_F(FailingCalls, EveryReadOnce) { fail_each({.error = EIO, .kinds = {Kind::read}}, one_in(5)); }

TEST_F(FailingCalls, FromThenOn) { fail_each({.error = EIO, .for_ever = true}, one_in(11)); }

TEST_F(FailingCalls, NoSpaceOnce) { fail_each({.error = ENOSPC, .kinds = {Kind::write}}, one_in(5)); }

TEST_F(FailingCalls, NoSpaceFromThenOn) {
  fail_each({.error = ENOSPC, .for_ever = true, .kinds = {Kind::write}}, one_in(7));
}

// What a failed sync was for is on no disk, though it can be read: the next start must not believe it before it is.
TEST_F(FailingCalls, EverySyncOnce) { fail_each({.error = EIO, .kinds = {Kind::sync}}, 1); }

}  // namespace
}  // namespace flashbid::fault
