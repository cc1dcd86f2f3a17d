#include "server/loop.hpp"

#include <sys/eventfd.h>
#include <algorithm>
#include <cerrno>
#include <iterator>
#include <thread>
#include <utility>

#include "base/assert.hpp"

namespace flashbid {
namespace {

constexpr std::size_t most_events_a_round = 64;

}  // namespace

thread_local Loop* Loop::current_ = nullptr;

Loop::Loop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      ready_(most_events_a_round) {
  require(epoll_.is_open() && wake_.is_open(), "there are descriptors for a loop");
  epoll_event wake{};
  wake.events = EPOLLIN | EPOLLET;  // each write to it is told once: it need not be read
  wake.data.ptr = nullptr;
  require(::epoll_ctl(epoll_.descriptor(), EPOLL_CTL_ADD, wake_.descriptor(), &wake) == 0, "a loop can be woken");
}

void Loop::run() {
  current_ = this;
  while (!stopped_) {
    look_into_inbox();
    end_round();
    if (stopped_) break;
    wait();
    run_timers();
    end_round();
  }
  // What others were promised is done; nobody reads on.
  for (next_round_.clear(); is_left(); next_round_.clear()) end_round();
  current_ = nullptr;
}

void Loop::stop() {
  post([this] { stopped_ = true; });
}

void Loop::post(Task task) {
  if (here()) {
    tasks_.push_back(std::move(task));
    return;
  }
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(task));
    wake = std::exchange(sleeping_, false);
  }
  if (!wake) return;
  const std::uint64_t one = 1;
  // It cannot fail: the counter would have to be full.
  (void)!::write(wake_.descriptor(), &one, sizeof one);
}

void Loop::look_into_inbox() {
  {
    const std::lock_guard lock(mutex_);
    std::swap(inbox_, taken_);
  }
  for (Task& task : taken_) task();
  taken_.clear();
}

bool Loop::is_left() const {
  return !tasks_.empty() || !next_round_.empty() || !flush_list_.empty() || !asked_turns_.empty() ||
         next_turn_ < turns_.size();
}

bool Loop::falls_asleep() {
  if (is_left()) return false;
  const std::lock_guard lock(mutex_);
  sleeping_ = inbox_.empty();
  return sleeping_;
}

void Loop::wait() {
  const bool may_sleep = falls_asleep();
  const int count = ::epoll_wait(epoll_.descriptor(), ready_.data(), static_cast<int>(ready_.size()),
                                 may_sleep ? milliseconds_to_wait() : 0);
  awake_since_ = Clock::now();
  if (may_sleep) {
    const std::lock_guard lock(mutex_);
    sleeping_ = false;
  }
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = ready_[static_cast<std::size_t>(i)];
    if (event.data.ptr != nullptr) static_cast<Watched*>(event.data.ptr)->on_ready(event.events);
  }
  std::ranges::move(next_round_, std::back_inserter(tasks_));
  next_round_.clear();
}

bool Loop::watch(int descriptor, Watched& watched) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &watched;
  if (::epoll_ctl(epoll_.descriptor(), EPOLL_CTL_ADD, descriptor, &event) == 0) return true;
  return errno == EEXIST && ::epoll_ctl(epoll_.descriptor(), EPOLL_CTL_MOD, descriptor, &event) == 0;
}

void Loop::flush_later(Flushable& flushable) {
  if (flushable.flush_queued_) return;
  flushable.flush_queued_ = true;
  flush_list_.push_back(flushable.shared_from_this());
}

void Loop::flush_in_turn(Flushable& flushable) {
  if (flushable.turn_queued_) return;
  flushable.turn_queued_ = true;
  asked_turns_.push_back(flushable.shared_from_this());
}

// What a flush asks for waits for the next round: a peer whose answers make room for its next requests would keep the
// loop from all others.
void Loop::end_round() {
  while (!tasks_.empty()) {
    std::swap(tasks_, running_);
    for (Task& task : running_) task();
    running_.clear();
  }
  flush_answers();
  flush_turns();
  gone_.clear();
}

void Loop::flush_answers() {
  std::swap(flush_list_, flushing_);
  for (const auto& flushable : flushing_) {
    flushable->flush_queued_ = false;
    flushable->flush();
  }
  flushing_.clear();
  if (after_answers_) after_answers_();
}

void Loop::flush_turns() {
  for (std::size_t count = 0; count < most_turns; ++count) {
    if (next_turn_ == turns_.size()) {
      turns_.clear();
      next_turn_ = 0;
      std::swap(turns_, asked_turns_);
      if (turns_.empty()) return;
    }
    const std::shared_ptr<Flushable> flushable = std::move(turns_[next_turn_++]);
    flushable->turn_queued_ = false;
    flushable->flush();
  }
  // Whoever shares this core, the committer before all, need not wait for the rest of them either.
  std::this_thread::yield();
}

void Loop::repeat(std::function<std::chrono::milliseconds()> due) {
  repeated_.push_back({Clock::now(), std::move(due)});
  next_timer_ = std::min(next_timer_, repeated_.back().at);
}

void Loop::after(std::chrono::milliseconds delay, Task due) {
  once_.push_back({Clock::now() + delay, std::move(due)});
  next_timer_ = std::min(next_timer_, once_.back().at);
}

int Loop::milliseconds_to_wait() const {
  if (next_timer_ == Clock::time_point::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next_timer_ - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void Loop::run_timers() {
  const Clock::time_point now = Clock::now();
  if (now < next_timer_) return;
  for (std::size_t i = 0; i < repeated_.size(); ++i) {
    if (repeated_[i].at > now) continue;
    const std::chrono::milliseconds delay = repeated_[i].due();
    repeated_[i].at = now + delay;
  }
  for (std::size_t i = 0; i < once_.size();) {
    if (once_[i].at > now) {
      ++i;
      continue;
    }
    Task due = std::move(once_[i].due);
    once_.erase(once_.begin() + static_cast<std::ptrdiff_t>(i));
    due();
  }
  next_timer_ = Clock::time_point::max();
  for (const Repeated& each : repeated_) next_timer_ = std::min(next_timer_, each.at);
  for (const Once& each : once_) next_timer_ = std::min(next_timer_, each.at);
}

}  // namespace flashbid
