// How faults are shown and expected. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <ostream>

#include "access/jwt.hpp"

namespace flashbid::access {

inline void PrintTo(TokenFault fault, std::ostream* out) { *out << describe(fault); }

namespace testing {

inline ::testing::AssertionResult refuses(const std::expected<Identity, TokenFault>& said, TokenFault fault) {
  if (said) return ::testing::AssertionFailure() << "it is accepted as " << said->subject.view();
  if (said.error() == fault) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "it says: " << describe(said.error());
}

inline ::testing::AssertionResult accepts(const std::expected<Identity, TokenFault>& said,
                                          std::string_view subject = "Alice") {
  if (!said) return ::testing::AssertionFailure() << "it says: " << describe(said.error());
  if (said->subject.view() == subject) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "it is " << said->subject.view();
}

}  // namespace testing
}  // namespace flashbid::access
