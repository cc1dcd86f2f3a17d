// The ledger took a moment with a small t ("2026-11-26t18:04:33.002Z") for what it had written itself, and would have
// written it otherwise; every other change of an event's text is refused as corrupt (INV-12). Found by the fuzzer of
// the ledger's texts.
#include <gtest/gtest.h>

#include <string>

#include "ledger/event_codec.hpp"

namespace flashbid {
namespace {

TEST(MomentInAnotherSpelling, IsCorruption) {
  std::string text;
  encode_event(AuctionId{1}, Epoch{1}, {Sequence{2}, Timestamp{1'800'000'000'000}, Opened{}}, text);
  ASSERT_TRUE(decode_event(text, ""));
  const std::size_t place = text.find("T0");
  ASSERT_NE(place, std::string::npos) << text;
  text[place] = 't';
  EXPECT_FALSE(decode_event(text, ""));
}

}  // namespace
}  // namespace flashbid
