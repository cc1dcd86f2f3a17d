#include "feed/hub.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace flashbid {
namespace {

using ::testing::ElementsAre;

constexpr AuctionId watched{7};

SharedView view_at(std::uint64_t sequence, Epoch epoch = Epoch{1}) {
  auto view = std::make_shared<AuctionView>();
  view->auction.id = watched;
  view->auction.sequence = Sequence{sequence};
  view->epoch = epoch;
  return view;
}

// Answers when told to.
class Source final : public EventSource {
 public:
  void attach(AuctionId, std::optional<ResumePoint> from, AttachDone done) override {
    resumed.push_back(from.has_value());
    waiting.push_back(std::move(done));
  }
  void detach(AuctionId) override { ++detached; }

  void answer(Result<Attached> answer) {
    AttachDone done = std::move(waiting.front());
    waiting.erase(waiting.begin());
    done(std::move(answer));
  }

  std::vector<AttachDone> waiting;
  std::vector<bool> resumed;
  int detached = 0;
};

class Listener final : public Watcher {
 public:
  void on_snapshot(const Snapshot& snapshot) override {
    told.push_back("snapshot " + std::to_string(snapshot.view->auction.sequence.value()));
  }
  void on_events(AuctionId, Epoch, std::span<PublishedEvent> events) override {
    for (const PublishedEvent& event : events) told.push_back("event " + std::to_string(event.sequence.value()));
  }
  void on_newer_state(AuctionId) override { told.emplace_back("newer"); }
  void on_refused(AuctionId, const Error&) override { told.emplace_back("refused"); }

  std::vector<std::string> told;
};

class HubTest : public ::testing::Test {
 protected:
  void publish(std::uint64_t sequence) {
    hub.publish({watched, Epoch{1}, {{Sequence{sequence}, nullptr, {}}}, view_at(sequence)});
  }
  [[nodiscard]] std::uint64_t newest() { return hub.newest(watched)->view->auction.sequence.value(); }

  Source source;
  Hub hub{source};
  Listener first, second;
};

TEST_F(HubTest, TellsASnapshotAndThenWhatIsPublished) {
  hub.subscribe(first, watched, WatchMode::every, std::nullopt);
  publish(2);  // it is in the snapshot
  source.answer(Snapshot{view_at(2)});
  publish(3);
  EXPECT_THAT(first.told, ElementsAre("snapshot 2", "event 3"));
}

// Of two that watch, the second one's snapshot may be ahead of what was published here: what came before it was not
// sent to a loop on which nobody was attached.
TEST_F(HubTest, TheNewestStateIsThatOfANewerSnapshot) {
  hub.subscribe(first, watched, WatchMode::latest, std::nullopt);
  source.answer(Snapshot{view_at(2)});
  hub.subscribe(second, watched, WatchMode::latest, std::nullopt);
  EXPECT_EQ(newest(), 2U);
  source.answer(Snapshot{view_at(5)});
  EXPECT_EQ(newest(), 5U);
}

TEST_F(HubTest, TheNewestStateNeverTurnsBackToAnOlderSnapshot) {
  hub.subscribe(first, watched, WatchMode::latest, std::nullopt);
  source.answer(Snapshot{view_at(2)});
  hub.subscribe(second, watched, WatchMode::latest, std::nullopt);
  publish(6);
  source.answer(Snapshot{view_at(5)});
  EXPECT_EQ(newest(), 6U);
  publish(7);
  EXPECT_EQ(newest(), 7U);
}

TEST_F(HubTest, AnotherEpochIsNewerWhateverItsSequence) {
  hub.subscribe(first, watched, WatchMode::latest, std::nullopt);
  source.answer(Snapshot{view_at(9)});
  hub.subscribe(second, watched, WatchMode::latest, std::nullopt);
  source.answer(Snapshot{view_at(3, Epoch{2})});
  EXPECT_EQ(newest(), 3U);
}

TEST_F(HubTest, WhoWantsTheNewestStateNeverResumes) {
  hub.subscribe(first, watched, WatchMode::latest, ResumePoint{Epoch{1}, Sequence{4}});
  hub.subscribe(second, watched, WatchMode::every, ResumePoint{Epoch{1}, Sequence{4}});
  EXPECT_THAT(source.resumed, ElementsAre(false, true));
}

TEST_F(HubTest, AResetTellsAllWhoAreAttachedAndIsTheNewestState) {
  hub.subscribe(first, watched, WatchMode::every, std::nullopt);
  source.answer(Snapshot{view_at(8)});
  hub.subscribe(second, watched, WatchMode::latest, std::nullopt);
  hub.reset(view_at(2, Epoch{2}));
  EXPECT_THAT(first.told, ElementsAre("snapshot 8", "snapshot 2"));
  EXPECT_TRUE(second.told.empty());
  EXPECT_EQ(newest(), 2U);
}

TEST_F(HubTest, WhoLeavesBeforeItsAnswerIsDetachedWithIt) {
  hub.subscribe(first, watched, WatchMode::every, std::nullopt);
  EXPECT_TRUE(hub.unsubscribe(first, watched));
  EXPECT_EQ(source.detached, 0);
  source.answer(Snapshot{view_at(1)});
  EXPECT_EQ(source.detached, 1);
  EXPECT_TRUE(first.told.empty());
  EXPECT_EQ(hub.newest(watched), nullptr);
}

}  // namespace
}  // namespace flashbid
