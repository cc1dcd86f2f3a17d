#include "base/embedded.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace flashbid {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Embedded, HoldsThePagesByteForByte) {
  std::set<std::string_view> etags;
  const auto names = {"index.html", "app.js", "money.js", "texts.js", "docs.html", "docs.js", "style.css", "icon.svg"};
  for (const std::string name : names) {
    const auto file = embedded::find(name);
    ASSERT_TRUE(file) << name;
    EXPECT_EQ(file->bytes, read_file(FLASHBID_SOURCE "/web/" + name)) << name;
    EXPECT_FALSE(file->bytes.empty()) << name;
    EXPECT_TRUE(etags.insert(file->etag).second) << name;
    EXPECT_EQ(file->etag.front(), '"');
    EXPECT_EQ(file->etag.back(), '"');
  }
}

TEST(Embedded, HoldsTheApiDocuments) {
  for (const auto* name : {"openapi.json", "asyncapi.json"}) {
    const auto file = embedded::find(name);
    ASSERT_TRUE(file) << name;
    EXPECT_EQ(file->content_type, "application/json");
    EXPECT_EQ(file->bytes.front(), '{');
  }
  EXPECT_EQ(embedded::find("index.html")->content_type, "text/html; charset=utf-8");
}

TEST(Embedded, FindsNothingElse) {
  for (const auto* name : {"", "/", "index", "index.htm", "index.html/", "/index.html", "../README.md", "a", "zz"}) {
    EXPECT_FALSE(embedded::find(name)) << name;
  }
}

}  // namespace
}  // namespace flashbid
