#include "access/key_ring.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/assert.hpp"
#include "base/system_clock.hpp"

namespace flashbid::access {

KeyRing::KeyRing(SharedKeys keys) : is_url_(false), keys_(std::move(keys)) {
  require(keys_ != nullptr, "a ring has keys");
}

KeyRing::KeyRing(KeyRingOptions options)
    : options_(std::move(options)), is_url_(options_.source.find("://") != std::string::npos) {
  if (!is_url_) file_.emplace(options_.source);
}

KeyRing::~KeyRing() {
  stop_ = true;
  {
    const std::scoped_lock lock(mutex_);
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Result<std::unique_ptr<KeyRing>> KeyRing::open(KeyRingOptions options) {
  std::unique_ptr<KeyRing> made(new KeyRing(std::move(options)));
  const auto text = made->read_source();
  const auto taken = text ? made->take(*text) : std::unexpected(text.error());
  if (!taken) return fail(taken.error().failure, taken.error().detail);
  made->looked_ms_ = steady_ms();
  made->thread_ = std::thread([ring = made.get()] { ring->run(); });
  return made;
}

Result<std::string> KeyRing::read_source() {
  if (!is_url_) return file_->read();
  if (auto checked = check_key_url(options_.source); !checked) return std::unexpected(std::move(checked.error()));
  auto text = fetch({options_.source, options_.ca_file, options_.fetch_timeout}, stop_);
  if (text) return text;
  return fail(text.error().failure, fmt::format("{}: {}", shown_url(options_.source), text.error().detail));
}

// The keys of a text are the ring's from now on; or nothing changes, and the error names the source.
Result<void> KeyRing::take(const std::string& text) {
  auto keys = is_url_ ? KeySet::of_published_text(text) : KeySet::of_file_text(text);
  const std::string source = is_url_ ? shown_url(options_.source) : options_.source;
  if (!keys) return fail(keys.error().failure, fmt::format("{}: {}", source, keys.error().detail));
  if (options_.own) {
    if (auto added = keys->add(*options_.own); !added)
      return fail(added.error().failure, source + ": " + added.error().detail);
  }
  for (const std::string& sentence : keys->passed_over()) options_.warn(fmt::format("{}: {}", source, sentence));
  text_ = text;
  replace(std::make_shared<const KeySet>(std::move(*keys)));
  return {};
}

void KeyRing::replace(SharedKeys keys) {
  require(keys != nullptr, "a ring has keys");
  const std::scoped_lock lock(mutex_);
  keys_ = std::move(keys);
  generation_.fetch_add(1, std::memory_order_release);
}

KeyRing::Current KeyRing::current() const {
  const std::scoped_lock lock(mutex_);
  return {generation(), keys_};
}

void KeyRing::miss_key() noexcept {
  if (!is_url_ || is_missed_.load(std::memory_order_relaxed) || is_missed_.exchange(true)) return;
  {
    const std::scoped_lock lock(mutex_);
  }  // the thread is either before its check, or waiting
  wake_.notify_all();
}

std::string KeyRing::degraded() const {
  const std::scoped_lock lock(mutex_);
  return degraded_;
}

void KeyRing::run() {
  std::unique_lock lock(mutex_);
  while (!stop_) {
    const std::int64_t pause_ms = due_ms() - steady_ms();
    if (pause_ms > 0) {
      wake_.wait_for(lock, std::chrono::milliseconds(pause_ms));
      continue;
    }
    lock.unlock();
    looked_ms_ = steady_ms();
    if (is_url_) {
      fetch_again();
    } else {
      look();
    }
    lock.lock();
  }
}

std::int64_t KeyRing::due_ms() const {
  if (!is_url_) return looked_ms_ + options_.look_every.ms;
  std::int64_t pause_ms = options_.fetch_every.ms;
  if (failures_ > 0) pause_ms = std::min(pause_ms, options_.first_retry.ms << std::min(failures_ - 1, 16U));
  if (is_missed_) pause_ms = std::min(pause_ms, options_.least_pause.ms);
  return looked_ms_ + pause_ms;
}

void KeyRing::look() {
  const auto text = file_->look();
  if (!text) return trouble(text.error().detail);
  if (!*text) return;
  if (**text == text_) return no_trouble();
  if (const auto taken = take(**text); !taken) return trouble(taken.error().detail);
  no_trouble();
}

void KeyRing::fetch_again() {
  is_missed_ = false;  // what is missed from here on may not be in what comes
  const auto text = read_source();
  const auto taken = !text ? std::unexpected(text.error()) : *text == text_ ? Result<void>{} : take(*text);
  failures_ = taken ? 0 : failures_ + 1;
  if (taken) return no_trouble();
  if (!stop_) trouble(taken.error().detail);
}

void KeyRing::trouble(const std::string& why) {
  std::string sentence = fmt::format("the keys of tokens stay as they were: {}", why);
  {
    const std::scoped_lock lock(mutex_);
    if (degraded_ == sentence) return;
    degraded_ = sentence;
  }
  options_.warn(sentence);
}

void KeyRing::no_trouble() {
  const std::scoped_lock lock(mutex_);
  degraded_.clear();
}

}  // namespace flashbid::access
