// The model itself: what is said to survive is what a disk may keep, and no more.
#include "fault/disk_image.hpp"

#include <gtest/gtest.h>

#include <set>

namespace flashbid::fault {
namespace {

using support::Random;

Files after(const DiskImage& image, Cut cut, std::uint64_t seed = 1) {
  Random random(seed);
  return image.after(cut, random);
}

DiskImage image_with(const std::string& name, bool durable) {
  DiskImage image;
  image.make_folder();
  image.sync_parent();
  image.open(name, true, false);
  if (durable) image.sync_folder();
  return image;
}

TEST(DiskImage, KeepsOnlyWhatWasSynced) {
  DiskImage image = image_with("f", true);
  image.write("f", 0, "old");
  image.sync("f");
  image.write("f", 0, "new and longer");
  EXPECT_EQ(after(image, Cut::drop)->at("f"), "old");
  EXPECT_EQ(after(image, Cut::keep)->at("f"), "new and longer");
  image.truncate("f", 1);
  EXPECT_EQ(after(image, Cut::drop)->at("f"), "old");
  EXPECT_EQ(after(image, Cut::keep)->at("f"), "n");
}

TEST(DiskImage, ANameIsDurableOnceItsFolderWasSynced) {
  DiskImage image = image_with("f", false);
  image.write("f", 0, "x");
  image.sync("f");
  EXPECT_FALSE(after(image, Cut::drop)->contains("f")) << "synced bytes of a file that nobody finds";
  image.sync_folder();
  EXPECT_EQ(after(image, Cut::drop)->at("f"), "x");
  image.remove("f");
  EXPECT_EQ(after(image, Cut::drop)->at("f"), "x") << "a removal is not durable either";
  EXPECT_FALSE(after(image, Cut::keep)->contains("f"));
  image.open("f", true, true);
  image.sync("f");
  EXPECT_EQ(after(image, Cut::drop)->at("f"), "") << "a log's first sync is one of its folder, too";
}

TEST(DiskImage, AFolderIsDurableOnceTheOneAroundItWasSynced) {
  DiskImage image;
  EXPECT_FALSE(after(image, Cut::keep));
  image.make_folder();
  EXPECT_FALSE(after(image, Cut::drop));
  EXPECT_TRUE(after(image, Cut::keep));
  image.sync_parent();
  EXPECT_TRUE(after(image, Cut::drop));
}

TEST(DiskImage, AFailedSyncLosesWhatItWasFor) {
  DiskImage image = image_with("f", true);
  image.write("f", 0, "abc");
  image.fail_sync("f");
  image.write("f", 3, "def");
  image.sync("f");
  EXPECT_EQ(after(image, Cut::keep)->at("f"), std::string("\0\0\0def", 6));
}

TEST(DiskImage, WritesAreReorderedAndTornBySectors) {
  DiskImage image = image_with("f", true);
  image.write("f", 0, std::string(2'048, 'a'));
  image.write("f", 2'048, std::string(512, 'b'));
  std::set<std::string> reordered;
  std::set<std::string> torn;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    reordered.insert(after(image, Cut::reorder, seed)->at("f"));
    torn.insert(after(image, Cut::tear, seed)->at("f"));
  }
  EXPECT_EQ(reordered.size(), 4U);
  EXPECT_GT(torn.size(), 16U);
  for (const std::string& bytes : torn) {
    for (std::size_t sector = 0; sector + 512 <= bytes.size(); sector += 512) {
      ASSERT_EQ(bytes.substr(sector, 512), std::string(512, bytes[sector])) << "half a sector";
    }
  }
}

}  // namespace
}  // namespace flashbid::fault
