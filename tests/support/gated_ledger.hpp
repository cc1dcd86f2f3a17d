// A ledger whose appends wait at a gate, so that a test can look at what happens before a batch is durable.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>

#include "ledger/ledger.hpp"

namespace flashbid::test {

class Gate {
 public:
  void close() { set(false); }
  void open() { set(true); }
  void pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_ || passes_ > 0; });
    if (!open_) --passes_;
    --arrived_;
  }
  // Lets one append through and stays closed.
  void let_one_pass() {
    const std::scoped_lock lock(mutex_);
    ++passes_;
    changed_.notify_all();
  }
  // Waits until an append stands at the gate.
  void await_arrival() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return arrived_ > 0; });
  }

 private:
  void set(bool open) {
    const std::scoped_lock lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  int arrived_ = 0;
  int passes_ = 0;
};

class GatedLedger final : public Ledger, private LedgerWriter {
 public:
  GatedLedger(std::unique_ptr<Ledger> inner, Gate& gate) : inner_(std::move(inner)), gate_(gate) {}

  [[nodiscard]] LedgerWriter& writer() override { return *this; }
  [[nodiscard]] Result<std::unique_ptr<LedgerReader>> reader() override { return inner_->reader(); }

 private:
  [[nodiscard]] Result<RecoveryReport> recover(const Recovery& recovery) override {
    return inner_->writer().recover(recovery);
  }
  [[nodiscard]] Result<void> append(std::span<const Record> records) override {
    gate_.pass();
    return inner_->writer().append(records);
  }
  [[nodiscard]] Result<std::vector<Moved>> move(std::size_t most) override { return inner_->writer().move(most); }
  [[nodiscard]] std::size_t unmoved() const override { return inner_->writer().unmoved(); }
  [[nodiscard]] Result<bool> forget_answers(Timestamp now) override { return inner_->writer().forget_answers(now); }

  std::unique_ptr<Ledger> inner_;
  Gate& gate_;
};

}  // namespace flashbid::test
