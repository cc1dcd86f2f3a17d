#include "base/embedded.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

namespace flashbid {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Embedded, HoldsThePagesByteForByte) {
  const std::filesystem::path pages = FLASHBID_PAGES;
  std::set<std::string> names;
  std::set<std::string_view> etags;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(pages)) {
    if (!entry.is_regular_file()) continue;
    const std::string name = entry.path().lexically_relative(pages).generic_string();
    const auto file = embedded::find(name);
    ASSERT_TRUE(file) << name;
    EXPECT_EQ(file->bytes, read_file(entry.path())) << name;
    EXPECT_FALSE(file->bytes.empty()) << name;
    EXPECT_TRUE(etags.insert(file->etag).second) << name;
    EXPECT_EQ(file->etag.front(), '"');
    EXPECT_EQ(file->etag.back(), '"');
    names.insert(name);
  }
  EXPECT_TRUE(names.contains("index.html"));
  EXPECT_TRUE(names.contains("docs/api.html"));
  EXPECT_TRUE(names.contains("icon.svg"));
  EXPECT_TRUE(names.lower_bound("assets/")->starts_with("assets/"));
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
