#include "relay/relay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <numeric>
#include <thread>

#include "archive/archive_reader.hpp"
#include "archive/verify.hpp"
#include "ledger/sqlite/sqlite_ledger.hpp"
#include "relay/archive_sink.hpp"
#include "relay/sqlite_source.hpp"
#include "support/auction_script.hpp"
#include "support/ledger_session.hpp"
#include "support/postgres_server.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {
namespace {

// An SQLite ledger with three auctions' events, a part of them moved into history.
class RelayOfALedger : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = open_sqlite_ledger({.folder = folder_.path()});
    ASSERT_TRUE(opened) << opened.error().detail;
    ledger_ = std::move(*opened);
    ASSERT_TRUE(recover(ledger_->writer()));
    for (AuctionScript& script : scripts_) append(script.create());
    bid(10);
    ASSERT_TRUE(ledger_->writer().move(11));  // the rest stands in the journal
  }

  void append(const std::vector<Record>& records) {
    ASSERT_TRUE(ledger_->writer().append(records));
    for (const Record& record : records) events_ += record.kind == RecordKind::event ? 1 : 0;
  }
  void bid(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      AuctionScript& script = scripts_[static_cast<std::size_t>(round) % scripts_.size()];
      amount_ += 100;
      append(script.bid(round % 2 == 0 ? "Alice" : "Bob", amount_));
      append({script.reject("Carol", 1, script_start, key_use(Operation::bid, "Carol", std::to_string(amount_), "1"))});
    }
  }

  RelayOptions options(std::string owner) {
    RelayOptions made;
    made.owner = std::move(owner);
    made.batch = 3;
    made.lease = Duration{30};
    made.idle = Duration{1};
    made.longest_pause = Duration{40};
    made.only_worker = true;
    return made;
  }
  Result<void> run(RelayOptions made) {
    ArchiveSink sink(url_, "sqlite", 1);
    Relay relay(std::move(made), [this](std::uint64_t) { return SqliteSource::open(folder_.path()); }, sink, sink);
    relay.stop(Duration{20'000});  // until nothing is left
    return relay.run();
  }
  void expect_equal() {
    ArchiveReader archive(url_);
    const auto verified = verify_archive(archive);
    ASSERT_TRUE(verified) << verified.error().detail;
    EXPECT_EQ(verified->events, events_);
    for (const AuctionScript& script : scripts_) {
      const auto image = archive.auction(script.auction().id);
      ASSERT_TRUE(image && *image);
      EXPECT_EQ(**image, script.auction());
    }
  }

  TemporaryFolder folder_;
  ArchiveUrl url_ = PostgresServer::shared().fresh_database();
  std::unique_ptr<Ledger> ledger_;
  std::vector<AuctionScript> scripts_{AuctionScript(1), AuctionScript(2), AuctionScript(3)};
  std::int64_t amount_ = 1'000;
  std::uint64_t events_ = 0;
};

TEST_F(RelayOfALedger, StoresAllFromHistoryAndJournalAndGoesOnLater) {
  ASSERT_TRUE(run(options("one")));
  expect_equal();
  while (ledger_->writer().unmoved() > 0) ASSERT_TRUE(ledger_->writer().move(7));
  bid(9);
  ASSERT_TRUE(ledger_->writer().move(4));
  ASSERT_TRUE(run(options("two")));
  expect_equal();
}

TEST_F(RelayOfALedger, DyingBetweenAnyTwoStepsLosesNothingAndDoublesNothing) {
  for (int life = 0; life < 60; ++life) {
    RelayOptions dying = options("life " + std::to_string(life));
    int left = life % 7 + 1;
    dying.after_step = [&left](RelayStep) -> Result<void> {
      if (--left > 0) return {};
      return fail(Failure::corrupt, "killed");
    };
    if (life % 5 == 0) bid(3);
    if (life % 4 == 0) {
      ASSERT_TRUE(ledger_->writer().move(5));
    }
    std::ignore = run(std::move(dying));
  }
  ASSERT_TRUE(run(options("last")));
  expect_equal();
}

TEST_F(RelayOfALedger, PostgresqlKilledBetweenAnyTwoStepsLosesNothingAndDoublesNothing) {
  RelayOptions made = options("one");
  made.batch = 7;
  made.lease = Duration{20'000};
  int steps = 0;
  made.after_step = [&steps](RelayStep) -> Result<void> {
    if (++steps <= 6) {
      PostgresServer::shared().kill();
      PostgresServer::shared().start();
    }
    return {};
  };
  ASSERT_TRUE(run(std::move(made)));
  EXPECT_GE(steps, 6);
  expect_equal();
}

TEST_F(RelayOfALedger, ALedgerThatIsAnotherOneIsAnAlarm) {
  ASSERT_TRUE(run(options("one")));
  ledger_.reset();
  for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) std::filesystem::remove(entry.path());
  auto opened = open_sqlite_ledger({.folder = folder_.path()});
  ASSERT_TRUE(opened);
  ledger_ = std::move(*opened);
  ASSERT_TRUE(recover(ledger_->writer()));
  const auto ended = run(options("two"));
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().failure, Failure::corrupt);
}

// Leases and a sink in memory, for sharing.
class MemorySink : public Sink, public Leases {
 public:
  struct Shard {
    std::string owner;
    std::uint64_t token = 0;
  };
  struct Board {
    std::mutex mutex;
    std::map<std::string, bool> workers;
    std::map<std::uint64_t, Shard> shards;
    std::size_t held_by(const std::string& owner) {
      const std::scoped_lock lock(mutex);
      return static_cast<std::size_t>(
          std::ranges::count_if(shards, [&](const auto& each) { return each.second.owner == owner; }));
    }
  };
  explicit MemorySink(Board& board) : board_(board) {}

  Result<std::uint64_t> beat(std::string_view owner, Duration) override {
    const std::scoped_lock lock(board_.mutex);
    board_.workers[std::string(owner)] = true;
    return board_.workers.size();
  }
  Result<std::optional<ShardLease>> acquire(std::uint64_t shard, std::string_view owner, Duration) override {
    const std::scoped_lock lock(board_.mutex);
    Shard& held = board_.shards[shard];
    if (!held.owner.empty() && held.owner != owner) return std::nullopt;
    held.owner = owner;
    return ShardLease{shard, ++held.token, {}};
  }
  Result<void> renew(const ShardLease&, Duration) override { return {}; }
  Result<void> release(const ShardLease& lease) override {
    const std::scoped_lock lock(board_.mutex);
    board_.shards[lease.shard].owner.clear();
    return {};
  }
  Result<Stored> store(const ShardLease&, const SourceBatch&) override { return Stored{}; }
  Result<bool> tidy() override { return false; }

 private:
  Board& board_;
};

class NothingToRead final : public Source {
 public:
  Result<void> begin(std::string_view) override { return {}; }
  Result<SourceBatch> read(std::size_t) override { return SourceBatch{}; }
  Result<void> stored(std::string_view) override { return {}; }
  Result<Waiting> waiting() override { return Waiting{}; }
  Result<bool> tidy(std::size_t) override { return false; }
};

TEST(RelaySharing, WorkersShareTheShardsFairlyAndTakeOverFromOneThatLeft) {
  MemorySink::Board board;
  const auto open = [](std::uint64_t) -> Result<std::unique_ptr<Source>> { return std::make_unique<NothingToRead>(); };
  const auto wait_for = [&](const std::string& owner, std::size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (board.held_by(owner) != count && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    EXPECT_EQ(board.held_by(owner), count) << owner;
  };
  const auto made = [](std::string owner) {
    RelayOptions options;
    options.owner = std::move(owner);
    options.shards = 16;
    options.lease = Duration{60};
    options.idle = Duration{1};
    return options;
  };
  MemorySink first_sink(board);
  MemorySink second_sink(board);
  Relay first(made("first"), open, first_sink, first_sink);
  Relay second(made("second"), open, second_sink, second_sink);
  std::jthread one([&] { EXPECT_TRUE(first.run()); });
  wait_for("first", 16);
  std::jthread two([&] { EXPECT_TRUE(second.run()); });
  wait_for("first", 8);
  wait_for("second", 8);
  first.stop();
  one.join();
  {
    const std::scoped_lock lock(board.mutex);
    board.workers.erase("first");
  }
  wait_for("second", 16);
  second.stop();
}

// There is always more, of nothing in particular.
class Endless final : public Source {
 public:
  using Tidy = std::function<Result<bool>(std::size_t)>;
  explicit Endless(Tidy tidy) : tidy_(std::move(tidy)) {}
  Result<void> begin(std::string_view) override { return {}; }
  Result<SourceBatch> read(std::size_t max) override {
    SourceBatch batch;
    batch.records.resize(max);
    batch.position = std::to_string(++turn_);
    return batch;
  }
  Result<void> stored(std::string_view) override { return {}; }
  Result<Waiting> waiting() override { return Waiting{}; }
  Result<bool> tidy(std::size_t events) override { return tidy_(events); }

 private:
  Tidy tidy_;
  int turn_ = 0;
};

// Fails as it is told, by turns.
class TroubledSink final : public MemorySink {
 public:
  using MemorySink::MemorySink;
  Result<std::uint64_t> beat(std::string_view owner, Duration alive) override {
    if (auto failed = next(beats); !failed) return std::unexpected(failed.error());
    return MemorySink::beat(owner, alive);
  }
  Result<Stored> store(const ShardLease&, const SourceBatch&) override {
    if (auto done = next(stores); !done) return std::unexpected(std::move(done.error()));
    return Stored{};
  }
  Result<bool> tidy() override {
    ++tidied;
    return false;
  }
  std::deque<Failure> beats, stores;
  std::atomic<int> tidied{0};

 private:
  static Result<void> next(std::deque<Failure>& failures) {
    if (failures.empty()) return {};
    const Failure failure = failures.front();
    failures.pop_front();
    return fail(failure, "as it was told");
  }
};

class RelayInTrouble : public ::testing::Test {
 protected:
  void start() {
    RelayOptions options;
    options.owner = "one";
    options.lease = Duration{20'000};
    options.longest_pause = Duration{1};
    relay_ = std::make_unique<Relay>(
        std::move(options),
        [this](std::uint64_t) -> Result<std::unique_ptr<Source>> { return std::make_unique<Endless>(tidy_); }, sink_,
        sink_);
    thread_ = std::jthread([this] { ended_ = relay_->run(); });
  }
  void stop() {
    relay_->stop();
    thread_.join();
  }
  template <class Holds>
  static bool wait_until(Holds holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!holds() && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    return holds();
  }
  RelayCounters counters() const { return relay_->counters(Timestamp{}); }

  MemorySink::Board board_;
  TroubledSink sink_{board_};
  Endless::Tidy tidy_ = [](std::size_t) { return false; };
  std::unique_ptr<Relay> relay_;
  Result<void> ended_;
  std::jthread thread_;
};

TEST_F(RelayInTrouble, WhatMayBePutRightIsTriedAgain) {
  sink_.beats = {Failure::invalid, Failure::internal};
  sink_.stores = {Failure::invalid, Failure::internal, Failure::unavailable, Failure::outcome_unknown};
  start();
  EXPECT_TRUE(wait_until([this] { return counters().stored > 0 && !counters().failing; }));
  EXPECT_EQ(counters().failures, 6U);
  stop();
  EXPECT_TRUE(ended_);
  EXPECT_FALSE(counters().alarm);
}

TEST_F(RelayInTrouble, AContradictionIsAnAlarmAndTheEnd) {
  sink_.stores = {Failure::invalid, Failure::corrupt};
  start();
  thread_.join();
  ASSERT_FALSE(ended_);
  EXPECT_EQ(ended_.error().failure, Failure::corrupt);
  EXPECT_TRUE(counters().alarm);
  EXPECT_EQ(counters().stored, 0U);
}

TEST_F(RelayInTrouble, TheSinkIsTidiedAlsoWhileThereIsMoreToMove) {
  start();
  EXPECT_TRUE(wait_until([this] { return sink_.tidied > 0; }));
  stop();
}

TEST_F(RelayInTrouble, ASliceStaysSmallHoweverLongTidyingHasFailed) {
  std::atomic<int> tried{0};
  std::atomic<std::size_t> largest{0};
  tidy_ = [&](std::size_t events) -> Result<bool> {
    largest = std::max(largest.load(), events);
    if (++tried < 50) return fail(Failure::unavailable, "not now");
    return true;
  };
  start();
  EXPECT_TRUE(wait_until([&] { return tried > 60; }));
  stop();
  EXPECT_EQ(largest, 20'000U);
}

// Numbers up to `last`, some at a time; counts how often it is asked to read ahead.
class Numbers final : public Source {
 public:
  static constexpr std::uint64_t last = 100;
  explicit Numbers(std::atomic<int>& aheads) : aheads_(aheads) {}
  Result<void> begin(std::string_view) override { return {}; }
  Result<SourceBatch> read(std::size_t) override {
    SourceBatch batch;
    for (int k = 0; k < 4 && next_ <= last; ++k) batch.records.emplace_back().sequence = Sequence{next_++};
    batch.position = std::to_string(next_ - 1);
    batch.behind = last + 1 - next_;
    return batch;
  }
  Result<std::optional<SourceBatch>> read_ahead(std::size_t max) override {
    auto batch = read(max);
    ++aheads_;
    return std::move(*batch);
  }
  Result<void> stored(std::string_view position) override {
    told_.emplace_back(position);
    EXPECT_TRUE(told_.size() < 2 || std::stoi(told_.back()) > std::stoi(told_[told_.size() - 2])) << told_.back();
    return {};
  }
  Result<Waiting> waiting() override { return Waiting{}; }
  Result<bool> tidy(std::size_t) override { return false; }

 private:
  std::atomic<int>& aheads_;
  std::uint64_t next_ = 1;
  std::vector<std::string> told_;
};

// Keeps what it is given, and fails now and then. Apart: it takes no batch before the next one is read.
class KeepingSink final : public MemorySink {
 public:
  KeepingSink(Board& board, bool apart, std::atomic<int>& aheads) : MemorySink(board), apart_(apart), aheads_(aheads) {}
  [[nodiscard]] bool stands_apart() const override { return apart_; }
  Result<Stored> store(const ShardLease&, const SourceBatch& batch) override {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    const bool more = batch.behind > 0;
    if (apart_ && more && turn_ % 3 == 0) {
      while (aheads_ <= waited_for_ && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
      EXPECT_GT(aheads_, waited_for_) << "the source did not read on";
      waited_for_ = aheads_;
    }
    if (++turn_ % 3 != 0) return fail(Failure::unavailable, "not now");
    for (const Record& record : batch.records) kept.push_back(record.sequence.value());
    return Stored{};
  }
  std::vector<std::uint64_t> kept;

 private:
  bool apart_;
  std::atomic<int>& aheads_;
  int turn_ = 0, waited_for_ = 0;
};

class ReadingAhead : public ::testing::TestWithParam<bool> {};

TEST_P(ReadingAhead, EachEventIsStoredOnceInItsOrder) {
  std::atomic<int> aheads{0};
  MemorySink::Board board;
  KeepingSink sink(board, GetParam(), aheads);
  RelayOptions options;
  options.owner = "one";
  options.lease = Duration{20'000};
  options.longest_pause = Duration{1};
  Relay relay(
      std::move(options),
      [&aheads](std::uint64_t) -> Result<std::unique_ptr<Source>> { return std::make_unique<Numbers>(aheads); }, sink,
      sink);
  relay.stop(Duration{60'000});
  EXPECT_TRUE(relay.run());
  std::vector<std::uint64_t> expected(Numbers::last);
  std::iota(expected.begin(), expected.end(), 1);
  EXPECT_EQ(sink.kept, expected);
  EXPECT_EQ(relay.counters(Timestamp{}).stored, Numbers::last);
  EXPECT_EQ(aheads > 0, GetParam()) << "beside a sink that shares something with the source nothing is read";
}

INSTANTIATE_TEST_SUITE_P(Sinks, ReadingAhead, ::testing::Values(false, true),
                         [](const auto& apart) { return apart.param ? "Apart" : "Beside"; });

}  // namespace
}  // namespace flashbid::testing
