// The real engine over the real SQLite ledger on a recorded disk, in one thread: one process after another, each of
// them started, asked, and stopped or killed. What it tells anybody goes into Told. What every start recovers is held
// against what had been told before (INV-1). One thread.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/embedded/embedded_engine.hpp"
#include "fault/recorded_disk.hpp"
#include "fault/told.hpp"
#include "feed/hub.hpp"
#include "simulation/loop.hpp"

namespace flashbid::fault {

class House final : private Watcher {
 public:
  House(RecordedDisk& disk, Told& told, simulation::Machine& machine) : disk_(disk), told_(told), machine_(machine) {}
  ~House() override;
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  // False: it does not start, and failed_starts() has why.
  bool start();
  // A process that runs and whose ledger has not failed; one that has dies and another one starts.
  bool start_if_needed();
  void stop();
  // As by SIGKILL: nothing more reaches the disk.
  void die();
  [[nodiscard]] bool runs() const { return engine_ != nullptr; }

  // Each is asked now and answered by settle(). An empty key = none.
  void create(std::uint64_t id, const Terms& terms, std::string_view key);
  void cancel(std::uint64_t id, std::string_view key);
  void bid(std::uint64_t id, std::string_view bidder, std::int64_t amount, std::string_view key);
  void ask(const BidRequest& request);
  // Everything asked has its answer.
  void settle();
  // One idle moment of the committer: a slice moves into history, or answers are forgotten.
  void idle();
  void move_all();
  // Time passes, timers fire, and what they cause is settled.
  void pass(Duration time);

  [[nodiscard]] Result<AuctionView> read(AuctionId id);
  [[nodiscard]] Result<EventsPage> events(AuctionId id);
  [[nodiscard]] Health health() const { return engine_->on_loop(0).health(); }
  [[nodiscard]] Timestamp now() { return clock_->now(); }

  // What anybody was told of failures: whoever asked, and by the ledger's own alarm; and of starts that failed.
  [[nodiscard]] const std::vector<Error>& errors() const { return errors_; }
  [[nodiscard]] const std::vector<Error>& failed_starts() const { return failed_starts_; }
  // The first promise that is broken; empty = none.
  [[nodiscard]] const std::string& violation() const { return violation_; }
  void violated(std::string what);
  // Broken by saying so: whoever asked was told of a failure instead.
  void violated(const std::string& what, const Error& error);
  [[nodiscard]] bool has_said_so() const { return said_so_; }

 private:
  class ToldLedger;
  static constexpr std::size_t loop_count = 2;

  void on_snapshot(const Snapshot& snapshot) override;
  void on_events(AuctionId auction, Epoch epoch, std::span<PublishedEvent> events) override;
  void on_newer_state(AuctionId) override {}
  void on_refused(AuctionId, const Error&) override {}

  [[nodiscard]] bool is_idle() const;
  bool start_engine();
  bool check_recovered();
  void watch(AuctionId id);
  void end_process();
  void answered(const BidRequest& request, const Result<BidAnswer>& answer);
  void shown(const Result<AuctionView>& view);
  void failed(const Error& error) { errors_.push_back(error); }

  RecordedDisk& disk_;
  Told& told_;
  simulation::Machine& machine_;
  std::vector<Error> errors_;
  std::vector<Error> failed_starts_;
  std::string violation_;
  bool said_so_ = false;

  // The process that runs now.
  std::deque<simulation::SimulatedLoop> loops_;
  std::unique_ptr<simulation::SimulatedClock> clock_;
  std::unique_ptr<Ledger> ledger_;
  std::unique_ptr<EmbeddedEngine> engine_;
  std::vector<Record> journal_;  // as recovery told it
  bool ledger_has_failed_ = false;
};

// An answer as it is sent.
[[nodiscard]] std::string text_of(const BidAnswer& answer);

}  // namespace flashbid::fault
