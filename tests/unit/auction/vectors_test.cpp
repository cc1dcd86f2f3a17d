// Runs the tables of tests/vectors through the C++ rules.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "support/auctions.hpp"
#include "support/event_text.hpp"
#include "support/vector_reader.hpp"

namespace flashbid {
namespace {

using support::amount;
using support::find;
using support::integer;
using support::Json;
using support::text_of;

const Json empty_object = [] {
  static simdjson::dom::parser parser;
  return parser.parse(std::string_view{"{}"}).value();
}();

std::string text_or_null(Json object, std::string_view key) {
  const Json value = object[key].value();
  if (value.is_null()) return "null";
  if (value.is_bool()) return value.get_bool().value() ? "true" : "false";
  if (value.is_int64()) return fmt::format("{}", integer(value));
  return std::string(value.get_string().value());
}

// A table's event in the spelling of text_of(): every field that the event has, and no other.
std::string expected_event(Json event) {
  static const std::map<std::string, std::vector<std::string>, std::less<>> fields = {
      {"created", {}},
      {"opened", {}},
      {"bid_accepted", {"bidder", "amount", "price", "leader", "minimum_next", "closes_at"}},
      {"extended", {"closes_at", "extensions"}},
      {"closed", {"winner", "price", "sold"}},
      {"cancelled", {}}};
  const std::string name = text_or_null(event, "event");
  std::string text = fmt::format("{} {} at={}", text_or_null(event, "sequence"), name, text_or_null(event, "at"));
  for (const auto& field : fields.at(name)) text += fmt::format(" {}={}", field, text_or_null(event, field));
  EXPECT_EQ(support::JsonObject(event.get_object()).size(), fields.at(name).size() + 3) << text;
  return text;
}

void expect_events(Json one, const Events& events) {
  std::vector<std::string> expected;
  for (const Json event : one["events"].get_array()) expected.push_back(expected_event(event));
  std::vector<std::string> got;
  for (const auto& event : events) got.push_back(text_of(event));
  EXPECT_EQ(got, expected);
}

// A field that `after` repeats though it did not change is a mistake in the table.
void expect_only_changes(Json after, std::initializer_list<Json> before) {
  for (const auto& [key, value] : support::JsonObject(after.get_object())) {
    const auto old = find(key, before);
    EXPECT_FALSE(old && simdjson::to_string(*old) == simdjson::to_string(value)) << key << " has not changed";
  }
}

void run_decision(Json file, Json one) {
  const Json own_terms = find("terms", {one}).value_or(empty_object);
  const Json own_state = find("state", {one}).value_or(empty_object);
  const auto file_terms = file["terms"].value();
  const auto file_state = file["state"].value();
  const auto terms = std::make_shared<const Terms>(support::read_terms({own_terms, file_terms}));
  const Auction before = support::read_state(terms, {own_state, file_state});
  const Timestamp now{integer(one["now"].value())};

  const Decision decision = decide(before, support::read_command(one["command"].value()), now);
  EXPECT_EQ(to_text(decision.verdict), text_or_null(one, "verdict"));
  EXPECT_EQ(decision.reason == Reason::none ? "null" : to_text(decision.reason), text_or_null(one, "reason"));
  expect_events(one, decision.events);

  Auction after = before;
  for (const auto& event : decision.events) apply(after, event);
  const auto changed = one["after"].value();
  expect_only_changes(changed, {own_state, file_state});
  const Auction expected = support::read_state(terms, {changed, own_state, file_state});
  EXPECT_TRUE(after == expected) << text_of(after) << "\nand not " << text_of(expected);
}

void run_creation(Json file, Json one) {
  const Json own_terms = find("terms", {one}).value_or(empty_object);
  const auto terms = std::make_shared<const Terms>(support::read_terms({own_terms, file["terms"].value()}));
  const Events events = create(terms, Timestamp{integer(one["now"].value())});
  expect_events(one, events);

  Auction after;
  after.id = AuctionId{1};
  for (const auto& event : events) apply(after, event);
  const Auction expected = support::read_state(terms, {one["after"].value()});
  EXPECT_TRUE(after == expected) << text_of(after) << "\nand not " << text_of(expected);
}

void run_increment(Json, Json one) {
  const auto increment =
      support::read_increment(find("increment", {one}), support::currency_of(find("currency", {one})));
  EXPECT_EQ(!increment, find("refused", {one}).has_value());
  if (!increment) return;
  for (const Json row : one["prices"].get_array()) {
    const Amount price{integer(row.at(0).value())};
    EXPECT_EQ(increment->minimum_next(price), amount(row.at(1).value())) << "at " << price.value();
  }
}

std::vector<std::string> vector_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(FLASHBID_VECTORS)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().stem().string());
  }
  std::ranges::sort(files);
  return files;
}

class Vectors : public testing::TestWithParam<std::string> {};

TEST_P(Vectors, Hold) {
  static const std::map<std::string, std::function<void(Json, Json)>, std::less<>> runners = {
      {"decisions", run_decision}, {"creations", run_creation}, {"increments", run_increment}};
  simdjson::dom::parser parser;
  const Json file = parser.load(std::string(FLASHBID_VECTORS) + "/" + GetParam() + ".json").value();
  const auto runner = runners.find(std::string_view(file["kind"].get_string().value()));
  ASSERT_NE(runner, runners.end()) << "a kind that nobody knows";

  std::set<std::string_view> names;
  for (const Json one : file["cases"].get_array()) {
    const std::string_view name = one["name"].get_string().value();
    SCOPED_TRACE(name);
    EXPECT_TRUE(names.insert(name).second) << "two cases of one name";
    runner->second(file, one);
  }
  EXPECT_FALSE(names.empty());
}

INSTANTIATE_TEST_SUITE_P(Tables, Vectors, testing::ValuesIn(vector_files()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace flashbid
