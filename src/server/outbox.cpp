#include "server/outbox.hpp"

#include <sys/uio.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <utility>

namespace flashbid {
namespace {

Outbox::Sent not_sent() {
  return errno == EAGAIN || errno == EWOULDBLOCK ? Outbox::Sent::blocked : Outbox::Sent::failed;
}

}  // namespace

bool Outbox::push(SharedBytes bytes) {
  if (bytes_ + bytes->size() > bounds_.bytes || frames() >= bounds_.frames) return false;
  push_beyond_bounds(std::move(bytes));
  return true;
}

bool Outbox::push_backlog(const std::vector<SharedBytes>& backlog) {
  if (bounds_.frames == usual_.frames) {
    bounds_.frames += backlog.size();
    for (const SharedBytes& bytes : backlog) bounds_.bytes += bytes->size();
  }
  return std::ranges::all_of(backlog, [this](const SharedBytes& bytes) { return push(bytes); });
}

void Outbox::push_beyond_bounds(SharedBytes bytes) {
  bytes_ += bytes->size();
  waiting_.push_back(std::move(bytes));
}

void Outbox::drop_unsent() {
  const std::size_t kept = offset_ > 0 ? 1 : 0;
  waiting_.resize(head_ + kept);
  bytes_ = kept > 0 ? waiting_[head_]->size() - offset_ : 0;
  bounds_ = usual_;
}

Outbox::Sent Outbox::send(Channel& channel) {
  constexpr std::size_t most_parts = 64;
  while (!empty()) {
    ssize_t left = 0;
    if (frames() == 1) {
      const std::string& only = *waiting_[head_];
      left = channel.write({only.data() + offset_, only.size() - offset_});
    } else {
      std::array<iovec, most_parts> parts;
      std::size_t count = 0;
      for (std::size_t i = head_; i < waiting_.size() && count < most_parts; ++i, ++count) {
        // A channel does not write through it.
        parts[count] = {const_cast<char*>(waiting_[i]->data()), waiting_[i]->size()};
      }
      parts[0].iov_base = static_cast<char*>(parts[0].iov_base) + offset_;
      parts[0].iov_len -= offset_;
      left = channel.write(std::span(parts).first(count));
    }
    if (left < 0) {
      if (errno == EINTR) continue;
      return not_sent();
    }
    sent(static_cast<std::size_t>(left));
  }
  return channel.flush() ? Sent::all : not_sent();
}

void Outbox::sent(std::size_t bytes) {
  bytes_ -= bytes;
  while (bytes > 0) {
    const std::size_t rest = waiting_[head_]->size() - offset_;
    if (bytes < rest) {
      offset_ += bytes;
      return;
    }
    bytes -= rest;
    offset_ = 0;
    waiting_[head_].reset();
    ++head_;
  }
  constexpr std::size_t most_kept = 64;
  if (empty()) {
    waiting_.clear();
    head_ = 0;
    bounds_ = usual_;
    if (waiting_.capacity() > most_kept) waiting_.shrink_to_fit();
  } else if (head_ > most_kept && head_ > waiting_.size() / 2) {
    waiting_.erase(waiting_.begin(), std::next(waiting_.begin(), static_cast<std::ptrdiff_t>(head_)));
    head_ = 0;
  }
}

}  // namespace flashbid
