// Creates the run's auctions and writes down what the server tells about them. Several requests at once, each on a
// connection of its own. Lives on the simulation's thread.
#pragma once

#include <simdjson.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "bots/bid_channel.hpp"
#include "client/http_connection.hpp"

namespace flashbid::bots {

// What the run wants of an auction that it creates.
struct Wish {
  Duration open_for;
  bool self_outbid = true;
  std::string seller;  // empty = none
};

class Clerk {
 public:
  explicit Clerk(Desk& desk);

  // Whether the server answers at all; where its clock stands against this machine's.
  [[nodiscard]] Awaitable<Result<void>> knock();
  // Creates `count` auctions and appends their records to the history.
  [[nodiscard]] Awaitable<Result<void>> create(std::uint32_t count, const Wish& wish);
  // Appends the record of an auction that is there already.
  [[nodiscard]] Awaitable<Result<void>> join(AuctionId id);
  // Reads every auction once.
  [[nodiscard]] Awaitable<Result<void>> read_all();
  // Reads one auction, by its place in the history.
  [[nodiscard]] Awaitable<Result<void>> read(std::size_t place);
  // Fetches the whole history of every auction: bids, then events.
  [[nodiscard]] Awaitable<Result<void>> fetch_all();

  // The server's clock less this machine's wall clock, from the last auction read.
  [[nodiscard]] Duration clock_offset() const { return clock_offset_; }
  void close();

 private:
  // One connection with what it needs to ask and understand.
  struct Counter {
    Counter(Desk& desk, std::size_t server) : connection(desk.io, desk.deadlines, desk.servers, server) {}
    client::HttpConnection connection;
    simdjson::dom::parser parser;
    std::int64_t sent_ns = 0;
    std::int64_t answered_ns = 0;
  };
  using Work = std::move_only_function<Awaitable<Result<void>>(Counter&, std::size_t)>;

  // Does work(counter, 0 … count - 1), as many at once as there are counters; the first failure.
  [[nodiscard]] Awaitable<Result<void>> for_each(std::size_t count, Work work);
  // Asks until there is an answer; the JSON is valid until the counter's next use. Fails for any status but 200 and
  // 201.
  [[nodiscard]] Awaitable<Result<simdjson::dom::element>> ask(Counter& counter, std::string request);
  [[nodiscard]] Awaitable<Result<simdjson::dom::element>> get(Counter& counter, const std::string& path);
  [[nodiscard]] Awaitable<Result<void>> create_one(Counter& counter, std::size_t number, const Wish& wish);
  [[nodiscard]] Awaitable<Result<void>> read_one(Counter& counter, std::size_t place);
  [[nodiscard]] Awaitable<Result<void>> fetch_bids(Counter& counter, std::size_t place);
  [[nodiscard]] Awaitable<Result<void>> fetch_events(Counter& counter, std::size_t place);
  [[nodiscard]] Result<void> note_state(Counter& counter, simdjson::dom::element json, checker::AuctionRecord& auction);

  Desk& desk_;
  std::vector<std::unique_ptr<Counter>> counters_;
  Duration clock_offset_;
};

}  // namespace flashbid::bots
