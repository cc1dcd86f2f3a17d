#include "ledger/memory/memory_ledger.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <tuple>
#include <utility>

#include "base/assert.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/history_step.hpp"

namespace flashbid {
namespace {

using AnswerPlace = std::tuple<Operation, AuctionId, BidderId, IdempotencyKey>;

struct HistoricEvent {
  Record record;
  bool is_bid = false;
};

AnswerPlace place_of(const RememberedKey& key) { return {key.use.operation, key.scope, key.use.caller, key.use.key}; }

}  // namespace

// Members are guarded by `mutex`: readers have threads of their own.
class MemoryDisk {
 public:
  std::mutex mutex;
  Epoch epoch;  // 0 = never started
  std::deque<Record> journal;
  std::map<AuctionId, std::vector<HistoricEvent>> events;
  std::map<AuctionId, Auction> auctions;
  std::map<AnswerPlace, RememberedKey> answers;
  std::map<AuctionId, Timestamp> endings;
  Timestamp last_at;
  AuctionId last_auction;
};

namespace {

// What one slice changes, made aside and then put in at once, as a transaction.
struct MemorySlice {
  std::map<AuctionId, Auction> images;
  std::vector<std::pair<AuctionId, HistoricEvent>> events;
  std::vector<RememberedKey> keys;
  std::map<AuctionId, Timestamp> endings;
};

class MemoryWriter final : public LedgerWriter {
 public:
  MemoryWriter(std::shared_ptr<MemoryDisk> disk, MemoryFaults* faults) : disk_(std::move(disk)), faults_(faults) {}

  Result<RecoveryReport> recover(const Recovery& recovery) override {
    require(!recovered_, "a ledger is recovered once");
    // The one writer: nothing changes meanwhile, and whoever is told may ask a reader.
    for (const auto& [id, image] : disk_->auctions) {
      if (is_over(image.state)) continue;
      if (const auto told = recovery.on_image(image); !told) return std::unexpected(told.error());
    }
    RecoveryReport report{{}, disk_->last_auction, disk_->last_at};
    for (const Record& record : disk_->journal) {
      report.last_at = std::max(report.last_at, record.at);
      report.last_auction_id = std::max(report.last_auction_id, record.auction);
      if (const auto told = recovery.on_record(record); !told) return std::unexpected(told.error());
    }
    if (disk_->epoch == Epoch{0}) disk_->epoch = Epoch{1};
    report.epoch = disk_->epoch;
    recovered_ = true;
    return report;
  }

  Result<void> append(std::span<const Record> records) override {
    require(recovered_, "a ledger is recovered before it is appended to");
    if (failed_) return std::unexpected(*failed_);
    if (records.empty()) return {};
    if (faults_ != nullptr && faults_->no_space_appends > 0) {
      --faults_->no_space_appends;
      return fail(Failure::unavailable, "appending events: the ledger in memory was told to have no space");
    }
    const bool sync_fails = faults_ != nullptr && std::exchange(faults_->fail_next_sync, false);
    if (!sync_fails || faults_->keep_failed) {
      const std::scoped_lock lock(disk_->mutex);
      disk_->journal.insert(disk_->journal.end(), records.begin(), records.end());
    }
    if (!sync_fails) return {};
    failed_ = Error{Failure::outcome_unknown, "appending events: the ledger in memory was told to fail its sync"};
    return std::unexpected(*failed_);
  }

  Result<std::vector<Moved>> move(std::size_t max_records) override {
    require(recovered_, "a ledger is recovered before rows move");
    if (failed_) return std::unexpected(*failed_);
    const std::scoped_lock lock(disk_->mutex);
    const std::size_t count = std::min(max_records, disk_->journal.size());
    MemorySlice slice;
    for (std::size_t i = 0; i < count; ++i) {
      if (const auto read = read_row(disk_->journal[i], slice); !read) {
        failed_ = read.error();
        return std::unexpected(read.error());
      }
    }
    return put(slice, count);
  }

  [[nodiscard]] std::size_t unmoved() const override {
    const std::scoped_lock lock(disk_->mutex);
    return disk_->journal.size();
  }

  Result<bool> forget_answers(Timestamp now) override {
    require(recovered_, "a ledger is recovered before answers are forgotten");
    if (failed_) return std::unexpected(*failed_);
    const std::scoped_lock lock(disk_->mutex);
    const auto is_old = [&](const auto& entry) {
      const RememberedKey& key = entry.second;
      if (key.expires) return *key.expires <= now;
      const auto ending = disk_->endings.find(key.answer.auction);
      return ending != disk_->endings.end() && ending->second + effect_kept <= now;
    };
    std::erase_if(disk_->answers, is_old);
    return false;
  }

 private:
  Result<void> read_row(const Record& record, MemorySlice& slice) {
    auto step = read_step(record);
    if (!step) return std::unexpected(step.error());
    const auto stored = disk_->auctions.find(record.auction);
    Auction& image =
        slice.images.try_emplace(record.auction, stored == disk_->auctions.end() ? Auction{} : stored->second)
            .first->second;
    if (step->event) {
      if (const auto moved = advance(image, record.auction, *step->event); !moved) return moved;
      const bool is_bid = std::holds_alternative<BidAccepted>(step->event->body);
      slice.events.push_back({record.auction, {record, is_bid}});
      if (is_over(image.state)) slice.endings[record.auction] = record.at;
    } else if (image.sequence == Sequence{0}) {
      return fail(Failure::corrupt, "an answer about an auction that was never created");
    }
    if (step->key) slice.keys.push_back(std::move(*step->key));
    return {};
  }

  std::vector<Moved> put(MemorySlice& slice, std::size_t count) {
    std::vector<Moved> moved;
    for (auto& [id, image] : slice.images) {
      moved.push_back({id, image.sequence});
      disk_->auctions.insert_or_assign(id, std::move(image));
      disk_->last_auction = std::max(disk_->last_auction, id);
    }
    for (auto& [id, event] : slice.events) disk_->events[id].push_back(std::move(event));
    for (RememberedKey& key : slice.keys) {
      const AnswerPlace place = place_of(key);
      disk_->answers.insert_or_assign(place, std::move(key));
    }
    for (const auto& [id, at] : slice.endings) disk_->endings[id] = at;
    for (; count > 0; --count) {
      disk_->last_at = std::max(disk_->last_at, disk_->journal.front().at);
      disk_->journal.pop_front();
    }
    return moved;
  }

  std::shared_ptr<MemoryDisk> disk_;
  MemoryFaults* faults_;
  std::optional<Error> failed_;  // sticky
  bool recovered_ = false;
};

class MemoryReader final : public LedgerReader {
 public:
  explicit MemoryReader(std::shared_ptr<MemoryDisk> disk) : disk_(std::move(disk)) {}

  Result<std::vector<StoredEvent>> events(AuctionId auction, Sequence after, std::size_t limit,
                                          bool bids_only) override {
    const std::scoped_lock lock(disk_->mutex);
    std::vector<StoredEvent> read;
    const auto history = disk_->events.find(auction);
    if (history == disk_->events.end()) return read;
    for (const auto& [record, is_bid] : history->second) {
      if (read.size() == limit) break;
      const bool wanted = record.sequence > after && (is_bid || !bids_only);
      if (wanted) read.push_back({record.sequence, record.kind, record.payload});
    }
    return read;
  }

  Result<std::vector<Record>> records(AuctionId auction, Sequence after, std::size_t limit) override {
    const std::scoped_lock lock(disk_->mutex);
    std::vector<Record> read;
    const auto history = disk_->events.find(auction);
    if (history == disk_->events.end()) return read;
    for (const auto& [record, is_bid] : history->second) {
      if (read.size() == limit) break;
      if (record.sequence > after) read.push_back(record);
    }
    return read;
  }

  Result<std::optional<Auction>> auction(AuctionId id) override {
    const std::scoped_lock lock(disk_->mutex);
    const auto image = disk_->auctions.find(id);
    if (image == disk_->auctions.end()) return std::nullopt;
    return image->second;
  }

  Result<std::vector<Auction>> list(const ListQuery& query) override {
    const std::scoped_lock lock(disk_->mutex);
    std::vector<Auction> read;
    for (auto image = disk_->auctions.upper_bound(query.after); image != disk_->auctions.end(); ++image) {
      if (read.size() == query.limit) break;
      if (!query.state || image->second.state == *query.state) read.push_back(image->second);
    }
    return read;
  }

  Result<std::optional<StoredAnswer>> answer(Operation operation, AuctionId auction, const BidderId& caller,
                                             const IdempotencyKey& key) override {
    const std::scoped_lock lock(disk_->mutex);
    const auto found = disk_->answers.find({operation, auction, caller, key});
    if (found == disk_->answers.end()) return std::nullopt;
    return found->second.answer;
  }

  Result<std::vector<StoredRejection>> rejections(AuctionId auction, std::size_t limit) override {
    const std::scoped_lock lock(disk_->mutex);
    std::vector<StoredRejection> read;
    for (const auto& [place, key] : disk_->answers) {
      if (!key.expires || key.scope != auction) continue;
      auto answer = decode_answer(key.answer.answer_json);
      if (!answer) return std::unexpected(answer.error());
      read.push_back({key.use.key, *answer});
    }
    const auto decided_at = [](const StoredRejection& one) { return one.answer.decided_at; };
    std::ranges::sort(read, std::greater{}, decided_at);
    if (read.size() > limit) read.erase(read.begin() + static_cast<std::ptrdiff_t>(limit), read.end());
    return read;
  }

 private:
  std::shared_ptr<MemoryDisk> disk_;
};

class MemoryLedger final : public Ledger {
 public:
  MemoryLedger(std::shared_ptr<MemoryDisk> disk, MemoryFaults* faults)
      : disk_(disk), writer_(std::move(disk), faults) {}

  LedgerWriter& writer() override { return writer_; }
  Result<std::unique_ptr<LedgerReader>> reader() override { return std::make_unique<MemoryReader>(disk_); }

 private:
  std::shared_ptr<MemoryDisk> disk_;
  MemoryWriter writer_;
};

}  // namespace

void lose_event(MemoryDisk& disk, AuctionId auction, Sequence sequence) {
  const std::scoped_lock lock(disk.mutex);
  std::erase_if(disk.events[auction], [sequence](const auto& event) { return event.record.sequence == sequence; });
}

std::shared_ptr<MemoryDisk> make_memory_disk() { return std::make_shared<MemoryDisk>(); }

std::unique_ptr<Ledger> open_memory_ledger(std::shared_ptr<MemoryDisk> disk, MemoryFaults* faults) {
  return std::make_unique<MemoryLedger>(std::move(disk), faults);
}

}  // namespace flashbid
