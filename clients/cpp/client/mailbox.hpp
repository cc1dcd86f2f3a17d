// What a subscription has been told and its reader has not taken yet: from the client's thread to the reader's.
// Bounded: what does not fit is not put in, and asked for again from the server when there is room.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>

#include "flashbid/client.hpp"

namespace flashbid::client {

class Mailbox {
 public:
  static constexpr std::size_t most = 1000;

  explicit Mailbox(Mode mode, std::size_t room = most) : mode_(mode), room_(room) {}

  // Whether one more may be put(). If not, take() tells when there is room again. Only whoever puts asks.
  [[nodiscard]] bool has_room();
  void put(Update update);
  // Nothing comes any more, for this reason; the first one counts.
  void finish(Problem problem);

  struct Taken {
    Result<std::optional<Update>> update;
    bool has_room_again = false;  // there was none for something: now there is
  };
  // What comes next, or nothing after `timeout`; why nothing will, when all has been taken.
  [[nodiscard]] Taken take(Milliseconds timeout);
  // Drops what was not taken.
  void clear();

 private:
  const Mode mode_;
  const std::size_t room_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Update> updates_;  // guarded by mutex_, as all below
  std::optional<Problem> problem_;
  bool is_missing_some_ = false;
};

}  // namespace flashbid::client
