// The bots of the load panel: the simulation of src/bots against this server's own address, on a thread of its own.
// Owned by serve(); made before the engine, gone after it.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "bots/simulation.hpp"
#include "server/load.hpp"

namespace flashbid {

class LoadService final : public Load {
 public:
  LoadService();
  ~LoadService() override;
  LoadService(const LoadService&) = delete;
  LoadService& operator=(const LoadService&) = delete;

  // Where this server listens: before anybody may ask.
  void aim(const boost::asio::ip::tcp::endpoint& server) { server_ = server; }
  // Gives the run up that is going on, and begins no other. Any thread; does not wait.
  void end();
  // After end(): until the thread has ended.
  void join();

  [[nodiscard]] SharedLoadRun run() const override;
  [[nodiscard]] bool take_place() override;
  void leave_place() override;
  [[nodiscard]] Result<SharedLoadRun> start(const LoadStart& start) override;
  void stop() override;

 private:
  class Figures;

  void work();
  void run_one(const LoadStart& start);
  // What is told from now on; with the end the place is free.
  void publish(const LoadRun& run);
  void publish_end(const LoadRun& run);
  // What stop() and end() reach; null = nothing does.
  void set_current(bots::Simulation* simulation);

  boost::asio::ip::tcp::endpoint server_;
  mutable std::mutex mutex_;  // guards what follows; held for a moment only
  std::condition_variable changed_;
  SharedLoadRun run_;
  std::optional<LoadStart> waiting_;     // for the thread
  bots::Simulation* current_ = nullptr;  // what the thread runs
  bool place_taken_ = false;
  bool stop_asked_ = false;
  bool ending_ = false;
  std::jthread thread_;  // last: it uses all of these
};

}  // namespace flashbid
