#include "simulation/disk.hpp"

#include <optional>
#include <utility>

namespace flashbid::simulation {

class SimulatedWriter final : public LedgerWriter {
 public:
  SimulatedWriter(Disk& disk, LedgerWriter& inner, Clock& clock, std::function<void()> busy)
      : disk_(disk), inner_(inner), clock_(clock), busy_(std::move(busy)) {}

  Result<RecoveryReport> recover(const Recovery& recovery) override {
    auto report = inner_.recover(recovery);
    if (report) report->epoch = disk_.epoch;
    return report;
  }

  Result<void> append(std::span<const Record> records) override {
    return write("appending events", [&]() -> Result<void> {
      if (auto appended = inner_.append(records); !appended) return appended;
      disk_.truth_.append(records, clock_.now());
      return {};
    });
  }

  Result<std::vector<Moved>> move(std::size_t max_records) override {
    if (inner_.unmoved() == 0 && !failed_) return std::vector<Moved>{};
    std::vector<Moved> moved;
    const auto written = write("moving events", [&]() -> Result<void> {
      auto slice = inner_.move(max_records);
      if (!slice) return std::unexpected(slice.error());
      moved = std::move(*slice);
      return {};
    });
    if (!written) return std::unexpected(written.error());
    disk_.story_.reached("moved into history");
    return moved;
  }

  [[nodiscard]] std::size_t unmoved() const override { return inner_.unmoved(); }

  Result<bool> forget_answers(Timestamp now) override {
    if (failed_) return std::unexpected(*failed_);
    return inner_.forget_answers(now);
  }

 private:
  // Written, then synced by `put`, then told; others go on between.
  Result<void> write(std::string_view what, const std::function<Result<void>()>& put) {
    if (failed_) return std::unexpected(*failed_);
    try {
      busy_();
    } catch (const Crash& crash) {
      disk_.story_.reached(crash.keeps_unsynced ? "crash before a sync, kept" : "crash before a sync, lost");
      if (crash.keeps_unsynced) keep(put);
      throw;
    }
    if (disk_.faults.no_space > 0) {
      --disk_.faults.no_space;
      disk_.has_refused = true;
      disk_.story_.reached("no space");
      disk_.story_.tell(std::string("disk      ") + std::string(what) + ": no space");
      return fail(Failure::unavailable, std::string(what) + ": the simulated disk has no space");
    }
    if (std::exchange(disk_.faults.sync_fails, false)) return fail_sync(what, put);
    if (auto written = put(); !written) return written;
    try {
      busy_();
    } catch (const Crash&) {
      disk_.story_.reached("crash after a sync");
      throw;
    }
    return {};
  }

  // Unsynced, and there all the same.
  void keep(const std::function<Result<void>()>& put) {
    disk_.story_.expect(put().has_value(), "the ledger in memory refuses a transaction");
  }

  Result<void> fail_sync(std::string_view what, const std::function<Result<void>()>& put) {
    const bool kept = disk_.faults.keep_failed;
    disk_.has_sync_failed = true;
    disk_.story_.reached(kept ? "failed sync, kept" : "failed sync, lost");
    disk_.story_.tell(std::string("disk      ") + std::string(what) + ": the sync fails; what was written is " +
                      (kept ? "there" : "not there"));
    if (kept) keep(put);
    failed_ = Error{Failure::outcome_unknown, std::string(what) + ": the simulated disk failed a sync"};
    return std::unexpected(*failed_);
  }

  Disk& disk_;
  LedgerWriter& inner_;
  Clock& clock_;
  std::function<void()> busy_;
  std::optional<Error> failed_;
};

class SimulatedReader final : public LedgerReader {
 public:
  SimulatedReader(Disk& disk, std::unique_ptr<LedgerReader> inner) : disk_(disk), inner_(std::move(inner)) {}

  Result<std::vector<StoredEvent>> events(AuctionId auction, Sequence after, std::size_t limit,
                                          bool bids_only) override {
    if (fails()) return failure();
    return inner_->events(auction, after, limit, bids_only);
  }
  Result<std::vector<Record>> records(AuctionId auction, Sequence after, std::size_t limit) override {
    if (fails()) return failure();
    return inner_->records(auction, after, limit);
  }
  Result<std::optional<Auction>> auction(AuctionId id) override {
    if (fails()) return failure();
    return inner_->auction(id);
  }
  Result<std::vector<Auction>> list(const ListQuery& query) override {
    if (fails()) return failure();
    return inner_->list(query);
  }
  Result<std::optional<StoredAnswer>> answer(Operation operation, AuctionId auction, const BidderId& caller,
                                             const IdempotencyKey& key) override {
    if (fails()) return failure();
    return inner_->answer(operation, auction, caller, key);
  }
  Result<std::vector<StoredRejection>> rejections(AuctionId auction, std::size_t limit) override {
    if (fails()) return failure();
    return inner_->rejections(auction, limit);
  }

 private:
  bool fails() {
    if (disk_.faults.reads_fail == 0) return false;
    --disk_.faults.reads_fail;
    disk_.has_refused = true;
    disk_.story_.reached("failed read");
    disk_.story_.tell("disk      a read fails");
    return true;
  }
  static std::unexpected<Error> failure() {
    return fail(Failure::unavailable, "reading history: the simulated disk failed a read");
  }

  Disk& disk_;
  std::unique_ptr<LedgerReader> inner_;
};

namespace {

class SimulatedLedger final : public Ledger {
 public:
  SimulatedLedger(Disk& disk, std::unique_ptr<Ledger> inner, Clock& clock, std::function<void()> busy)
      : disk_(disk), inner_(std::move(inner)), writer_(disk, inner_->writer(), clock, std::move(busy)) {}

  LedgerWriter& writer() override { return writer_; }
  Result<std::unique_ptr<LedgerReader>> reader() override {
    auto reader = inner_->reader();
    if (!reader) return std::unexpected(reader.error());
    return std::make_unique<SimulatedReader>(disk_, std::move(*reader));
  }

 private:
  Disk& disk_;
  std::unique_ptr<Ledger> inner_;
  SimulatedWriter writer_;
};

}  // namespace

std::unique_ptr<Ledger> Disk::open(Clock& clock, std::function<void()> busy) {
  has_refused = false;
  has_sync_failed = false;
  return std::make_unique<SimulatedLedger>(*this, open_memory_ledger(contents_), clock, std::move(busy));
}

}  // namespace flashbid::simulation
