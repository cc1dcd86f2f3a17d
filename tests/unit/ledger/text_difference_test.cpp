#include "ledger/text_difference.hpp"

#include <gtest/gtest.h>

#include <string>

namespace flashbid {
namespace {

std::string said(std::string_view stored, std::string_view right) {
  const auto difference = first_difference(stored, right);
  return difference ? describe(*difference, "it should say") : "the same";
}

TEST(TextDifference, NamesTheFirstMemberThatDiffers) {
  EXPECT_EQ(said(R"({"a":1,"b":"x"})", R"({"a":1,"b":"x"})"), "the same");
  EXPECT_EQ(said(R"({"a":1,"b":"x","c":2})", R"({"a":1,"b":"y","c":3})"), R"(b: it should say "y", stored is "x")");
  EXPECT_EQ(said(R"({"a":{"b":[1,2]}})", R"({"a":{"b":[1,3]}})"), "a.b: it should say [1,3], stored is [1,2]");
  EXPECT_EQ(said(R"({"a":null})", R"({"a":{"b":1}})"), R"(a: it should say {"b":1}, stored is null)");
  EXPECT_EQ(said(R"({"a":{"b":1}})", R"({"a":null})"), R"(a: it should say null, stored is {"b":1})");
}

TEST(TextDifference, NamesAMemberThatIsMissingTooManyOrAnother) {
  EXPECT_EQ(said(R"({"a":1})", R"({"a":1,"b":2})"), "b: it should say 2, stored is nothing");
  EXPECT_EQ(said(R"({"a":1,"b":2})", R"({"a":1})"), "b: it should say nothing, stored is 2");
  EXPECT_EQ(said(R"({"b":2})", R"({"a":1})"), R"(a: it should say 1, stored is "b":2)");
}

TEST(TextDifference, ReadsTextsAsTheyAreWritten) {
  EXPECT_EQ(said(R"({"a":"}\",\"b\":1","c":1})", R"({"a":"}\",\"b\":1","c":2})"), "c: it should say 2, stored is 1");
}

TEST(TextDifference, WhatIsNoObjectDiffersAsAWhole) {
  EXPECT_EQ(said("", R"({"a":1})"), "a: it should say 1, stored is nothing");
  EXPECT_EQ(said(R"({"a":1)", R"({"a":1})"), "a: it should say 1, stored is nothing");
  EXPECT_EQ(said(R"({"a"1})", R"({"a":1})"), "a: it should say 1, stored is nothing");
  EXPECT_EQ(said(R"({"a:1})", R"({"a":1})"), "a: it should say 1, stored is nothing");
  EXPECT_EQ(said(R"({"a":"x})", R"({"a":"x"})"), R"(a: it should say "x", stored is "x})");
  EXPECT_EQ(said("x", ""), "it should say nothing, stored is x");
  // Not in a member, but between them.
  EXPECT_EQ(said(R"({"a":1,})", R"({"a":1})"), R"(it should say {"a":1}, stored is {"a":1,})");
  EXPECT_EQ(said(R"({"a":{"b":1,}})", R"({"a":{"b":1}})"), R"(a: it should say {"b":1}, stored is {"b":1,})");
}

TEST(TextDifference, CutsALongValueBetweenCharacters) {
  const std::string text = std::string(118, 'x') + "中中";
  EXPECT_EQ(said(R"({"a":")" + text + R"("})", R"({"a":1})"),
            R"(a: it should say 1, stored is ")" + std::string(118, 'x') + "…");
}

}  // namespace
}  // namespace flashbid
