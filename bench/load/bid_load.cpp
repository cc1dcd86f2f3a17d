// Bids over HTTP as fast as asked and counts the answers; prints one line of JSON. One thread, no more work a request
// than a limit does.
//
//   closed loop (default)  every connection keeps --depth requests in flight; latency counts from the sending
//   open loop (--rate)     requests leave at their time whether or not earlier ones are answered, --burst at once;
//                          latency counts from the time at which a request should have left
//
// --want rejected: every amount is below the minimum. --want accepted: connection i alone bids on the auctions
// first+i, first+i+connections, …, each bid one unit higher than the last, so that every one must be accepted.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "load/bidder_connection.hpp"

namespace flashbid::bench {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t last_answers_ns = 10 * second_ns;  // how long the answers may take after the last request

struct Options {
  std::uint16_t port = 0;
  std::int64_t first_auction = 1;
  std::size_t auctions = 1;
  std::size_t connections = 64;
  std::size_t depth = 1;
  double seconds = 2;
  std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
  double rate = 0;
  std::uint64_t burst = 1;
  std::string want = "rejected";
  std::string header;
  std::int64_t first_amount = BidRequest::lowest;

  [[nodiscard]] bool open_loop() const { return rate > 0; }
  [[nodiscard]] Answer answer() const { return want == "accepted" ? Answer::accepted : Answer::rejected; }
};

class Load {
 public:
  explicit Load(const Options& options) : options_(options) {
    for (std::size_t index = 0; index < options.connections; ++index) connect(index);
    for (const auto& connection : connections_) poll_.add(connection->fd(), connection.get());
  }

  void run() {
    start_ns_ = now_ns();
    end_ns_ = start_ns_ + static_cast<std::int64_t>(options_.seconds * static_cast<double>(second_ns));
    if (!options_.open_loop()) fill_closed_loop();
    for (;;) {
      const std::int64_t now = now_ns();
      if (options_.open_loop()) send_due(now);
      const bool sending = now < end_ns_ && asked_ < options_.count && alive_ > 0;
      if (!sending && in_flight_ == 0) break;
      if (now > end_ns_ + last_answers_ns) break;
      for (const epoll_event& event : poll_.wait(wait_ns(now, sending)))
        receive(*static_cast<BidderConnection*>(event.data.ptr), now < end_ns_);
    }
    took_ns_ = now_ns() - start_ns_;
    counts_.lost += in_flight_;
    counts_.unexpected += in_flight_;
  }

  void print() const {
    std::int64_t next_amount = options_.first_amount;
    for (const auto& connection : connections_) next_amount = std::max(next_amount, connection->next_amount());
    fmt::print(
        "{{\"seconds\":{:.6f},\"asked\":{},\"answered\":{},\"accepted\":{},\"rejected\":{},\"other_answers\":{},"
        "\"http_errors\":{},\"lost\":{},\"unexpected\":{},\"next_amount\":{},\"latency_ns\":{{\"p50\":{},\"p90\":{},"
        "\"p99\":{},\"p999\":{},\"max\":{}}}}}\n",
        static_cast<double>(took_ns_) / static_cast<double>(second_ns), asked_, counts_.answered(), counts_.accepted,
        counts_.rejected, counts_.other_answers, counts_.http_errors, counts_.lost, counts_.unexpected, next_amount,
        latency_.quantile_ns(0.5), latency_.quantile_ns(0.9), latency_.quantile_ns(0.99), latency_.quantile_ns(0.999),
        latency_.max_ns());
    if (!counts_.first_unexpected.empty())
      fmt::print(stderr, "bid_load: the first answer that was not {}:\n{}\n", options_.want, counts_.first_unexpected);
  }

 private:
  void connect(std::size_t index) {
    const std::string bidder = fmt::format("bidder-{}", index);
    std::vector<BidRequest> requests;
    if (options_.answer() == Answer::accepted) {
      for (std::size_t auction = index; auction < options_.auctions; auction += options_.connections)
        requests.emplace_back(options_.first_auction + static_cast<std::int64_t>(auction), bidder, options_.header);
    } else {
      requests.emplace_back(options_.first_auction + static_cast<std::int64_t>(index % options_.auctions), bidder,
                            options_.header);
    }
    connections_.push_back(std::make_unique<BidderConnection>(connect_loopback(options_.port), std::move(requests),
                                                              options_.answer(), options_.first_amount));
    ++alive_;
  }

  void ask(BidderConnection& connection, std::int64_t due_ns) {
    connection.add(due_ns);
    ++asked_;
    ++in_flight_;
  }

  void fill_closed_loop() {
    for (const auto& connection : connections_) {
      for (std::size_t place = 0; place < options_.depth && asked_ < options_.count; ++place)
        ask(*connection, now_ns());
      static_cast<void>(connection->send_due(options_.depth));
    }
  }

  // When request `index` of an open loop should leave: bursts are spaced evenly.
  [[nodiscard]] std::int64_t due_ns(std::uint64_t index) const {
    const std::uint64_t burst_start = index - index % options_.burst;
    const double due_s = static_cast<double>(burst_start) / options_.rate;
    return start_ns_ + static_cast<std::int64_t>(due_s * static_cast<double>(second_ns));
  }

  void send_due(std::int64_t now) {
    while (asked_ < options_.count && alive_ > 0) {
      const std::int64_t due = due_ns(asked_);
      if (due > now || due >= end_ns_) return;
      BidderConnection& connection = *connections_[asked_ / options_.burst % connections_.size()];
      if (!connection.alive()) {  // its turn passes as lost
        ++asked_;
        ++counts_.lost;
        ++counts_.unexpected;
        continue;
      }
      do {
        ask(connection, due);
      } while (asked_ % options_.burst != 0 && asked_ < options_.count);
      static_cast<void>(connection.send_due(options_.depth));
    }
  }

  [[nodiscard]] std::int64_t wait_ns(std::int64_t now, bool sending) const {
    if (!sending) return std::max<std::int64_t>(0, end_ns_ + last_answers_ns - now);
    const std::int64_t next = options_.open_loop() ? std::min(due_ns(asked_), end_ns_) : end_ns_;
    return std::max<std::int64_t>(0, next - now);
  }

  void receive(BidderConnection& connection, bool go_on) {
    const std::uint64_t lost_before = counts_.lost;
    const std::size_t replies = connection.receive(counts_, latency_);
    in_flight_ -= replies + (counts_.lost - lost_before);
    if (!connection.alive()) {
      --alive_;
      return;
    }
    if (!options_.open_loop() && go_on) {
      const std::int64_t now = now_ns();
      for (std::size_t reply = 0; reply < replies && asked_ < options_.count; ++reply) ask(connection, now);
    }
    static_cast<void>(connection.send_due(options_.depth));
  }

  const Options& options_;
  Poll poll_;
  std::vector<std::unique_ptr<BidderConnection>> connections_;
  std::size_t alive_ = 0;
  std::int64_t start_ns_ = 0, end_ns_ = 0, took_ns_ = 0;
  std::uint64_t asked_ = 0;
  std::uint64_t in_flight_ = 0;  // waiting to leave included
  ReplyCounts counts_;
  Histogram latency_;
};

}  // namespace
}  // namespace flashbid::bench

int main(int argc, char** argv) {
  using namespace flashbid::bench;
  CLI::App app{"Bids over HTTP and counts the answers."};
  Options options;
  app.add_option("--port", options.port)->required();
  app.add_option("--first-auction", options.first_auction, "its id; the others follow it");
  app.add_option("--auctions", options.auctions)->check(CLI::PositiveNumber);
  app.add_option("--connections", options.connections)->check(CLI::PositiveNumber);
  app.add_option("--depth", options.depth, "requests in flight on a connection")->check(CLI::PositiveNumber);
  app.add_option("--seconds", options.seconds, "after which nothing more is asked");
  app.add_option("--count", options.count, "requests after which nothing more is asked");
  app.add_option("--rate", options.rate, "requests a second, open loop");
  app.add_option("--burst", options.burst, "requests at once in an open loop")->check(CLI::PositiveNumber);
  app.add_option("--want", options.want)->check(CLI::IsMember({"accepted", "rejected"}));
  app.add_option("--first-amount", options.first_amount);
  app.add_option("--header", options.header, "one line more in each request: Authorization: Bearer TOKEN");
  CLI11_PARSE(app, argc, argv);
  if (options.answer() == Answer::accepted && options.auctions < options.connections) {
    fmt::print(stderr, "bid_load: --want accepted needs an auction for each connection\n");
    return 2;
  }
  raise_descriptor_limit();
  Load load(options);
  load.run();
  load.print();
}
