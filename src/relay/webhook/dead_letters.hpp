// The file of what could not be delivered: one JSON object a line, appended, and synced before append() succeeds.
// Several processes may append to one file; it may be moved away at any time, and a new one begins.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace flashbid::webhook {

// {"at":"2026-…Z","url":"https://…","reason":"…","tries":12,"webhook_id":"…","events":[…the request's body…]}
struct DeadLetter {
  Timestamp at;
  std::string_view url, reason;
  unsigned tries = 0;
  std::string_view webhook_id;
  std::string_view events;  // JSON
};

class DeadLetters {
 public:
  explicit DeadLetters(std::string path) : path_(std::move(path)) {}
  // Failure::unavailable: nothing was appended.
  [[nodiscard]] Result<void> append(const DeadLetter& letter) const;
  // Makes the file if there is none, to know early.
  [[nodiscard]] Result<void> check() const;

 private:
  std::string path_;
};

}  // namespace flashbid::webhook
