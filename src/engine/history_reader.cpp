#include "engine/history_reader.hpp"

#include <utility>

namespace flashbid {

HistoryReader::HistoryReader(std::unique_ptr<LedgerReader> reader)
    : reader_(std::move(reader)), thread_([this] { run(); }) {}

HistoryReader::~HistoryReader() { stop(); }

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
    std::move_only_function<void(LedgerReader&)> read;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      read = std::move(waiting_.front());
      waiting_.pop_front();
    }
    read(*reader_);
  }
}

}  // namespace flashbid
