// A connection that comes back: opened when it is first asked for, brought to today's schema, and opened anew after it
// was lost, with pauses that grow. Belongs to one thread.
#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "archive/connection.hpp"
#include "archive/url.hpp"

namespace flashbid::archive {

class Session {
 public:
  Session(ArchiveUrl url, std::chrono::milliseconds timeout) : url_(std::move(url)), timeout_(timeout) {}

  // A usable connection. Failure::unavailable at once while the pause after a failure lasts.
  [[nodiscard]] Result<Connection*> get();
  // Runs one statement on it, by itself.
  [[nodiscard]] Result<Rows> run(const std::string& sql, const Parameters& parameters = {});

  // Runs `body` (takes Connection&, returns Result<void>) in one transaction. Whatever fails, nothing of it is there,
  // unless it is Failure::outcome_unknown: the connection was lost before COMMIT was answered.
  template <class Body>
  [[nodiscard]] Result<void> transact(Body&& body) {
    const auto connection = get();
    if (!connection) return std::unexpected(connection.error());
    if (auto begun = (*connection)->run_all("BEGIN"); !begun) return begun;
    if (Result<void> done = body(**connection); !done) {
      (*connection)->rollback();
      return done;
    }
    return (*connection)->commit();
  }

  [[nodiscard]] const ArchiveUrl& url() const { return url_; }
  // The longest that any one thing may take.
  [[nodiscard]] std::chrono::milliseconds timeout() const { return timeout_; }

 private:
  static constexpr std::chrono::milliseconds first_pause{50};
  static constexpr std::chrono::milliseconds longest_pause{2'000};
  [[nodiscard]] Result<Connection> open() const;

  ArchiveUrl url_;
  std::chrono::milliseconds timeout_;
  std::optional<Connection> connection_;
  std::chrono::milliseconds pause_{0};
  Connection::Clock::time_point next_try_;
  std::string last_failure_;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace flashbid::archive
