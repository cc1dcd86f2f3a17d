// One run against a server: creates or joins auctions, sends bidders and watchers, and records what happens. Everything
// runs on the thread that calls run(), which blocks until the run is over; any thread may call stop() and abandon() as
// long as the simulation lives.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <vector>

#include "bots/bidder.hpp"
#include "bots/bots.hpp"
#include "bots/clerk.hpp"
#include "bots/floor.hpp"
#include "bots/observer.hpp"
#include "bots/watcher.hpp"

namespace flashbid::bots {

// How the bidding ended.
enum class Ending : std::uint8_t {
  whole,    // as long as it was to be
  stopped,  // by stop()
  full,     // options.most_bytes were recorded
};

class Simulation {
 public:
  // `options` and `observer` outlive it.
  Simulation(const BotsOptions& options, std::uint64_t seed, std::string authority, std::vector<Endpoint> servers,
             Observer& observer);

  // Failure::unavailable: the server could not be reached, or no auction made, or the auction has more history than
  // options.most_bytes. Failure::internal: it went on, but its history could not be fetched.
  [[nodiscard]] Result<void> run();

  // Bidding ends now and bids in flight are answered; what happened is fetched as ever, the auction's end not waited
  // for.
  void stop();
  // run() fails within a moment: nothing more is asked.
  void abandon();

  [[nodiscard]] Ending ending() const { return ending_; }
  [[nodiscard]] const checker::History& history() const { return history_; }
  [[nodiscard]] const Floor& floor() const { return floor_; }
  [[nodiscard]] const boost::unordered_flat_map<std::string, std::uint64_t>& refused_by_code() const {
    return refused_by_code_;
  }
  // How long bidders were bidding.
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  [[nodiscard]] Awaitable<void> run_all();
  [[nodiscard]] Awaitable<Result<void>> prepare();
  [[nodiscard]] Awaitable<Result<void>> connect_bidders();
  [[nodiscard]] Awaitable<void> subscribe_watchers();
  [[nodiscard]] Awaitable<void> hold();
  [[nodiscard]] Awaitable<void> send_orders();
  [[nodiscard]] Awaitable<Result<void>> settle();
  [[nodiscard]] Awaitable<void> wait_for_watchers();
  [[nodiscard]] Awaitable<void> sleep_ms(std::int64_t ms);
  void leave();
  void end_early(Ending ending);
  [[nodiscard]] Awaitable<void> await_last_answers();
  [[nodiscard]] std::uint64_t recorded_bytes() const;
  [[nodiscard]] bool is_full() const { return options_.most_bytes > 0 && recorded_bytes() > options_.most_bytes; }
  [[nodiscard]] bool all_ended() const;
  [[nodiscard]] bool watchers_are_at_the_end() const;

  const BotsOptions& options_;
  Observer& observer_;
  boost::asio::io_context io_{1};
  Deadlines deadlines_;
  checker::History history_;
  boost::unordered_flat_map<std::string, std::uint64_t> refused_by_code_;
  Desk desk_;
  Market market_;
  Floor floor_;
  Clerk clerk_;
  FrameMemory frame_memory_;
  std::vector<std::unique_ptr<Bidder>> bidders_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  Random random_;
  double seconds_ = 0;
  Ending ending_ = Ending::whole;
  Result<void> outcome_;
};

}  // namespace flashbid::bots
