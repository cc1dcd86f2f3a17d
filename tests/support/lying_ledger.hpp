// A ledger that tells what a test makes up, in place of what another one says. Each part that is set is asked for every
// call, and is handed what the other one says.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "ledger/ledger.hpp"

namespace flashbid::test {

struct Lies {
  template <class T, class... Asked>
  using Lie = std::function<Result<T>(Result<T>, Asked...)>;

  Lie<std::vector<StoredEvent>, Sequence> events;  // those after it
  Lie<std::optional<Auction>> auction;
  Lie<std::vector<Auction>> list;
  Lie<std::optional<StoredAnswer>> answer;
  Lie<std::vector<Record>> records;
  Lie<std::unique_ptr<LedgerReader>> reader;
  Lie<std::vector<Moved>> move;
  Lie<bool> forget;
};

// Who lies, and to whom: the test's thread sets what others ask.
class Liar {
 public:
  // `change(lies)`
  template <class Change>
  void lie(Change change) {
    const std::scoped_lock lock(mutex_);
    change(lies_);
  }
  void be_honest() {
    const std::scoped_lock lock(mutex_);
    lies_ = {};
  }
  template <class T, class... Asked>
  [[nodiscard]] Result<T> told(Lies::Lie<T, Asked...> Lies::* part, Result<T> truth, Asked... asked) const {
    Lies::Lie<T, Asked...> lie;
    {
      const std::scoped_lock lock(mutex_);
      lie = lies_.*part;
    }
    return lie ? lie(std::move(truth), asked...) : std::move(truth);
  }

 private:
  mutable std::mutex mutex_;
  Lies lies_;  // guarded by it
};

class LyingReader final : public LedgerReader {
 public:
  LyingReader(std::unique_ptr<LedgerReader> inner, const Liar& liar) : inner_(std::move(inner)), liar_(liar) {}

 private:
  [[nodiscard]] Result<std::vector<StoredEvent>> events(AuctionId auction, Sequence after, std::size_t limit,
                                                        bool bids_only) override {
    return liar_.told(&Lies::events, inner_->events(auction, after, limit, bids_only), after);
  }
  [[nodiscard]] Result<std::vector<Record>> records(AuctionId auction, Sequence after, std::size_t limit) override {
    return liar_.told(&Lies::records, inner_->records(auction, after, limit));
  }
  [[nodiscard]] Result<std::optional<Auction>> auction(AuctionId id) override {
    return liar_.told(&Lies::auction, inner_->auction(id));
  }
  [[nodiscard]] Result<std::vector<Auction>> list(const ListQuery& query) override {
    return liar_.told(&Lies::list, inner_->list(query));
  }
  [[nodiscard]] Result<std::optional<StoredAnswer>> answer(Operation operation, AuctionId auction,
                                                           const BidderId& caller, const IdempotencyKey& key) override {
    return liar_.told(&Lies::answer, inner_->answer(operation, auction, caller, key));
  }
  [[nodiscard]] Result<std::vector<StoredRejection>> rejections(AuctionId auction, std::size_t limit) override {
    return inner_->rejections(auction, limit);
  }

  std::unique_ptr<LedgerReader> inner_;
  const Liar& liar_;
};

class LyingLedger final : public Ledger, private LedgerWriter {
 public:
  LyingLedger(std::unique_ptr<Ledger> inner, const Liar& liar) : inner_(std::move(inner)), liar_(liar) {}

  [[nodiscard]] LedgerWriter& writer() override { return *this; }
  [[nodiscard]] Result<std::unique_ptr<LedgerReader>> reader() override {
    auto reader = liar_.told(&Lies::reader, inner_->reader());
    if (!reader) return reader;
    return std::make_unique<LyingReader>(std::move(*reader), liar_);
  }

 private:
  [[nodiscard]] Result<RecoveryReport> recover(const Recovery& recovery) override {
    return inner_->writer().recover(recovery);
  }
  [[nodiscard]] Result<void> append(std::span<const Record> records) override {
    return inner_->writer().append(records);
  }
  [[nodiscard]] Result<std::vector<Moved>> move(std::size_t most) override {
    return liar_.told(&Lies::move, inner_->writer().move(most));
  }
  [[nodiscard]] std::size_t unmoved() const override { return inner_->writer().unmoved(); }
  [[nodiscard]] Result<bool> forget_answers(Timestamp now) override {
    return liar_.told(&Lies::forget, inner_->writer().forget_answers(now));
  }

  std::unique_ptr<Ledger> inner_;
  const Liar& liar_;
};

}  // namespace flashbid::test
