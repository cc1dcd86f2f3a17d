// The keys that tokens are verified with now, and the thread that keeps them so: it looks at the key file once a
// second, or asks an https URL every five minutes and when a token names a key that is not known. Keys that have become
// bad, or cannot be had, never take the place of good ones.
//
// Everything may be called from any thread; only current() and degraded() lock, for a moment.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "access/key_fetch.hpp"
#include "access/key_file.hpp"
#include "access/key_set.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace flashbid::access {

struct KeyRingOptions {
  std::string source;         // a key file, or the https:// URL of a JWKS
  std::string ca_file;        // PEM, for the URL; empty = those that the system trusts
  std::optional<OwnKey> own;  // is among the keys whatever the source says
  // Told what an operator should know, in one sentence, once: by open(), then by the ring's own thread.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
  Duration look_every{1'000};     // at the file
  Duration fetch_every{300'000};  // from the URL
  Duration first_retry{5'000};    // after a failure; twice as long after each more, up to fetch_every
  Duration least_pause{30'000};   // between two fetches, however many unknown keys are named
  Duration fetch_timeout{10'000};
};

class KeyRing {
 public:
  // Failure::invalid or unavailable, naming the source, if there are no good keys to begin with.
  [[nodiscard]] static Result<std::unique_ptr<KeyRing>> open(KeyRingOptions options);
  // Keys that stay until replace(): no thread.
  explicit KeyRing(SharedKeys keys);
  ~KeyRing();
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;

  struct Current {
    std::uint64_t generation = 0;
    SharedKeys keys;
  };
  // Rises by one whenever the keys change: who holds a Current of this generation has the newest.
  [[nodiscard]] std::uint64_t generation() const noexcept { return generation_.load(std::memory_order_acquire); }
  [[nodiscard]] Current current() const;
  void replace(SharedKeys keys);

  // A token names a key that is not here. Costs nothing but when it is the first since the last fetch.
  void miss_key() noexcept;

  // Why the keys may be old; empty if they are not.
  [[nodiscard]] std::string degraded() const;

 private:
  explicit KeyRing(KeyRingOptions options);
  [[nodiscard]] Result<std::string> read_source();
  [[nodiscard]] Result<void> take(const std::string& text);
  void run();
  [[nodiscard]] std::int64_t due_ms() const;
  void look();
  void fetch_again();
  void trouble(const std::string& why);
  void no_trouble();

  const KeyRingOptions options_;
  const bool is_url_;
  std::atomic<std::uint64_t> generation_{1};
  std::atomic<bool> is_missed_{false};
  std::atomic<bool> stop_{false};

  // Of the thread, and before it of open().
  std::optional<WatchedFile> file_;
  std::string text_;  // what the keys were read from
  std::int64_t looked_ms_ = 0;
  unsigned failures_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  SharedKeys keys_;  // under mutex_, as what follows
  std::string degraded_;
  std::thread thread_;  // of open() only; the last, so that it ends first
};

}  // namespace flashbid::access
