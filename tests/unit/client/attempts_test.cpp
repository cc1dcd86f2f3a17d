// What may stand is never called refused, and what surely does not stand is told at once.
#include "client/attempts.hpp"

#include <gtest/gtest.h>

namespace flashbid::client {
namespace {

TEST(Attempts, ARefusalOfTheFirstAttemptIsTold) {
  for (const char* code : {"rate_limited", "unavailable", "unauthenticated", "not_found", "idempotency_key_reused"}) {
    Attempts attempts(true);
    EXPECT_TRUE(attempts.is_settled_by(code)) << code;
    EXPECT_FALSE(attempts.may_stand()) << code;
  }
}

TEST(Attempts, AfterALostAnswerOnlyALastingRefusalSettles) {
  for (const auto& [code, settles] : {std::pair("rate_limited", false),
                                      {"unavailable", false},
                                      {"internal", false},
                                      {"outcome_unknown", false},
                                      {"unauthenticated", false},
                                      {"forbidden", false},
                                      {"not_found", true},
                                      {"idempotency_key_reused", true}}) {
    Attempts attempts(true);
    attempts.lost();
    EXPECT_EQ(attempts.is_settled_by(code), settles) << code;
  }
}

TEST(Attempts, AnUnknownOutcomeIsAskedAgain) {
  for (const char* code : {"outcome_unknown", "internal"}) {
    Attempts attempts(true);
    EXPECT_FALSE(attempts.is_settled_by(code)) << code;
    EXPECT_FALSE(attempts.is_settled_by("unavailable")) << "says nothing of the attempt before it";
    EXPECT_EQ(attempts.given_up("the server is gone").code, "outcome_unknown");
  }
}

TEST(Attempts, WhatNeverLeftDoesNotStand) {
  const Attempts attempts(true);
  const Problem problem = attempts.given_up("there is no connection");
  EXPECT_EQ(problem.code, "unavailable");
  EXPECT_EQ(problem.detail, "there is no connection");
}

TEST(Attempts, WhatOnlyReadsIsNeverUnknown) {
  Attempts attempts(false);
  attempts.lost();
  EXPECT_TRUE(attempts.is_settled_by("internal"));
  EXPECT_EQ(attempts.given_up("lost").code, "unavailable");
}

}  // namespace
}  // namespace flashbid::client
