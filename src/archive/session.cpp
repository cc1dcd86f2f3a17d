#include "archive/session.hpp"

#include <algorithm>
#include <utility>

#include "archive/schema.hpp"

namespace flashbid::archive {

Result<Connection*> Session::get() {
  if (connection_ && connection_->usable()) return &*connection_;
  connection_.reset();
  const auto now = Connection::Clock::now();
  if (now < next_try_) return fail(Failure::unavailable, last_failure_);
  auto opened = open();
  if (opened) {
    pause_ = {};
    next_try_ = {};
    connection_ = std::move(*opened);
    return &*connection_;
  }
  pause_ = std::clamp(pause_ * 2, first_pause, longest_pause);
  // Half of it at random, so that those who lost one server together do not come back together.
  std::uniform_int_distribution<std::int64_t> part(pause_.count() / 2, pause_.count());
  next_try_ = Connection::Clock::now() + std::chrono::milliseconds(part(random_));
  last_failure_ = opened.error().detail;
  return std::unexpected(std::move(opened.error()));
}

Result<Connection> Session::open() const {
  auto opened = Connection::open(url_, timeout_);
  if (!opened) return opened;
  if (auto migrated = migrate(*opened); !migrated) return std::unexpected(std::move(migrated.error()));
  return opened;
}

Result<Rows> Session::run(const std::string& sql, const Parameters& parameters) {
  const auto connection = get();
  if (!connection) return std::unexpected(connection.error());
  return (*connection)->run(sql, parameters);
}

}  // namespace flashbid::archive
