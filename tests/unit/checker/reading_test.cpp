// The server's JSON is taken as api.md writes it, and refused with the field's name where it is not.
#include "checker/reading.hpp"

#include <gtest/gtest.h>

namespace flashbid::checker {
namespace {

class Reading : public testing::Test {
 protected:
  simdjson::dom::element json(std::string text) {
    kept_ = std::move(text);
    return parser_.parse(kept_).value();
  }
  Operation sent() { return {.auction = AuctionId(1), .bidder = bidders_.index_of("Alice"), .amount = Amount(10'600)}; }
  static std::string accepted() {
    return R"({"verdict":"accepted","auction_id":1,"sequence":17,"bidder":"Alice","amount":10600,"price":10600,)"
           R"("leader":"Alice","minimum_next":null,"closes_at":"2026-01-31T08:00:00.000Z","as_of_sequence":18,)"
           R"("decided_at":"2026-01-31T07:59:12.345Z"})";
  }
  static std::string rejected() {
    return R"({"verdict":"rejected","reason":"amount_below_minimum","auction_id":1,"price":null,"leader":null,)"
           R"("minimum_next":10700,"closes_at":"2026-01-31T08:00:00.000Z","as_of_sequence":16,)"
           R"("decided_at":"2026-01-31T07:59:12.345Z"})";
  }
  static std::string replaced(std::string text, std::string_view what, std::string_view by) {
    const std::size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), by);
  }

  Names bidders_;
  simdjson::dom::parser parser_;
  std::string kept_;
};

TEST_F(Reading, TakesAnAcceptedBid) {
  Operation operation = sent();
  ASSERT_TRUE(read_answer(json(accepted()), bidders_, operation));
  EXPECT_EQ(operation.outcome, Outcome::accepted);
  EXPECT_EQ(operation.sequence, Sequence(17));
  EXPECT_EQ(operation.quote.as_of_sequence, Sequence(18));
  EXPECT_EQ(operation.quote.price, Amount(10'600));
  EXPECT_FALSE(operation.quote.minimum_next);
  EXPECT_EQ(bidders_[operation.quote.leader], "Alice");
  EXPECT_FALSE(operation.echo_differs);
}

TEST_F(Reading, TakesARejectedBid) {
  Operation operation = sent();
  ASSERT_TRUE(read_answer(json(rejected()), bidders_, operation));
  EXPECT_EQ(operation.outcome, Outcome::rejected);
  EXPECT_EQ(operation.reason, Reason::amount_below_minimum);
  EXPECT_EQ(operation.quote.leader, nobody);
  EXPECT_FALSE(operation.quote.price);
  EXPECT_FALSE(operation.echo_differs);
}

TEST_F(Reading, SeesAnAnswerToAnotherBid) {
  for (const auto& [what, by] : {std::pair("\"auction_id\":1", "\"auction_id\":2"),
                                 {"\"bidder\":\"Alice\"", "\"bidder\":\"Bob\""},
                                 {"\"amount\":10600", "\"amount\":10601"}}) {
    Operation operation = sent();
    ASSERT_TRUE(read_answer(json(replaced(accepted(), what, by)), bidders_, operation));
    EXPECT_TRUE(operation.echo_differs) << by;
  }
}

TEST_F(Reading, NamesTheFieldThatIsWrong) {
  const struct {
    const char* what;
    const char* by;
    const char* field;
  } cases[] = {{"\"verdict\":\"accepted\"", "\"verdict\":\"yes\"", "verdict"},
               {"\"sequence\":17", "\"sequence\":\"17\"", "sequence"},
               {"\"price\":10600", "\"price\":-1", "price"},
               {"\"price\":10600", "\"price\":9007199254740992", "price"},
               {"\"price\":10600", "\"price\":10600.0", "price"},
               {"\"closes_at\":\"2026-01-31T08:00:00.000Z\"", "\"closes_at\":\"soon\"", "closes_at"},
               {"\"as_of_sequence\":18,", "", "as_of_sequence"},
               {"\"leader\":\"Alice\"", "\"leader\":7", "leader"}};
  for (const auto& c : cases) {
    Operation operation = sent();
    const auto read = read_answer(json(replaced(accepted(), c.what, c.by)), bidders_, operation);
    ASSERT_FALSE(read) << c.by;
    EXPECT_EQ(read.error().detail.find(c.field), 0U) << read.error().detail;
  }
  Operation operation = sent();
  EXPECT_FALSE(read_answer(json(replaced(rejected(), "amount_below_minimum", "too_low")), bidders_, operation));
  EXPECT_FALSE(read_answer(json(replaced(rejected(), "\"auction_id\":1", "\"auction_id\":1,\"sequence\":3")), bidders_,
                           operation));
  EXPECT_FALSE(read_answer(json("[]"), bidders_, operation));
}

TEST_F(Reading, TakesEveryEvent) {
  const std::string head = R"({"auction_id":1,"epoch":2,"sequence":9,"at":"2026-01-31T08:00:00.000Z",)";
  const auto bid = read_event(json(head + R"("event":"bid_accepted","bidder":"A","amount":5,"price":5,"leader":"A",)"
                                          R"("minimum_next":6,"closes_at":"2026-01-31T09:00:00.000Z"})"),
                              bidders_);
  ASSERT_TRUE(bid);
  EXPECT_EQ(bid->kind, EventKind::bid_accepted);
  EXPECT_EQ(bid->epoch, Epoch(2));
  EXPECT_EQ(bid->amount, Amount(5));
  const auto closed = read_event(json(head + R"("event":"closed","winner":null,"price":null,"sold":false})"), bidders_);
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->leader, nobody);
  EXPECT_TRUE(read_event(json(head + R"("event":"opened"})"), bidders_));
  EXPECT_TRUE(read_event(json(head + R"("event":"cancelled"})"), bidders_));
  EXPECT_TRUE(read_event(json(head + R"("event":"extended","extensions":2,"closes_at":"2026-01-31T09:00:00.000Z"})"),
                         bidders_));
  EXPECT_FALSE(read_event(json(head + R"("event":"extended","closes_at":"2026-01-31T09:00:00.000Z"})"), bidders_));
  EXPECT_FALSE(read_event(json(head + R"("event":"melted"})"), bidders_));
}

TEST_F(Reading, TakesTermsOfEveryShape) {
  const std::string rest =
      R"("currency":"CNY","opening_price":100,"opens_at":"2026-01-31T08:00:00.000Z","closes_at":"2026-01-31T09:00:00.000Z",)"
      R"("seller":"S","self_outbid":false,"amount_limit":null,)";
  const auto table = read_terms(json("{" + rest + R"("increment":{"table":[[1000,10],[null,50]]},"soft_close":null})"));
  ASSERT_TRUE(table);
  EXPECT_EQ(table->increment.step_at(Amount(999)), Amount(10));
  EXPECT_EQ(table->increment.step_at(Amount(1000)), Amount(50));
  EXPECT_EQ(table->seller.view(), "S");
  EXPECT_FALSE(table->self_outbid);
  const auto preset = read_terms(json(
      "{" + rest +
      R"("increment":{"preset":"ebay-us"},"soft_close":{"window_ms":1,"extend_ms":2,"mode":"from_close","max_extensions":3}})"));
  ASSERT_TRUE(preset);
  EXPECT_EQ(preset->increment.step_at(Amount(10'000)), Amount(250));
  EXPECT_EQ(preset->soft_close->mode, SoftClose::Mode::from_close);
  EXPECT_EQ(preset->soft_close->max_extensions, 3U);
  EXPECT_FALSE(read_terms(json("{" + rest + R"("increment":"much","soft_close":null})")));
  EXPECT_FALSE(read_terms(json("{" + rest + R"("increment":1,"soft_close":{"window_ms":1}})")));
}

}  // namespace
}  // namespace flashbid::checker
