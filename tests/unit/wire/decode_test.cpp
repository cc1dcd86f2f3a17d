#include "wire/decode.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "wire/json_object.hpp"

namespace flashbid {
namespace {

constexpr Timestamp noon{1'800'000'000'000};

// A text with the room behind it that a decoder asks for.
class Padded {
 public:
  explicit Padded(std::string text) : size_(text.size()), bytes_(std::move(text)) {
    bytes_.resize(size_ + json_padding, 'x');
  }
  operator std::string_view() const { return {bytes_.data(), size_}; }  // NOLINT(google-explicit-constructor)

 private:
  std::size_t size_;
  std::string bytes_;
};

std::string code_of(const WireError& error) { return std::string(entry_of(error.code).name); }

template <class T>
std::string code_of(const Decoded<T>& decoded) {
  return decoded ? "" : code_of(decoded.error());
}

struct Case {
  std::string json;
  std::string code;  // empty = taken
};
void PrintTo(const Case& one, std::ostream* out) { *out << one.json; }

class BidBodies : public testing::TestWithParam<Case> {};
TEST_P(BidBodies, AreTakenOrRefusedWithTheCode) {
  EXPECT_EQ(code_of(decode_bid(Padded(GetParam().json))), GetParam().code);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, BidBodies,
    testing::Values(Case{R"({"amount":10600})", ""}, Case{" \n{ \"amount\" : 0 }\t", ""},
                    Case{R"({"amount":9007199254740991})", ""},
                    Case{R"({"amount":9007199254740992})", "invalid_amount"},
                    Case{R"({"amount":99999999999999999999})", "invalid_amount"},
                    Case{R"({"amount":1.0})", "invalid_amount"}, Case{R"({"amount":1e2})", "invalid_amount"},
                    Case{R"({"amount":-1})", "invalid_amount"}, Case{R"({"amount":-0})", "invalid_amount"},
                    Case{R"({"amount":+1})", "invalid_amount"}, Case{R"({"amount":"1"})", "invalid_amount"},
                    Case{R"({"amount":null})", "invalid_amount"}, Case{R"({"amount":true})", "invalid_amount"},
                    Case{R"({"amount":[1]})", "invalid_amount"}, Case{R"({"amount":{}})", "invalid_amount"},
                    Case{R"({"amount":01})", "invalid_amount"}, Case{R"({})", "missing_field"},
                    Case{R"({"amount":1,"amount":1})", "duplicate_field"},
                    Case{R"({"amount":1,"Amount":1})", "unknown_field"},
                    Case{R"({"amount":1,"a":{"b":[1]}})", "unknown_field"}, Case{R"([1])", "invalid_json"},
                    Case{R"(1)", "invalid_json"}, Case{R"("a")", "invalid_json"}, Case{R"(null)", "invalid_json"},
                    Case{"", "invalid_json"}, Case{"   ", "invalid_json"}, Case{R"({"amount":1)", "invalid_json"},
                    Case{R"({"amount":1}})", "invalid_json"}, Case{R"({"amount":1}{})", "invalid_json"},
                    Case{R"({"amount":1} x)", "invalid_json"}, Case{R"({"amount":1,})", "invalid_json"},
                    Case{R"({"amount" 1})", "invalid_json"}, Case{R"({amount:1})", "invalid_json"},
                    Case{"{\"amount\":1,\"\xff\":1}", "invalid_utf8"}, Case{R"({"am\u006funt":7})", ""}));

class LoadOrders : public testing::TestWithParam<Case> {};
TEST_P(LoadOrders, AreTakenOrRefusedWithTheCode) {
  EXPECT_EQ(code_of(decode_load_order(Padded(GetParam().json))), GetParam().code);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, LoadOrders,
    testing::Values(Case{"{}", ""}, Case{R"({"auction_id":null,"rate":null})", ""}, Case{R"({"bots":1})", ""},
                    Case{R"({"bots":500})", ""}, Case{R"({"bots":0})", "invalid_value"},
                    Case{R"({"bots":501})", "invalid_value"}, Case{R"({"bots":null})", "invalid_type"},
                    Case{R"({"bots":1.5})", "invalid_type"}, Case{R"({"bots":"9"})", "invalid_type"},
                    Case{R"({"duration_ms":1000})", ""}, Case{R"({"duration_ms":120000})", ""},
                    Case{R"({"duration_ms":999})", "invalid_value"}, Case{R"({"duration_ms":120001})", "invalid_value"},
                    Case{R"({"duration_ms":null})", "invalid_type"}, Case{R"({"rate":1})", ""},
                    Case{R"({"rate":50000})", ""}, Case{R"({"rate":0})", "invalid_value"},
                    Case{R"({"rate":50001})", "invalid_value"}, Case{R"({"rate":-1})", "invalid_type"},
                    Case{R"({"rate":[]})", "invalid_type"}, Case{R"({"auction_id":9007199254740991})", ""},
                    Case{R"({"auction_id":0})", "invalid_value"}, Case{R"({"auction_id":"1"})", "invalid_type"},
                    Case{R"({"bot":1})", "unknown_field"}, Case{R"({"bots":1,"bots":1})", "duplicate_field"},
                    Case{"", "invalid_json"}, Case{"[]", "invalid_json"}));

TEST(Decode, ALoadOrderSaysWhatIsToBeDone) {
  const auto usual = decode_load_order(Padded("{}"));
  ASSERT_TRUE(usual);
  EXPECT_EQ(usual->auction, std::nullopt);
  EXPECT_EQ(usual->bots, 50U);
  EXPECT_EQ(usual->duration.ms, 10'000);
  EXPECT_EQ(usual->rate, std::nullopt);
  const auto order = decode_load_order(Padded(R"({"rate":7,"duration_ms":2500,"auction_id":3,"bots":9})"));
  ASSERT_TRUE(order);
  EXPECT_EQ(order->auction, AuctionId{3});
  EXPECT_EQ(order->bots, 9U);
  EXPECT_EQ(order->duration.ms, 2'500);
  EXPECT_EQ(order->rate, 7U);
}

TEST(Decode, ABidsAmountIsExact) { EXPECT_EQ(*decode_bid(Padded(R"({"amount":9007199254740991})")), max_amount); }

std::string auction_with(const std::string& more, const std::string& closes_at = "2027-01-15T08:00:00Z") {
  return R"({"title":"A lot","currency":"CNY","opening_price":100,"closes_at":")" + closes_at + "\"" + more + "}";
}

class AuctionBodies : public testing::TestWithParam<Case> {};
TEST_P(AuctionBodies, AreTakenOrRefusedWithTheCode) {
  const Timestamp now = *parse_timestamp("2027-01-15T07:00:00Z");
  const std::string json = GetParam().json.starts_with("{") ? GetParam().json : auction_with(GetParam().json);
  const auto decoded = decode_new_auction(Padded(json), now);
  EXPECT_EQ(code_of(decoded), GetParam().code) << (decoded ? "" : decoded.error().detail);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, AuctionBodies,
    testing::Values(
        Case{"", ""}, Case{R"({"title":"x"})", "missing_field"},
        Case{R"({"title":1,"currency":"CNY","opening_price":1,"closes_at":"2027-01-15T08:00:00Z"})", "invalid_type"},
        Case{R"({"title":"","currency":"CNY","opening_price":1,"closes_at":"2027-01-15T08:00:00Z"})", "invalid_value"},
        Case{R"({"title":"x","currency":"XYZ","opening_price":1,"closes_at":"2027-01-15T08:00:00Z"})", "invalid_value"},
        Case{R"({"title":"x","currency":"CNY","opening_price":1,"closes_at":"2027-01-15T07:00:00Z"})", "invalid_value"},
        Case{R"({"title":"x","currency":"CNY","opening_price":1,"closes_at":"tomorrow"})", "invalid_value"},
        Case{R"({"title":"x","currency":"CNY","opening_price":1,"closes_at":null})", "invalid_type"},
        Case{R"(,"format":"english")", ""}, Case{R"(,"format":"dutch")", "invalid_value"},
        Case{R"(,"increment":5)", ""}, Case{R"(,"increment":0)", "invalid_amount"},
        Case{R"(,"increment":1.5)", "invalid_amount"}, Case{R"(,"increment":null)", "invalid_type"},
        Case{R"(,"increment":{"table":[[1000,10],[null,50]]})", ""},
        Case{R"(,"increment":{"table":[[1000,10]]})", "invalid_value"},
        Case{R"(,"increment":{"table":[]})", "invalid_value"},
        Case{R"(,"increment":{"table":[[null,0]]})", "invalid_value"},
        Case{R"(,"increment":{"table":[[null,5],[null,6]]})", "invalid_value"},
        Case{R"(,"increment":{"table":[[null]]})", "invalid_value"},
        Case{R"(,"increment":{"table":[[null,1,2]]})", "invalid_value"},
        Case{R"(,"increment":{"table":7})", "invalid_type"}, Case{R"(,"increment":{})", "invalid_value"},
        Case{R"(,"increment":{"preset":"ebay-us"})", ""}, Case{R"(,"increment":{"preset":"ebay"})", "invalid_value"},
        Case{R"(,"increment":{"preset":"ebay-us","table":[[null,1]]})", "invalid_value"},
        Case{R"(,"increment":{"presets":"ebay-us"})", "unknown_field"},
        Case{
            R"({"increment":{"preset":"ebay-us"},"title":"x","currency":"JPY","opening_price":1,"closes_at":"2027-01-15T08:00:00Z"})",
            "invalid_value"},
        Case{
            R"({"increment":{"preset":"yahoo-jp"},"title":"x","currency":"JPY","opening_price":1,"closes_at":"2027-01-15T08:00:00Z"})",
            ""},
        Case{R"(,"reserve":null)", ""}, Case{R"(,"reserve":500)", ""}, Case{R"(,"reserve":"500")", "invalid_amount"},
        Case{R"(,"opens_at":null)", ""}, Case{R"(,"opens_at":"2027-01-15T07:30:00+00:00")", ""},
        Case{R"(,"opens_at":"2027-01-15T08:00:00Z")", "invalid_value"}, Case{R"(,"opens_at":5)", "invalid_type"},
        Case{R"(,"soft_close":null)", ""},
        Case{R"(,"soft_close":{"window_ms":1000,"extend_ms":2000,"mode":"from_close","max_extensions":3})", ""},
        Case{R"(,"soft_close":{"window_ms":1000,"extend_ms":2000,"mode":"from_bid","max_extensions":null})", ""},
        Case{R"(,"soft_close":{"window_ms":1000,"extend_ms":2000})", "missing_field"},
        Case{R"(,"soft_close":{"window_ms":1000})", "missing_field"},
        Case{R"(,"soft_close":{"window_ms":0,"extend_ms":1,"mode":"from_bid"})", "invalid_value"},
        Case{R"(,"soft_close":{"window_ms":1.5,"extend_ms":1,"mode":"from_bid"})", "invalid_type"},
        Case{R"(,"soft_close":{"window_ms":1,"extend_ms":1,"mode":"x"})", "invalid_value"},
        Case{R"(,"soft_close":true)", "invalid_type"}, Case{R"(,"seller":null)", ""}, Case{R"(,"seller":"Bob")", ""},
        Case{R"(,"seller":"B b")", "invalid_value"}, Case{R"(,"seller":"")", "invalid_value"},
        Case{R"(,"self_outbid":false)", ""}, Case{R"(,"self_outbid":"no")", "invalid_type"},
        Case{R"(,"amount_limit":50)", ""}, Case{R"(,"amount_limit":100)", ""},
        Case{R"(,"description":"","image_url":null)", ""},
        Case{R"x(,"image_url":"javascript:alert(1)")x", "invalid_value"}, Case{R"(,"image_url":"")", "invalid_value"},
        Case{R"(,"image_url":"https://a/b.png")", ""}, Case{R"(,"id":7)", ""}, Case{R"(,"id":0)", "invalid_value"},
        Case{R"(,"id":"7")", "invalid_type"}, Case{R"(,"id":9007199254740992)", "invalid_value"},
        Case{R"(,"buy_now":7)", "unknown_field"}, Case{R"(,"title":"twice")", "duplicate_field"}));

TEST(AuctionBody, SaysWhereAnInnerFieldIsWrong) {
  const Timestamp now = *parse_timestamp("2027-01-15T07:00:00Z");
  const auto detail_of = [&](const std::string& more) {
    const auto decoded = decode_new_auction(Padded(auction_with(more)), now);
    return decoded ? "" : decoded.error().detail;
  };
  EXPECT_EQ(detail_of(R"(,"soft_close":{"window_ms":1,"extend_ms":1})"), R"("soft_close.mode" is required)");
  EXPECT_EQ(detail_of(R"(,"soft_close":{"mode":"from_bid","mode":"from_bid"})"),
            R"("soft_close.mode" stands twice; give it once)");
  EXPECT_EQ(detail_of(R"(,"increment":{"steps":1})"),
            R"(there is no field "steps" in "increment"; the fields are table, preset)");
  EXPECT_EQ(detail_of(R"(,"step":1)").find(R"(there is no field "step" here; the fields are title,)"), 0U);
}

// What each field of a new auction says to a value of each JSON type, in the order of `other_values`.
struct FieldAnswers {
  std::string name;
  std::string good;
  bool required;
  std::array<std::string, 6> answers;  // null, true, -1, "", [], {}
};
constexpr std::array<const char*, 6> other_values{"null", "true", "-1", R"("")", "[]", "{}"};
const std::array<std::string, 6> text_answers{"invalid_type",  "invalid_type", "invalid_type",
                                              "invalid_value", "invalid_type", "invalid_type"};
const std::array<std::string, 6> text_or_null_answers{
    "", "invalid_type", "invalid_type", "invalid_value", "invalid_type", "invalid_type"};
const std::array<std::string, 6> amount_answers{"invalid_amount", "invalid_amount", "invalid_amount",
                                                "invalid_amount", "invalid_amount", "invalid_amount"};
const std::array<std::string, 6> amount_or_null_answers{
    "", "invalid_amount", "invalid_amount", "invalid_amount", "invalid_amount", "invalid_amount"};
const std::array<FieldAnswers, 13> auction_answers{{
    {"title", R"("x")", true, text_answers},
    {"currency", R"("CNY")", true, text_answers},
    {"opening_price", "1", true, amount_answers},
    {"closes_at", R"("2027-02-15T08:00:00Z")", true, text_answers},
    {"format", R"("english")", false, text_answers},
    {"increment",
     "1",
     false,
     {"invalid_type", "invalid_type", "invalid_amount", "invalid_amount", "invalid_type", "invalid_value"}},
    {"reserve", "5", false, amount_or_null_answers},
    {"opens_at", "null", false, text_or_null_answers},
    {"soft_close",
     "null",
     false,
     {"", "invalid_type", "invalid_type", "invalid_type", "invalid_type", "missing_field"}},
    {"seller", R"("Bob")", false, text_or_null_answers},
    {"self_outbid",
     "true",
     false,
     {"invalid_type", "", "invalid_type", "invalid_type", "invalid_type", "invalid_type"}},
    {"amount_limit", "null", false, amount_or_null_answers},
    {"id", "7", false, {"", "invalid_type", "invalid_type", "invalid_type", "invalid_type", "invalid_type"}},
}};

// All fields good, but `name` with `value`; without it if `value` is empty.
std::string auction_but(const std::string& name, const std::string& value) {
  std::string json;
  for (const FieldAnswers& field : auction_answers) {
    const std::string& written = field.name == name ? value : field.good;
    if (!written.empty()) json += (json.empty() ? "{\"" : ",\"") + field.name + "\":" + written;
  }
  return json + "}";
}

TEST(Decode, EachFieldOfAnAuctionRefusesEachOtherType) {
  const auto answer = [](const std::string& json) { return code_of(decode_new_auction(Padded(json), noon)); };
  ASSERT_EQ(answer(auction_but("", "")), "");
  for (const FieldAnswers& field : auction_answers) {
    for (std::size_t i = 0; i < other_values.size(); ++i) {
      EXPECT_EQ(answer(auction_but(field.name, other_values[i])), field.answers[i])
          << field.name << " = " << other_values[i];
    }
    EXPECT_EQ(answer(auction_but(field.name, "")), field.required ? "missing_field" : "") << field.name;
    EXPECT_EQ(answer(auction_but(field.name, field.good + ",\"" + field.name + "\":" + field.good)), "duplicate_field")
        << field.name;
    EXPECT_EQ(answer(auction_but(field.name, "\"\xc3\"")), "invalid_utf8") << field.name;
    if (field.answers == text_answers || field.answers == text_or_null_answers) {
      EXPECT_EQ(answer(auction_but(field.name, '"' + std::string(9'000, 'a') + '"')), "invalid_value") << field.name;
    }
  }
}

TEST(Decode, EveryRefusalNamesTheFieldAndIsUtf8) {
  const auto detail = [](const std::string& json) { return decode_new_auction(Padded(json), noon).error().detail; };
  for (const FieldAnswers& field : auction_answers) {
    EXPECT_THAT(detail(auction_but(field.name, field.answers[4].empty() ? "{}" : "[]")),
                testing::HasSubstr(field.name));
  }
  std::string long_name = "a";
  for (int i = 0; i < 30; ++i) long_name += "\u4e2d";
  const std::string unknown = detail("{\"" + long_name + "\":1}");
  EXPECT_TRUE(simdjson::validate_utf8(unknown)) << unknown;
  EXPECT_TRUE(simdjson::validate_utf8(decode_page_query("limit=\xff").error().detail));
  EXPECT_TRUE(simdjson::validate_utf8(decode_page_query("\xff=1").error().detail));
}

TEST(Decode, TextsAreLimitedInBytes) {
  const auto title = [](std::size_t bytes) {
    return code_of(
        decode_new_auction(Padded(R"({"title":")" + std::string(bytes, 'a') +
                                  R"(","currency":"CNY","opening_price":1,"closes_at":"2027-02-15T08:00:00Z"})"),
                           noon));
  };
  EXPECT_EQ(title(200), "");
  EXPECT_EQ(title(201), "invalid_value");
}

class Frames : public testing::TestWithParam<Case> {};
TEST_P(Frames, AreTakenOrRefusedWithTheCode) {
  const auto decoded = decode_frame(Padded(GetParam().json));
  EXPECT_EQ(decoded ? "" : code_of(decoded.error().error), GetParam().code);
}
INSTANTIATE_TEST_SUITE_P(
    Forms, Frames,
    testing::Values(Case{R"({"type":"auth","bidder":"Alice"})", ""}, Case{R"({"type":"auth","token":"x"})", ""},
                    Case{R"({"type":"subscribe","auction_id":1})", ""},
                    Case{R"({"type":"subscribe","auction_id":1,"epoch":1,"after_sequence":17,"mode":"every"})", ""},
                    Case{R"({"type":"subscribe","auction_id":1,"mode":"some"})", "invalid_value"},
                    Case{R"({"type":"subscribe"})", "missing_field"},
                    Case{R"({"type":"subscribe","auction_id":1,"amount":2})", "unknown_field"},
                    Case{R"({"type":"subscribe","auction_id":1,"after_sequence":-1})", "invalid_type"},
                    Case{R"({"type":"unsubscribe","auction_id":1})", ""},
                    Case{R"({"type":"bid","id":"c1","auction_id":1,"amount":10600,"idempotency_key":"k"})", ""},
                    Case{R"({"type":"bid","auction_id":1,"amount":1.5})", "invalid_amount"},
                    Case{R"({"type":"bid","auction_id":1})", "missing_field"},
                    Case{R"({"type":"bid","auction_id":1,"amount":1,"idempotency_key":"a b"})", "invalid_value"},
                    Case{R"({"type":"time","id":"t"})", ""}, Case{R"({"type":"dance"})", "invalid_value"},
                    Case{R"({"id":"c"})", "missing_field"}, Case{R"([])", "invalid_json"},
                    Case{R"({"type":"time","id":7})", "invalid_type"}));

TEST(Decode, AFrameErrorCarriesTheFramesId) {
  const auto decoded = decode_frame(Padded(R"({"type":"bid","id":"c7","auction_id":1,"amount":-5})"));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().id, "c7");
  const auto id_behind_it = decode_frame(Padded(R"({"type":"bid","auction_id":1,"amount":-5,"id":"c8"})"));
  EXPECT_EQ(id_behind_it.error().id, "c8");
}

TEST(Decode, QueriesAreStrict) {
  EXPECT_EQ(decode_page_query("")->limit, 100U);
  EXPECT_EQ(decode_page_query("after_sequence=7&limit=1000")->after, Sequence{7});
  for (const char* bad : {"limit=0", "limit=1001", "limit=x", "after_sequence=-1", "after=1", "limit=1&limit=2",
                          "after_sequence=01", "limit=1;x", "limit=", "after_sequence="}) {
    EXPECT_EQ(code_of(decode_page_query(bad)), "invalid_query") << bad;
  }
  EXPECT_EQ(decode_list_query("state=open&cursor=7")->after, AuctionId{7});
  for (const char* bad : {"state=opened", "cursor=0", "cursor=x", "sort=id", "state="}) {
    EXPECT_EQ(code_of(decode_list_query(bad)), "invalid_query") << bad;
  }
}

TEST(Decode, IdsAndEventIds) {
  EXPECT_EQ(parse_auction_id("1"), AuctionId{1});
  for (const char* bad : {"", "0", "01", "-1", "1.0", "1e2", " 1", "9007199254740992", "abc"}) {
    EXPECT_FALSE(parse_auction_id(bad)) << bad;
  }
  EXPECT_EQ(parse_event_id("2-17")->after, Sequence{17});
  for (const char* bad : {"", "17", "0-1", "1-", "-1", "1-x", "1-2-3"}) EXPECT_FALSE(parse_event_id(bad)) << bad;
}

class DemoBids : public testing::TestWithParam<std::pair<std::string, std::int64_t>> {};
TEST_P(DemoBids, ReadDecimalsExactly) {
  const auto bid = decode_demo_bid(Padded(R"({"item_id":1,"user_id":"Alice","amount":)" + GetParam().first + "}"));
  if (GetParam().second < 0) {
    EXPECT_EQ(code_of(bid), "invalid_amount");
  } else {
    ASSERT_TRUE(bid);
    EXPECT_EQ(bid->amount.value(), GetParam().second);
  }
}
INSTANTIATE_TEST_SUITE_P(Forms, DemoBids,
                         testing::Values(std::pair{"105.5", 10'550L}, std::pair{"100.0", 10'000L},
                                         std::pair{"0.01", 1L}, std::pair{"7", 700L}, std::pair{"1.10", 110L},
                                         std::pair{"1.100", 110L},
                                         std::pair{"90071992547409.91", 9'007'199'254'740'991L},
                                         std::pair{"90071992547409.92", -1L}, std::pair{"1.001", -1L},
                                         std::pair{"1e2", -1L}, std::pair{"-1.0", -1L}, std::pair{"\"1.0\"", -1L},
                                         std::pair{"1.", -1L}, std::pair{"01.5", -1L}));

TEST(Decode, FingerprintsTellBodiesApart) {
  EXPECT_EQ(fingerprint_of("").size(), 32U);
  EXPECT_NE(fingerprint_of("a"), fingerprint_of("b"));
}

}  // namespace
}  // namespace flashbid
