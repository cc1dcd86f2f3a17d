#include "engine/history_reader.hpp"

#include <utility>

namespace flashbid {

HistoryReader::HistoryReader(std::unique_ptr<LedgerReader> reader) : reader_(std::move(reader)) {}

HistoryReader::~HistoryReader() { stop(); }

void HistoryReader::start() {
  thread_ = std::thread([this] { run(); });
}

void HistoryReader::stop() {
  if (!thread_.joinable()) return;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool HistoryReader::submit(std::move_only_function<void(LedgerReader&)> read) {
  {
    const std::scoped_lock lock(mutex_);
    if (stopping_ || waiting_.size() >= max_waiting) return false;
    waiting_.push_back(std::move(read));
  }
  wake_.notify_one();
  return true;
}

void HistoryReader::run() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
    }
    turn();
  }
}

bool HistoryReader::read_waits() const {
  const std::scoped_lock lock(mutex_);
  return !waiting_.empty();
}

bool HistoryReader::turn() {
  std::move_only_function<void(LedgerReader&)> read;
  {
    const std::scoped_lock lock(mutex_);
    if (waiting_.empty()) return false;
    read = std::move(waiting_.front());
    waiting_.pop_front();
  }
  read(*reader_);
  return true;
}

}  // namespace flashbid
