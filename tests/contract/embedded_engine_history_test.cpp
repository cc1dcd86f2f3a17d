// What the embedded engine makes of a history that cannot be read, or that tells what cannot be: whoever asked hears
// it, and nothing is made up (INV-10, INV-12).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "ledger/memory/memory_ledger.hpp"
#include "support/engine_under_test.hpp"
#include "support/lying_ledger.hpp"

namespace flashbid::test {
namespace {

using ::testing::HasSubstr;
using Events = std::vector<StoredEvent>;

KeyUse key_use(Operation operation, const std::string& key) {
  return {operation, *BidderId::from("op"), *IdempotencyKey::from(key), "print"};
}

std::unexpected<Error> unreadable() { return fail(Failure::unavailable, "it cannot be read"); }
template <class T, class... Asked>
Result<T> refused(const Result<T>&, Asked...) {
  return unreadable();
}

// Whether it comes about: at once, but for a crowded machine.
bool comes(const std::function<bool()>& what) {
  const auto latest = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!what() && std::chrono::steady_clock::now() < latest) std::this_thread::yield();
  return what();
}

// Auction 1 has been created with key c1, bid on with k1 (which extended it) and k2 (rejected), cancelled with x1; all
// of it is in history and none in memory.
class EngineOnLyingHistory : public ::testing::Test {
 protected:
  EngineOnLyingHistory() {
    Terms terms = open_terms();
    terms.closes_at = noon + minute;
    terms.soft_close = SoftClose{minute, minute, SoftClose::Mode::from_close, std::nullopt};
    EXPECT_TRUE(engine_.create(terms, AuctionId{1}, key_use(Operation::create, "c1")));
    EXPECT_EQ(engine_.bid(AuctionId{1}, "alice", 10'000, "k1")->as_of_sequence, Sequence{4});
    EXPECT_EQ(engine_.bid(AuctionId{1}, "bob", 10'000, "k2")->verdict, Verdict::rejected);
    EXPECT_TRUE(engine_.cancel(AuctionId{1}, key_use(Operation::cancel, "x1")));
    engine_.await_moved();
    engine_.restart();
  }

  Result<BidAnswer> bid_again() { return engine_.bid(AuctionId{1}, "alice", 10'000, "k1"); }
  Result<BidAnswer> rejected_again() { return engine_.bid(AuctionId{1}, "bob", 10'000, "k2"); }
  Result<AuctionView> create_again() {
    return engine_.create(open_terms(), std::nullopt, key_use(Operation::create, "c1"));
  }
  Result<AuctionView> cancel_again() { return engine_.cancel(AuctionId{1}, key_use(Operation::cancel, "x1")); }

  template <class T>
  static std::string said(const Result<T>& answer) {
    return answer ? "it was answered" : answer.error().detail;
  }

  Liar liar_;
  std::shared_ptr<MemoryDisk> disk_ = make_memory_disk();
  EngineUnderTest engine_{1, [this] { return std::make_unique<LyingLedger>(open_memory_ledger(disk_), liar_); }};
};

TEST_F(EngineOnLyingHistory, TellsTheTruthAsItIs) {
  EXPECT_EQ(bid_again()->closes_at, noon + minute + minute);
  EXPECT_EQ(rejected_again()->verdict, Verdict::rejected);
  EXPECT_EQ(create_again()->auction.sequence, Sequence{2});
  EXPECT_EQ(cancel_again()->auction.state, AuctionState::cancelled);
}

TEST_F(EngineOnLyingHistory, AnswersNothingThatItCannotRead) {
  const auto events_from = [](std::uint64_t first, auto lie) {
    return [=](Result<Events> truth, Sequence after) {
      return after.value() + 1 >= first ? lie(std::move(truth)) : truth;
    };
  };
  const auto none = [](Result<Events>) { return Result<Events>{Events{}}; };
  const auto cannot_read = [](Result<Events>) -> Result<Events> { return unreadable(); };
  const auto another = [](const char* text) {
    return [text](Result<Events> truth) {
      for (StoredEvent& event : *truth) event.payload = std::make_shared<const std::string>(text);
      return truth;
    };
  };
  const auto opened = [text =
                           engine_.events({AuctionId{1}, Sequence{1}, 1, false})->events.at(0)](Result<Events> truth) {
    for (StoredEvent& event : *truth) event.payload = text;
    return truth;
  };
  const auto bids = [this] { return said(bid_again()); };
  const auto rejections = [this] { return said(rejected_again()); };
  const auto creations = [this] { return said(create_again()); };
  const auto cancels = [this] { return said(cancel_again()); };
  const struct {
    const char* what;
    std::function<void(Lies&)> lie;
    std::function<std::string()> ask;
    const char* said;
  } table[] = {
      {"bid: no event", [&](Lies& lies) { lies.events = events_from(1, none); }, bids, "event 3 is missing"},
      {"bid: unreadable", [&](Lies& lies) { lies.events = events_from(1, cannot_read); }, bids, "it cannot be read"},
      {"bid: damaged", [&](Lies& lies) { lies.events = events_from(1, another("{")); }, bids, "an event is damaged"},
      {"bid: another event", [&](Lies& lies) { lies.events = events_from(1, opened); }, bids, "event is not a bid"},
      {"bid: no extension", [&](Lies& lies) { lies.events = events_from(4, none); }, bids, "event 4 is missing"},
      {"bid: no answer", [&](Lies& lies) { lies.answer = refused<std::optional<StoredAnswer>>; }, bids,
       "cannot be read"},
      {"bid: no auction", [&](Lies& lies) { lies.auction = refused<std::optional<Auction>>; }, bids, "cannot be read"},
      {"rejection: damaged",
       [&](Lies& lies) {
         lies.answer = [](Result<std::optional<StoredAnswer>> truth) {
           (*truth)->answer_json = "{";
           return truth;
         };
       },
       rejections, "an answer is damaged"},
      {"create: no answer", [&](Lies& lies) { lies.answer = refused<std::optional<StoredAnswer>>; }, creations,
       "cannot be read"},
      {"create: unreadable", [&](Lies& lies) { lies.events = events_from(1, cannot_read); }, creations,
       "it cannot be read"},
      {"create: damaged", [&](Lies& lies) { lies.events = events_from(1, another("{")); }, creations,
       "an event is damaged"},
      {"create: another event", [&](Lies& lies) { lies.events = events_from(1, opened); }, creations, "auction 1"},
      {"cancel: no answer", [&](Lies& lies) { lies.answer = refused<std::optional<StoredAnswer>>; }, cancels,
       "cannot be read"},
      {"cancel: no auction", [&](Lies& lies) { lies.auction = refused<std::optional<Auction>>; }, cancels,
       "cannot be read"},
      {"read", [&](Lies& lies) { lies.auction = refused<std::optional<Auction>>; },
       [this] { return said(engine_.read(AuctionId{1})); }, "cannot be read"},
      {"events", [&](Lies& lies) { lies.auction = refused<std::optional<Auction>>; },
       [this] { return said(engine_.events({AuctionId{1}, Sequence{0}, 10, false})); }, "cannot be read"},
      {"actions", [&](Lies& lies) { lies.auction = refused<std::optional<Auction>>; },
       [this] { return said(engine_.actions(AuctionId{1})); }, "cannot be read"},
      {"actions: no records", [&](Lies& lies) { lies.records = refused<std::vector<Record>>; },
       [this] { return said(engine_.actions(AuctionId{1})); }, "cannot be read"},
      {"list", [&](Lies& lies) { lies.list = refused<std::vector<Auction>>; },
       [this] { return said(engine_.list({})); }, "cannot be read"},
  };
  for (const auto& row : table) {
    engine_.restart();
    liar_.lie(row.lie);
    EXPECT_THAT(row.ask(), HasSubstr(row.said)) << row.what;
    liar_.be_honest();
    EXPECT_EQ(bid_again()->closes_at, noon + minute + minute) << row.what;
  }
}

// Each of the readers it opens.
TEST_F(EngineOnLyingHistory, DoesNotStartWithoutItsReaders) {
  engine_.stop();
  for (int missing = 0; missing < 3; ++missing) {
    int opened = 0;
    liar_.lie([&](Lies& lies) {
      lies.reader = [&](Result<std::unique_ptr<LedgerReader>> truth) {
        return opened++ == missing ? Result<std::unique_ptr<LedgerReader>>(unreadable()) : std::move(truth);
      };
    });
    EXPECT_THROW(engine_.start(), std::runtime_error) << missing;
    engine_.stop();
  }
  liar_.be_honest();
  engine_.start();
  EXPECT_TRUE(bid_again());
}

// Nothing may be written any more: the server stops; and as long as the disk is only full it goes on.
TEST_F(EngineOnLyingHistory, AMoveThatFailsIsFinalUnlessTheDiskWasFull) {
  for (const Failure failure : {Failure::unavailable, Failure::outcome_unknown}) {
    engine_.stop();
    liar_.lie([failure](Lies& lies) {
      lies.move = [failure](Result<std::vector<Moved>>) -> Result<std::vector<Moved>> {
        return fail(failure, "it cannot move");
      };
    });
    engine_.start();
    ASSERT_TRUE(comes([&] { return !engine_.engine().health().ready; }));
    EXPECT_EQ(engine_.engine().health().reason, "it cannot move");
    engine_.clock.advance(minute);
    if (failure == Failure::outcome_unknown) {
      ASSERT_TRUE(comes([&] { return engine_.failed(); }));
      EXPECT_FALSE(engine_.engine().health().ready);
    } else {
      EXPECT_FALSE(engine_.failed());
      EXPECT_TRUE(engine_.engine().health().ready);
    }
  }
}

// As long as there is more it is asked again at once, not in a minute.
TEST_F(EngineOnLyingHistory, ForgetsUntilThereIsNoMore) {
  engine_.stop();
  std::atomic<int> asked = 0;
  liar_.lie([&](Lies& lies) { lies.forget = [&](Result<bool>) { return Result<bool>(++asked < 3); }; });
  engine_.start();
  EXPECT_TRUE(comes([&] { return asked >= 3; }));
  engine_.stop();
  EXPECT_EQ(asked, 3);
}

}  // namespace
}  // namespace flashbid::test
