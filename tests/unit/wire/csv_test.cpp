#include "wire/csv.hpp"

#include <gtest/gtest.h>

#include "ledger/event_codec.hpp"
#include "wire/encode.hpp"

namespace flashbid {
namespace {

std::string field(std::string_view text) {
  std::string out;
  append_csv_text(text, out);
  return out;
}

TEST(Csv, QuotesWhatWouldEndAFieldOrALine) {
  EXPECT_EQ(field("Alice"), "Alice");
  EXPECT_EQ(field(""), "");
  EXPECT_EQ(field("a,b"), "\"a,b\"");
  EXPECT_EQ(field("say \"hi\""), "\"say \"\"hi\"\"\"");
  EXPECT_EQ(field("a\r\nb"), "\"a\r\nb\"");
}

TEST(Csv, NoTextIsAFormula) {
  for (const std::string_view text : {"=1+1", "+1", "-1", "@SUM(1)", "\tx"}) {
    EXPECT_EQ(field(text), "'" + std::string(text));
  }
  EXPECT_EQ(field("\rx"), "\"'\rx\"");
  EXPECT_EQ(field("\nx"), "\"'\nx\"");
  EXPECT_EQ(field("=\"a\",b"), "\"'=\"\"a\"\",b\"");
  EXPECT_EQ(field("a=b"), "a=b");
}

SharedBytes bid_event(std::uint64_t sequence, std::string_view bidder, std::int64_t amount) {
  BidAccepted bid;
  bid.bidder = bid.leader = BidderId::from(bidder).value();
  bid.amount = bid.price = Amount{amount};
  Event event;
  event.sequence = Sequence{sequence};
  event.at = Timestamp{1'790'000'000'123};
  event.body = bid;
  auto json = std::make_shared<std::string>();
  encode_event(AuctionId{1}, Epoch{1}, event, *json);
  return json;
}

std::string lines(const EventsPage& page, std::uint64_t last, std::string_view currency, BidderNames names) {
  std::string out;
  EXPECT_TRUE(append_bids_csv(page, Sequence{last}, Currency::parse(currency).value(), names, out).has_value());
  return out;
}

TEST(Csv, BidsUpToTheLastThatIsWanted) {
  EventsPage page;
  page.events = {bid_event(3, "Alice", 10550), bid_event(4, "@bob", 5), bid_event(6, "Carol", 7)};
  const std::string at = ",2026-09-21T14:13:20.123Z,";
  EXPECT_EQ(lines(page, 5, "CNY", BidderNames::full),
            "3" + at + "Alice,105.50,CNY,10550\r\n4" + at + "'@bob,0.05,CNY,5\r\n");
  EXPECT_EQ(lines(page, 3, "JPY", BidderNames::masked), "3" + at + "A***e,10550,JPY,10550\r\n");
  EXPECT_EQ(lines(page, 4, "KWD", BidderNames::masked),
            "3" + at + "A***e,10.550,KWD,10550\r\n4" + at + "'@***b,0.005,KWD,5\r\n");
}

TEST(Increments, AsPublishedAndInACurrency) {
  std::string plain;
  encode_increments(std::nullopt, plain);
  EXPECT_TRUE(plain.starts_with(
      R"({"currency":null,"presets":[{"name":"ebay-us","source":"https://www.ebay.com/help/buying/bidding/automatic-bidding?id=4014","published":[["1","0.05"],["5","0.25"],["25","0.50"],["100","1"],["250","2.50"],)"))
      << plain;
  EXPECT_NE(plain.find(R"([null,"100"]],"table":null})"), std::string::npos) << plain;
  std::string yen;
  encode_increments(Currency::parse("JPY"), yen);
  EXPECT_NE(yen.find(R"("table":[[1000,10],[5000,100],[10000,250],[50000,500],[null,1000]])"), std::string::npos);
  EXPECT_NE(yen.find(R"([null,"100"]],"table":null})"), std::string::npos) << "a twentieth of a yen is none";
}

}  // namespace
}  // namespace flashbid
