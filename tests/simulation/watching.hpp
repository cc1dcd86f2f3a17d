// A watcher on a connection that may stall: what it is told waits in the product's own outbox, bounded to a few frames,
// as a server's session holds it, and it is cut off when that is full. What comes out at the other end, and what it is
// told, is every durable event once, in order, or an explicit reset (INV-3, 10, 11). One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "feed/hub.hpp"
#include "server/outbox.hpp"
#include "simulation/connection.hpp"
#include "simulation/stage.hpp"
#include "support/random.hpp"

namespace flashbid::simulation {

class Watching final : public Watcher {
 public:
  Watching(Stage& stage, std::size_t number) : stage_(stage), name_("watcher " + std::to_string(number)) {}

  // Connects to the step's auction, over whatever it had.
  void watch(const Step& step, support::Random& random);
  void leave();
  void stall();
  void drain();
  // The process has died: what had not left is lost.
  void lose();
  // With nothing left to do, it has been told all there is.
  void expect_complete();

 private:
  void on_snapshot(const Snapshot& snapshot) override;
  void on_events(AuctionId auction, Epoch epoch, std::span<PublishedEvent> events) override;
  void on_missed(AuctionId auction, Epoch epoch, std::span<PublishedEvent> events) override;
  void on_newer_state(AuctionId auction) override;
  void on_refused(AuctionId auction, const Error& error) override;

  [[nodiscard]] std::optional<ResumePoint> resume_point(support::Random& random) const;
  [[nodiscard]] bool can_continue_from(const ResumePoint& from, Sequence newest) const;
  void expect_told_here(AuctionId auction, std::string_view what);
  // True if it is the one that comes next, durable and in its own words.
  bool expect_next(AuctionId auction, Epoch epoch, const PublishedEvent& event);
  void begin_connection();
  [[nodiscard]] static SharedBytes frame(std::string_view kind, Epoch epoch, Sequence sequence);
  void push(SharedBytes bytes);
  void send();
  void receive();
  void fetch_newest();
  void cut_off();

  Stage& stage_;
  const std::string name_;
  Recording::Place recorded_ = 0;  // of what it was told since it asked
  bool subscribed_ = false;
  bool attached_ = false;
  bool stalled_ = false;
  bool newer_state_waits_ = false;
  std::size_t loop_ = 0;
  AuctionId auction_;
  WatchMode mode_ = WatchMode::every;
  std::optional<ResumePoint> from_;  // what it asked to go on after
  Sequence told_at_asking_;          // of the auction, to anybody, then
  Sequence last_;                    // told by the hub
  std::optional<Outbox> outbox_;
  std::size_t backlog_ = 0;  // of what waits, what was missed before: beyond the bound
  Connection connection_;
  std::string received_;             // the begin of a frame
  std::optional<ResumePoint> seen_;  // the newest that has come to it: where it goes on
};

}  // namespace flashbid::simulation
