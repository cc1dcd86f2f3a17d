// A history survives its file: written, read and written again it is the same text, and it is judged the same.
#include "checker/history_lines.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <sstream>

#include "checker/checker.hpp"
#include "sample_run.hpp"

namespace flashbid::checker {
namespace {

std::string written(const History& history) {
  std::ostringstream out;
  EXPECT_TRUE(write_history(history, out));
  return out.str();
}

Result<History> read_back(const std::string& text) {
  std::istringstream in(text);
  return read_history(in);
}

TEST(HistoryLines, ComeBackAsTheyWere) {
  History history = sample_history();
  history.seed = 42;
  history.malformed.emplace_back("a \"quoted\" text");
  const std::string text = written(history);
  const auto back = read_back(text);
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_EQ(written(*back), text);
  EXPECT_EQ(back->operations.size(), history.operations.size());
  EXPECT_EQ(back->auctions.at(0).events, history.auctions.at(0).events);
  EXPECT_EQ(back->auctions.at(0).bids, history.auctions.at(0).bids);
  EXPECT_EQ(back->watchers.size(), 3U);
  const Report report = check(*back);
  EXPECT_EQ(report.findings.total(), 1U);
  EXPECT_EQ(report.findings.count(Rule::malformed), 1U);
}

TEST(HistoryLines, KeepWhatMayBeLeftOut) {
  History history = sample_history();
  history.clock_ran_back = true;
  history.watchers[1].resumed_after = Sequence(4);
  const auto back = read_back(written(history));
  ASSERT_TRUE(back) << back.error().detail;
  EXPECT_TRUE(back->clock_ran_back);
  EXPECT_EQ(back->watchers[1].resumed_after, Sequence(4));
  EXPECT_EQ(back->watchers[0].resumed_after, std::nullopt);
}

// Whoever else writes such a file knows no digests.
TEST(HistoryLines, TakeAWatchersEventAsItWasTold) {
  const auto told = [](std::string_view price) {
    const std::string bid =
        R"({"epoch":1,"sequence":3,"event":"bid_accepted","at":"2027-01-15T08:00:02.000Z","bidder":"Alice",)"
        R"("amount":1000,"price":1000,"leader":"Alice","minimum_next":1100,"closes_at":)"
        R"("2027-01-15T08:01:00.000Z"})";
    std::string seen = bid;
    seen.replace(seen.find(R"("price":1000)"), 12, fmt::format(R"("price":{})", price));
    History history = sample_history();
    history.watchers.clear();
    const std::string lines = written(history) +
                              R"({"line":"watcher","auction_id":7,"latest":false,"to_the_end":false,)" +
                              R"("resumed_after":2,"events":[[)" + seen + R"(,null,9000000]],"states":[]})" + "\n";
    const auto back = read_back(lines);
    EXPECT_TRUE(back) << back.error().detail;
    return check(*back).findings;
  };
  EXPECT_EQ(told("1000").total(), 0U);
  EXPECT_EQ(told("1001").total(), 1U);
  EXPECT_EQ(told("1001").count(Rule::watcher_event), 1U);
}

TEST(HistoryLines, KeepWhatIsWrong) {
  History history = sample_history();
  history.operations[2].quote.price = Amount(7);
  history.operations[3].echo_differs = true;
  history.watchers[0].events[1].digest ^= 1;
  history.auctions[0].terms.reserve = Amount(99'999);
  const auto back = read_back(written(history));
  ASSERT_TRUE(back) << back.error().detail;
  const Report report = check(*back);
  for (const Rule rule : {Rule::answer_state, Rule::malformed, Rule::watcher_event, Rule::close}) {
    EXPECT_GT(report.findings.count(rule), 0U) << to_text(rule);
  }
}

TEST(HistoryLines, NameTheLineThatIsWrong) {
  EXPECT_FALSE(read_back(""));
  const auto no_json = read_back("{\"line\":\"history\",\"version\":1,\"seed\":1}\nno\n");
  ASSERT_FALSE(no_json);
  EXPECT_EQ(no_json.error().detail, "line 2: it is not JSON");
  EXPECT_FALSE(read_back("{\"line\":\"history\",\"version\":2,\"seed\":1}\n"));
  EXPECT_FALSE(read_back("{\"line\":\"bidder\",\"name\":\"A\"}\n"));
  EXPECT_FALSE(read_back("{\"line\":\"history\",\"version\":1,\"seed\":1}\n{\"line\":\"event\"}\n"));
  EXPECT_FALSE(read_back("{\"line\":\"history\",\"version\":1,\"seed\":1}\n{\"line\":\"strange\"}\n"));
}

}  // namespace
}  // namespace flashbid::checker
