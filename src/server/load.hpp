// Port: bots that put this server under load, one run at a time. Owned by the app; any thread may call, and no call
// waits for a run.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/decode.hpp"

namespace flashbid {

enum class LoadState : std::uint8_t {
  idle,      // nothing has run yet
  running,   // bots connect and bid
  checking,  // the bidding is over; its history is fetched and judged
  finished,
  failed,  // no judgement; `detail` says why
};

// What was decided since the point before.
struct LoadPoint {
  std::int64_t at_ms = 0;  // since the bidding began
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  std::optional<double> p50_ms;  // none = nothing was
  std::optional<double> p99_ms;
};

// A run as it stands, or as it ended.
struct LoadRun {
  static constexpr std::size_t most_points = 500;

  LoadState state = LoadState::idle;
  LoadOrder order;
  AuctionId auction;
  Timestamp started_at;
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  std::uint64_t refused = 0;
  std::uint64_t unknown = 0;
  double bids_per_second = 0;
  std::optional<double> p50_ms;  // none = nothing was decided yet
  std::optional<double> p99_ms;
  std::optional<double> max_ms;
  std::vector<LoadPoint> series;            // at most most_points
  std::optional<std::uint64_t> violations;  // none = not judged yet
  std::string verdict;                      // empty = not judged yet
  std::string detail;                       // empty = nothing to say
};
using SharedLoadRun = std::shared_ptr<const LoadRun>;

// What there is to start once the auction is known.
struct LoadStart {
  LoadOrder order;
  AuctionId auction;
  bool made_for_it = false;  // the auction closes soon after the bidding, and that is waited for
  Timestamp now;
};

class Load {
 public:
  virtual ~Load() = default;
  // Never null.
  [[nodiscard]] virtual SharedLoadRun run() const = 0;
  // The place that one run has: taken before anything is done for it, and held until it is over. False if it is taken.
  [[nodiscard]] virtual bool take_place() = 0;
  virtual void leave_place() = 0;
  // In the place that was taken, which it leaves if it fails: Failure::unavailable.
  [[nodiscard]] virtual Result<SharedLoadRun> start(const LoadStart& start) = 0;
  // The bidding of the run that is going on ends early.
  virtual void stop() = 0;
};

// The place of a run that is yet to start: left when this goes without having started one.
class LoadPlace {
 public:
  explicit LoadPlace(Load& load) : load_(load.take_place() ? &load : nullptr) {}
  LoadPlace(LoadPlace&& other) noexcept : load_(std::exchange(other.load_, nullptr)) {}
  LoadPlace& operator=(LoadPlace&&) = delete;
  LoadPlace(const LoadPlace&) = delete;
  LoadPlace& operator=(const LoadPlace&) = delete;
  ~LoadPlace() {
    if (load_ != nullptr) load_->leave_place();
  }
  [[nodiscard]] bool is_taken() const { return load_ != nullptr; }
  // Once, and only if it is taken.
  [[nodiscard]] Result<SharedLoadRun> start(const LoadStart& start) {
    return std::exchange(load_, nullptr)->start(start);
  }

 private:
  Load* load_;
};

// {"state":…,…} as GET /v1/load tells it, `now` being server_time.
void encode_load_run(const LoadRun& run, Timestamp now, std::string& out);

}  // namespace flashbid
