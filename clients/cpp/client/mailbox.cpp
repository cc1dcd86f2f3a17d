#include "client/mailbox.hpp"

namespace flashbid::client {

bool Mailbox::has_room() {
  const std::scoped_lock lock(mutex_);
  is_missing_some_ = mode_ == Mode::every && updates_.size() >= room_;
  return !is_missing_some_;
}

void Mailbox::put(Update update) {
  const std::scoped_lock lock(mutex_);
  if (problem_) return;
  // Only the newest counts; but that what came before it may not have lasted is still to be told.
  if (mode_ == Mode::latest && !updates_.empty()) {
    if (updates_.back().kind != Update::Kind::state) update.kind = updates_.back().kind;
    updates_.clear();
  }
  updates_.push_back(std::move(update));
  changed_.notify_one();
}

void Mailbox::finish(Problem problem) {
  const std::scoped_lock lock(mutex_);
  if (!problem_) problem_ = std::move(problem);
  changed_.notify_all();
}

void Mailbox::clear() {
  const std::scoped_lock lock(mutex_);
  updates_.clear();
}

Mailbox::Taken Mailbox::take(Milliseconds timeout) {
  std::unique_lock lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  // A wait without end is one that the clock can count.
  const auto until = timeout > std::chrono::hours(24 * 365) ? now + std::chrono::hours(24 * 365) : now + timeout;
  changed_.wait_until(lock, until, [this] { return !updates_.empty() || problem_.has_value(); });
  Taken taken{std::optional<Update>{}};
  if (!updates_.empty()) {
    taken.update = std::optional(std::move(updates_.front()));
    updates_.pop_front();
  } else if (problem_) {
    taken.update = std::unexpected(*problem_);
  }
  if (is_missing_some_ && updates_.size() <= room_ / 2) {
    is_missing_some_ = false;
    taken.has_room_again = true;
  }
  return taken;
}

}  // namespace flashbid::client
