// Leases on Redis: on one server, or on several that know nothing of each other, of which a majority must agree
// (Redlock). One URL is the majority of one: the same code.
//
// A lease keeps two workers from doing the same work most of the time. It never makes it safe that both do: whoever
// was paused past its lease believes that it holds it still. What is written must be refused where it is written, by a
// fencing token minted there (docs/decisions/0011).
//
// Any Redis will do, with no library of ours. One thread calls; each call waits for a majority, for `server_timeout` at
// most a try. The connections live on a thread of their own, so that a server that hangs is noticed between calls.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "redis/url.hpp"

namespace flashbid {

// redis://…[,redis://…,…]: one URL each, in any order. Failure::invalid if one is wrong or named twice.
[[nodiscard]] Result<std::vector<redis::Url>> parse_lease_servers(std::string_view text);

struct RedlockOptions {
  std::vector<redis::Url> servers;
  // How long one server may take; short beside the lease, so that a dead one does not eat its time.
  std::chrono::milliseconds server_timeout{250};
  // So long after its start a server has no vote: it may have forgotten a lease that it granted before. Not less than
  // the longest lease, unless no server can forget.
  std::chrono::milliseconds restart_delay{10'000};
};

struct HeldLease {
  std::string name;
  std::string owner;                            // random, of this acquisition alone
  std::chrono::steady_clock::time_point until;  // by this process's clock, with drift taken off
  [[nodiscard]] bool holds() const { return std::chrono::steady_clock::now() < until; }
};

class Redlock {
 public:
  // Servers that are away are tried again for as long as this lives. Failure::invalid if a URL cannot work.
  [[nodiscard]] static Result<std::unique_ptr<Redlock>> open(RedlockOptions options);
  ~Redlock();
  Redlock(const Redlock&) = delete;
  Redlock& operator=(const Redlock&) = delete;

  // None if another holds it; unavailable if fewer than a majority answer.
  [[nodiscard]] Result<std::optional<HeldLease>> acquire(const std::string& name, std::chrono::milliseconds length);
  // Holds it for `length` from now. Failure::conflict if it has run out or is another's; after unavailable it holds for
  // as long as before.
  [[nodiscard]] Result<void> renew(HeldLease& lease, std::chrono::milliseconds length);
  // Failure::conflict if it is another's or nobody's.
  [[nodiscard]] Result<void> release(const HeldLease& lease);

 private:
  struct Parts;
  explicit Redlock(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace flashbid
