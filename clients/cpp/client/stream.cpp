#include "client/stream.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "client/writing.hpp"

namespace flashbid::client {
namespace {

constexpr auto quietly = boost::asio::as_tuple(boost::asio::use_awaitable);
constexpr std::chrono::seconds ask_every{10};
constexpr Milliseconds first_asks_every{300};
constexpr std::uint64_t first_asks = 3;                   // for a good offset soon
constexpr std::int64_t heard_within_ns = 10'000'000'000;  // of a question: any frame shows that the link lives
constexpr std::int64_t lived_ns = 5'000'000'000;          // a link that held so long was no failed attempt
constexpr std::size_t most_asked = 8;                     // questions whose answers are still waited for
constexpr unsigned slow_reader = 1013;
constexpr unsigned forbidden = 4403;
constexpr unsigned too_many = 4429;

Time wall_now() { return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()); }

}  // namespace

Stream::Stream(boost::asio::io_context& io, Deadlines& deadlines, Servers& servers, Who who, Chance chance,
               StreamEvents& events)
    : io_(io),
      servers_(servers),
      who_(std::move(who)),
      backoff_(std::move(chance)),
      events_(events),
      connection_(io, deadlines, servers.endpoints(), 0, servers.authority(), {}),
      coming_back_(io),
      next_question_(io) {}

void Stream::start() {
  if (has_started_) return;
  has_started_ = true;
  boost::asio::co_spawn(io_, run(), boost::asio::detached);
  boost::asio::co_spawn(io_, keep_asking(), boost::asio::detached);
}

void Stream::renew(Who who) {
  who_ = std::move(who);
  send(auth_frame(who_));
}

Awaitable<void> Stream::pause(Milliseconds length) {
  coming_back_.expires_after(length);
  co_await coming_back_.async_wait(quietly);
}

Awaitable<void> Stream::run() {
  for (;;) {
    if (!co_await servers_.found() || !co_await connection_.open()) {
      servers_.doubt();
      co_await pause(backoff_.next());
      continue;
    }
    const std::int64_t opened_ns = now_ns();
    co_await live();
    const bool has_lived = now_ns() - opened_ns >= lived_ns;
    if (has_lived) backoff_.succeeded();
    const unsigned code = connection_.close_code();
    // A reader that was too slow resumes at once, unless it is so again and again.
    if (code == slow_reader && has_lived) continue;
    co_await pause(code == forbidden || code == too_many ? backoff_.longest() : backoff_.next());
  }
}

// From the upgrade to the end of the connection.
Awaitable<void> Stream::live() {
  is_live_ = true;
  questions_ = 0;
  asked_.clear();
  if (const std::string frame = auth_frame(who_); !frame.empty()) connection_.send(frame);
  ask();
  events_.opened();
  std::string text;
  while (co_await connection_.next(text)) {
    connection_.set_deadline(0);
    hear(text);
  }
  is_live_ = false;
  events_.lost();
}

void Stream::ask() {
  const std::string id = fmt::format("t{}", ++last_question_);
  ++questions_;
  asked_.push_back({id, wall_now()});
  if (asked_.size() > most_asked) asked_.pop_front();
  if (send(time_frame(id))) connection_.set_deadline(now_ns() + heard_within_ns);
  next_question_.expires_after(questions_ < first_asks ? std::chrono::steady_clock::duration(first_asks_every)
                                                       : std::chrono::steady_clock::duration(ask_every));
}

// Each ask() sets anew when the next one is due, and so wakes this.
Awaitable<void> Stream::keep_asking() {
  next_question_.expires_after(ask_every);
  for (;;) {
    const auto [error] = co_await next_question_.async_wait(quietly);
    if (error) continue;
    if (is_live_) {
      ask();
    } else {
      next_question_.expires_after(ask_every);
    }
  }
}

void Stream::hear(const std::string& text) {
  Frame frame = reader_.read(text);
  const auto* time = std::get_if<TimeFrame>(&frame);
  if (time == nullptr) return events_.frame(std::move(frame));
  const auto asked = std::ranges::find(asked_, time->id, &Question::id);
  if (asked == asked_.end()) return;
  events_.clock(asked->sent, wall_now(), time->server_time);
  asked_.erase(asked);
}

}  // namespace flashbid::client
