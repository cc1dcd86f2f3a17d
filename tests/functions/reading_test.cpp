// view, events, list: pages, what trimming leaves, and that they write nothing.
#include "functions/shard.hpp"

namespace flashbid::functions {
namespace {

using ::testing::ElementsAre;

// The sequences of the pairs that begin at `from`, and a check that each payload is the event it should be.
std::vector<std::uint64_t> sequences(const RedisValue& reply, std::size_t from = 3) {
  std::vector<std::uint64_t> found;
  for (std::size_t i = from; i + 1 < reply.items.size(); i += 2) {
    found.push_back(std::stoull(reply.items[i].text));
    const auto decoded = decode_event(reply.items[i + 1].text, "");
    EXPECT_TRUE(decoded) << reply;
    if (decoded) EXPECT_EQ(decoded->event.sequence.value(), found.back());
  }
  return found;
}

std::vector<std::uint64_t> ids_of(const RedisValue& images) {
  std::vector<std::uint64_t> ids;
  for (const RedisValue& image : images.items) ids.push_back(decode_image(image.text).value().id.value());
  return ids;
}

class Reading : public Shard {
 protected:
  // created, opened, then bids 3 … 7, with another auction's between them.
  void SetUp() override {
    Shard::SetUp();
    create(1, open_terms());
    create(2, open_terms());
    for (int i = 0; i < 5; ++i) {
      answer(1, "Alice", 10'000 + i * 100);
      answer(2, "Bob", 10'000 + i * 100);
    }
  }
};

TEST_F(Reading, ViewShowsTheImageAndLaterEvents) {
  const RedisValue whole = call("view", {"1", "0", "100"});
  EXPECT_EQ(whole.items[0].text, "1");
  EXPECT_EQ(decode_image(whole.items[1].text).value().sequence, Sequence{7});
  EXPECT_EQ(whole.items[2].text, "1");
  EXPECT_THAT(sequences(whole), ElementsAre(1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(sequences(call("view", {"1", "5", "100"})), ElementsAre(6, 7));
  EXPECT_THAT(sequences(call("view", {"1", "5", "2"})), ElementsAre(6, 7));
  EXPECT_THAT(sequences(call("view", {"1", "4", "2"})), ElementsAre()) << "a part of them would be of no use";
  EXPECT_THAT(sequences(call("view", {"1", "7", "100"})), ElementsAre());
  EXPECT_THAT(sequences(call("view", {"1", "99", "100"})), ElementsAre());
  EXPECT_EQ(call("view", {"1", "", "0"}).items.size(), 3U);
  expect_error(call("view", {"3", "", "0"}), "NOTFOUND");
  expect_error(call("view", {"1", "x", "0"}), "BADARG");
}

TEST_F(Reading, EventsComeInPages) {
  const RedisValue page = call("events", {"1", "0", "3", "0"});
  EXPECT_EQ(page.items[0].text, "7");
  EXPECT_EQ(page.items[1].text, "1");
  EXPECT_EQ(page.items[2].text, "3");
  EXPECT_THAT(sequences(page), ElementsAre(1, 2, 3));
  const RedisValue last = call("events", {"1", "6", "3", "0"});
  EXPECT_EQ(last.items[2].text, "7");
  EXPECT_THAT(sequences(last), ElementsAre(7));
  EXPECT_EQ(call("events", {"1", "7", "3", "0"}).items[2].text, "7") << "nowhere to go on to";
  expect_error(call("events", {"1", "0", "0", "0"}), "BADARG");
  expect_error(call("events", {"1", "0", "1", "2"}), "BADARG");
}

TEST_F(Reading, BidsAlone) {
  const RedisValue page = call("events", {"1", "0", "2", "1"});
  EXPECT_THAT(sequences(page), ElementsAre(3, 4));
  EXPECT_EQ(page.items[2].text, "4");
  cancel(1);
  const RedisValue last = call("events", {"1", "6", "2", "1"});
  EXPECT_THAT(sequences(last), ElementsAre(7));
  EXPECT_EQ(last.items[2].text, "8") << "the cancellation was looked at";
}

TEST_F(Reading, TrimmingMovesTheFirst) {
  const auto entries = stream();
  std::string minid;
  for (const auto& entry : entries) {
    if (entry.fields.at("a") == "1" && entry.fields.at("s") == "4") minid = entry.id;
  }
  // Auction 2's events 1 … 3 are older than that entry too.
  EXPECT_EQ(call("trim", {minid, "1", "3", "2", "3"}).text, "6");
  const RedisValue whole = call("view", {"1", "0", "100"});
  EXPECT_EQ(whole.items[2].text, "4");
  EXPECT_THAT(sequences(whole), ElementsAre(4, 5, 6, 7));
  const RedisValue page = call("events", {"2", "0", "2", "0"});
  EXPECT_EQ(page.items[1].text, "4");
  EXPECT_THAT(sequences(page), ElementsAre(4, 5));
  EXPECT_EQ(call("trim", {minid, "1", "3"}).text, "0") << "again: nothing";
  EXPECT_EQ(call("trim", {minid, "1", "9"}).text, "0") << "further than there are events: nothing";
  EXPECT_THAT(sequences(call("events", {"1", "5", "9", "0"})), ElementsAre(6, 7));
  EXPECT_EQ(answer(1, "Bob", 20'000).answer.sequence, Sequence{8});
  EXPECT_THAT(sequences(call("events", {"1", "6", "9", "0"})), ElementsAre(7, 8));
  expect_error(call("trim", {"x"}), "BADARG");
  expect_error(call("trim", {minid, "1"}), "BADARG");
}

TEST_F(Reading, AnIndexThatWasNotShortenedIsNoTrouble) {
  redis().ask({"XTRIM", suffixed("stream"), "MINID", stream()[6].id});
  const RedisValue page = call("events", {"1", "0", "100", "0"});
  const auto found = sequences(page);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(page.items[1].text, text(found.front())) << "what is gone is not promised";
  EXPECT_EQ(found.back(), 7U);
}

// "bidder amount reason" of each.
std::vector<std::string> refused(const RedisValue& reply) {
  EXPECT_FALSE(reply.error) << reply;
  std::vector<std::string> told;
  for (std::size_t i = 1; i + 2 < reply.items.size(); i += 3) {
    const std::string& answer = reply.items[i + 2].text;
    told.push_back(reply.items[i].text + ' ' + reply.items[i + 1].text + ' ' + answer.substr(0, answer.find(' ')));
  }
  return told;
}

TEST_F(Reading, RejectionsAreThoseOfTheAuctionThatAreRemembered) {
  EXPECT_THAT(refused(call("rejections", {"1"})), ElementsAre());
  answer(1, "Bob", 10'400, "k");
  answer(1, "Bob", 10'401);
  answer(1, "Bob:2", 10'402, "k");
  answer(2, "Bob", 10'403, "k");
  answer(1, "Bob", 10'400, "k");
  create(11, open_terms());
  answer(11, "Bob", 1, "k");
  const RedisValue told = call("rejections", {"1"});
  EXPECT_EQ(told.items[0].text, "0") << "none is missing";
  EXPECT_THAT(refused(told), ElementsAre("Bob 10400 6", "Bob:2 10402 6"));
  EXPECT_THAT(refused(call("rejections", {"11"})), ElementsAre("Bob 1 6"));
  expect_error(call("rejections", {"3"}), "NOTFOUND");
  expect_error(call("rejections", {"x"}), "BADARG");
}

// It looks through a bounded number of them, and says from when on it has seen all.
TEST_F(Reading, RejectionsSayWhatTheyLookedThrough) {
  answer(1, "Bob", 10'400, "k");
  std::vector<std::string> others{"RPUSH", suffixed("rejected")};
  for (int i = 0; i < 4'999; ++i) others.push_back(std::to_string(1'000 + i) + " 2:Carol k" + std::to_string(i));
  redis().ask(others);
  const RedisValue just = call("rejections", {"1"});
  EXPECT_THAT(refused(just), ElementsAre("Bob 10400 6"));
  redis().ask({"RPUSH", suffixed("rejected"), "9000 2:Carol last"});
  const RedisValue cut = call("rejections", {"1"});
  EXPECT_EQ(cut.items[0].text, "1001") << "others of that moment may be among those that were not looked at";
  EXPECT_THAT(refused(cut), ElementsAre());
}

// The words of the reply after each sequence: the event's name, or - if it has been trimmed, and the hidden part.
std::vector<std::string> actions_of(const RedisValue& reply) {
  EXPECT_FALSE(reply.error) << reply;
  std::vector<std::string> words;
  for (std::size_t i = 0; i + 2 < reply.items.size(); i += 3) {
    const auto decoded = decode_event(reply.items[i + 1].text, "");
    const std::string name(decoded ? name_of(decoded->event.body) : "-");
    words.push_back(reply.items[i].text + " " + name + " " + reply.items[i + 2].text);
  }
  return words;
}

TEST_F(Reading, ActionsAreTheFirstEventAndTheLastOfACancelledAuction) {
  Terms terms = open_terms();
  terms.reserve = Amount{70'000};
  create(3, terms, "", "", "", "1", "boss");
  EXPECT_THAT(actions_of(call("actions", {"3"})), ElementsAre(R"(1 created {"reserve":70000,"by":"boss"})"));
  for (int i = 0; i < 3; ++i) answer(3, "Alice", 10'000 + i * 100, "k" + std::to_string(i));
  EXPECT_THAT(actions_of(call("actions", {"3"})), ElementsAre(R"(1 created {"reserve":70000,"by":"boss"})"));
  cancel(3, "", "", "", R"({"by":"ops-2"})");
  EXPECT_THAT(actions_of(call("actions", {"3"})),
              ElementsAre(R"(1 created {"reserve":70000,"by":"boss"})", R"(6 cancelled {"by":"ops-2"})"));
  EXPECT_THAT(actions_of(call("actions", {"1"})), ElementsAre("1 created ")) << "nobody was named";
  expect_error(call("actions", {"4"}), "NOTFOUND");
  expect_error(call("actions", {"x"}), "BADARG");
  expect_error(call("actions", {}), "BADARG");
}

TEST_F(Reading, AnActionThatWasTrimmedIsSaidToBe) {
  std::string last;
  for (const auto& entry : stream()) {
    if (entry.fields.at("a") == "1") last = entry.id;
  }
  call("trim", {last, "1", "6"});
  EXPECT_THAT(actions_of(call("actions", {"1"})), ElementsAre("1 - "));
  cancel(1, "", "", "", R"({"by":"ops-2"})");
  EXPECT_THAT(actions_of(call("actions", {"1"})), ElementsAre("1 - ", R"(8 cancelled {"by":"ops-2"})"));
  redis().ask({"XTRIM", suffixed("stream"), "MAXLEN", "0"});
  EXPECT_THAT(actions_of(call("actions", {"1"})), ElementsAre("1 - ", "8 - ")) << "and not yet from the index";
}

TEST_F(Reading, ListsAreInOrderOfIdsAndByState) {
  Terms later = open_terms();
  later.opens_at = now() + Duration{60'000};
  create(100, open_terms());
  create(20, later);
  create(9, open_terms());
  cancel(2);
  EXPECT_THAT(ids_of(call("list", {"", "0", "100"})), ElementsAre(1, 2, 9, 20, 100));
  EXPECT_THAT(ids_of(call("list", {"", "2", "2"})), ElementsAre(9, 20));
  EXPECT_THAT(ids_of(call("list", {"open", "0", "2"})), ElementsAre(1, 9));
  EXPECT_THAT(ids_of(call("list", {"open", "9", "2"})), ElementsAre(100));
  EXPECT_THAT(ids_of(call("list", {"scheduled", "0", "9"})), ElementsAre(20));
  EXPECT_THAT(ids_of(call("list", {"cancelled", "0", "9"})), ElementsAre(2));
  EXPECT_THAT(ids_of(call("list", {"closed", "0", "9"})), ElementsAre());
  expect_error(call("list", {"shut", "0", "9"}), "BADARG");
  expect_error(call("list", {"", "0", "0"}), "BADARG");
}

TEST_F(Reading, ReadsMayBeAskedOfAReplica) {
  for (const auto& arguments : std::vector<std::vector<std::string>>{
           {"view", "1", "0", "9"}, {"events", "1", "0", "9", "0"}, {"actions", "1"}, {"list", "", "0", "9"}}) {
    std::vector<std::string> words{"FCALL_RO", redis_library().function(arguments[0]), "1", key};
    words.insert(words.end(), arguments.begin() + 1, arguments.end());
    const RedisValue reply = redis().ask(words);
    EXPECT_FALSE(reply.error) << reply;
  }
  EXPECT_TRUE(redis().ask({"FCALL_RO", redis_library().function("bid"), "1", key}).error);
}

}  // namespace
}  // namespace flashbid::functions
