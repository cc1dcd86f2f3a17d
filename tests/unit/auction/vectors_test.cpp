// Runs the tables of tests/vectors through the C++ rules and through the Lua rules.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <set>

#include "support/auctions.hpp"
#include "support/event_text.hpp"
#include "support/lua_rules.hpp"
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

// Whose rules decide.
class Rules {
 public:
  struct Outcome {
    Decision decision;
    Auction after;
  };
  virtual ~Rules() = default;
  virtual Outcome decide(const Auction& before, const Command& command, Timestamp now) = 0;
  virtual Outcome create(const SharedTerms& terms, Timestamp now) = 0;
  virtual std::optional<Amount> minimum_next(const Increment& increment, Amount price) = 0;
};

class CppRules : public Rules {
 public:
  Outcome decide(const Auction& before, const Command& command, Timestamp now) override {
    Outcome outcome{flashbid::decide(before, command, now), before};
    for (const auto& event : outcome.decision.events) apply(outcome.after, event);
    return outcome;
  }
  Outcome create(const SharedTerms& terms, Timestamp now) override {
    Outcome outcome;
    outcome.decision.events = flashbid::create(terms, now);
    outcome.after.id = AuctionId{1};
    for (const auto& event : outcome.decision.events) apply(outcome.after, event);
    return outcome;
  }
  std::optional<Amount> minimum_next(const Increment& increment, Amount price) override {
    return increment.minimum_next(price);
  }
};

class LuaRules : public Rules {
 public:
  Outcome decide(const Auction& before, const Command& command, Timestamp now) override {
    const std::string state = state_text(before, {Timestamp{0}, Epoch{1}, Sequence{0}});
    return outcome_of(lua_.decide(before.id, *before.terms, state, command, now), *before.terms);
  }
  Outcome create(const SharedTerms& terms, Timestamp now) override {
    return outcome_of(lua_.create(AuctionId{1}, *terms, Epoch{1}, now), *terms);
  }
  std::optional<Amount> minimum_next(const Increment& increment, Amount price) override {
    Terms terms;
    terms.increment = increment;
    return lua_.minimum_next(terms, price);
  }

 private:
  static Outcome outcome_of(const support::LuaRules::Outcome& lua, const Terms& terms) {
    Outcome outcome;
    outcome.decision.reason = lua.reason;
    outcome.decision.verdict = lua.reason == Reason::none ? Verdict::accepted : Verdict::rejected;
    const std::string secret = encode_secret({.reserve = terms.reserve, .key_use = {}});
    for (const auto& json : lua.events) outcome.decision.events.push_back(decode_event(json, secret).value().event);
    outcome.after = decode_image(lua.image).value();
    return outcome;
  }

  support::LuaRules lua_;
};

void run_decision(Rules& rules, Json file, Json one) {
  const Json own_terms = find("terms", {one}).value_or(empty_object);
  const Json own_state = find("state", {one}).value_or(empty_object);
  const auto file_terms = file["terms"].value();
  const auto file_state = file["state"].value();
  const auto terms = std::make_shared<const Terms>(support::read_terms({own_terms, file_terms}));
  const Auction before = support::read_state(terms, {own_state, file_state});
  const Timestamp now{integer(one["now"].value())};

  const auto [decision, after] = rules.decide(before, support::read_command(one["command"].value()), now);
  EXPECT_EQ(to_text(decision.verdict), text_or_null(one, "verdict"));
  EXPECT_EQ(decision.reason == Reason::none ? "null" : to_text(decision.reason), text_or_null(one, "reason"));
  expect_events(one, decision.events);

  const auto changed = one["after"].value();
  expect_only_changes(changed, {own_state, file_state});
  const Auction expected = support::read_state(terms, {changed, own_state, file_state});
  EXPECT_TRUE(after == expected) << text_of(after) << "\nand not " << text_of(expected);
}

void run_creation(Rules& rules, Json file, Json one) {
  const Json own_terms = find("terms", {one}).value_or(empty_object);
  const auto terms = std::make_shared<const Terms>(support::read_terms({own_terms, file["terms"].value()}));
  const auto [decision, after] = rules.create(terms, Timestamp{integer(one["now"].value())});
  expect_events(one, decision.events);
  const Auction expected = support::read_state(terms, {one["after"].value()});
  EXPECT_TRUE(after == expected) << text_of(after) << "\nand not " << text_of(expected);
}

void run_increment(Rules& rules, Json, Json one) {
  const auto increment =
      support::read_increment(find("increment", {one}), support::currency_of(find("currency", {one})));
  EXPECT_EQ(!increment, find("refused", {one}).has_value());
  if (!increment) return;
  for (const Json row : one["prices"].get_array()) {
    const Amount price{integer(row.at(0).value())};
    EXPECT_EQ(rules.minimum_next(*increment, price), amount(row.at(1).value())) << "at " << price.value();
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

void run_file(Rules& rules, const std::string& name) {
  static const std::map<std::string, std::function<void(Rules&, Json, Json)>, std::less<>> runners = {
      {"decisions", run_decision}, {"creations", run_creation}, {"increments", run_increment}};
  simdjson::dom::parser parser;
  const Json file = parser.load(std::string(FLASHBID_VECTORS) + "/" + name + ".json").value();
  const auto runner = runners.find(std::string_view(file["kind"].get_string().value()));
  ASSERT_NE(runner, runners.end()) << "a kind that nobody knows";

  std::set<std::string_view> names;
  for (const Json one : file["cases"].get_array()) {
    const std::string_view case_name = one["name"].get_string().value();
    SCOPED_TRACE(case_name);
    EXPECT_TRUE(names.insert(case_name).second) << "two cases of one name";
    runner->second(rules, file, one);
  }
  EXPECT_FALSE(names.empty());
}

class Vectors : public testing::TestWithParam<std::string> {};

TEST_P(Vectors, Hold) {
  CppRules rules;
  run_file(rules, GetParam());
}

TEST_P(Vectors, HoldInLua) {
  LuaRules rules;
  run_file(rules, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Tables, Vectors, testing::ValuesIn(vector_files()),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace flashbid
