#include "wire/request_id.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace flashbid::test {
namespace {

TEST(RequestId, IsTakenFromAClientIfItHarmsNobody) {
  for (const std::string& good :
       {std::string("a"), std::string("Root=1-67891233-abc"), std::string("AZaz09._:@+/=-"), std::string(64, 'x')}) {
    const auto id = RequestId::parse(good);
    ASSERT_TRUE(id) << good;
    EXPECT_EQ(id->view(), good);
  }
  for (const std::string& bad :
       {std::string(), std::string(65, 'x'), std::string("a b"), std::string("a\"b"), std::string("a\\b"),
        std::string("a\nb"), std::string("拍"), std::string("<b>"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(RequestId::parse(bad)) << bad;
  }
}

TEST(RequestId, NamesMadeHereAreUniqueAndOfTheSameForm) {
  RequestIds one;
  RequestIds other;
  std::set<std::string> seen;
  for (int i = 0; i < 1'234; ++i) {
    for (RequestIds* ids : {&one, &other}) {
      const std::string name(ids->next());
      EXPECT_TRUE(RequestId::parse(name)) << name;
      EXPECT_TRUE(seen.insert(name).second) << name << " was there before";
    }
  }
  EXPECT_EQ(std::string(one.next()).substr(12), "000000001235");
}

}  // namespace
}  // namespace flashbid::test
