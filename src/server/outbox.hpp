// What waits to be sent to one watcher: shared bytes in order, bounded, several of them in one write. Belongs to one
// connection on its loop; owns no channel and never waits (INV-11).
#pragma once

#include <cstddef>
#include <vector>

#include "base/executor.hpp"
#include "server/channel.hpp"

namespace flashbid {

class Outbox {
 public:
  struct Bounds {
    std::size_t bytes = 1024 * 1024;
    std::size_t frames = 8'192;
  };
  enum class Sent { all, blocked, failed };

  explicit Outbox(Bounds bounds) : usual_(bounds), bounds_(bounds) {}

  // False if there is no room: nothing was added.
  [[nodiscard]] bool push(SharedBytes bytes);
  // What a resuming watcher missed: the bounds widen by it until all has left, so that a backlog longer than they are
  // cannot cut off a reader that keeps up. One at a time: false if another backlog waits and there is no room.
  [[nodiscard]] bool push_backlog(const std::vector<SharedBytes>& backlog);
  // What must be sent whatever else waits: a close frame, the head of a response.
  void push_beyond_bounds(SharedBytes bytes);
  // Gives up what has not begun to leave; a frame of which a part has left stays.
  void drop_unsent();

  // Sends what it can without waiting.
  [[nodiscard]] Sent send(Channel& channel);

  [[nodiscard]] bool empty() const { return head_ == waiting_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t frames() const { return waiting_.size() - head_; }

 private:
  void sent(std::size_t bytes);

  const Bounds usual_;
  Bounds bounds_;  // usual_, but while a backlog waits
  std::vector<SharedBytes> waiting_;
  std::size_t head_ = 0;    // the first of waiting_ that has not wholly left
  std::size_t offset_ = 0;  // how much of that one has left
  std::size_t bytes_ = 0;   // of all that waits
};

}  // namespace flashbid
