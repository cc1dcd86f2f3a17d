// The limit of the Redis engine (quality.md S7): a bare client that calls the function a node calls for a bid, with as
// many calls in flight on one connection, and that reads the shard's stream on another as a node does. It makes one
// template a bidder, changes digits in it, and looks at a reply's first character. Prints one line of JSON.
#include <fmt/format.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limits/resp_scan.hpp"
#include "load/bid_request.hpp"
#include "shared/sockets.hpp"

namespace flashbid::bench {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t last_answers_ns = 10 * second_ns;
constexpr std::int64_t gathering_ns = 1'000'000;  // between two reads of the stream, as a node pauses
constexpr std::size_t input_bytes = 4U << 20U;

struct Options {
  std::uint16_t port = 0;
  std::string function;
  std::string epoch;
  std::string shard = "flashbid:{0}";
  std::int64_t first_auction = 1;
  std::size_t auctions = 64;
  std::size_t in_flight = 64;
  double seconds = 2;
  std::uint64_t count = std::numeric_limits<std::uint64_t>::max();
  std::string want = "rejected";
  std::int64_t first_amount = BidRequest::lowest;
  bool read_stream = false;
};

std::string resp(const std::vector<std::string>& words) {
  std::string bytes = fmt::format("*{}\r\n", words.size());
  for (const std::string& word : words) bytes += fmt::format("${}\r\n{}\r\n", word.size(), word);
  return bytes;
}

// A connection and what it has received and not yet used.
class Peer {
 public:
  explicit Peer(std::uint16_t port) : socket_(connect_loopback(port)), input_(input_bytes) {}
  [[nodiscard]] int fd() const { return socket_.get(); }
  void send(std::string_view bytes) const {
    if (!send_all(fd(), bytes)) die("Redis has gone");
  }
  void receive() {
    const ssize_t got = recv(fd(), input_.data() + size_, input_.size() - size_, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) die("Redis has gone");
    size_ += static_cast<std::size_t>(got);
  }
  [[nodiscard]] std::string_view unread() const { return {input_.data(), size_}; }
  void drop(std::size_t bytes) {
    size_ -= bytes;
    if (bytes != 0 && size_ != 0) std::memmove(input_.data(), input_.data() + bytes, size_);
  }

 private:
  Descriptor socket_;
  std::vector<char> input_;
  std::size_t size_ = 0;
};

// Reads the shard's stream from where it ends at the start.
class Tail {
 public:
  Tail(const Options& options) : peer_(options.port), key_(options.shard + ":stream") { find_end(); }
  [[nodiscard]] Peer& peer() { return peer_; }
  [[nodiscard]] std::uint64_t entries() const { return entries_; }
  [[nodiscard]] std::int64_t ask_at_ns() const { return ask_at_ns_; }

  void ask() {
    ask_at_ns_ = std::numeric_limits<std::int64_t>::max();
    peer_.send(resp({"XREAD", "COUNT", "1000", "BLOCK", "2000", "STREAMS", key_, last_}));
  }
  // [[stream, [[id, fields], …]]], or nil when nothing came.
  void receive() {
    peer_.receive();
    RespScan scan(peer_.unread());
    std::uint64_t found = 0;
    std::string_view last;
    if (scan.array() > 0) {
      static_cast<void>(scan.array());
      scan.skip();
      for (std::int64_t left = scan.array(); left > 0; --left, ++found) {
        static_cast<void>(scan.array());
        last = scan.text();
        scan.skip();
      }
    }
    if (scan.short_of_bytes()) return;
    if (found > 0) last_ = last;
    entries_ += found;
    ask_at_ns_ = now_ns() + gathering_ns;
    peer_.drop(scan.taken());
  }

 private:
  void find_end() {
    peer_.send(resp({"XREVRANGE", key_, "+", "-", "COUNT", "1"}));
    for (;;) {
      peer_.receive();
      RespScan scan(peer_.unread());
      last_ = "0-0";
      if (scan.array() > 0) {
        static_cast<void>(scan.array());
        last_ = scan.text();
        scan.skip();
      }
      if (scan.short_of_bytes()) continue;
      peer_.drop(scan.taken());
      return;
    }
  }

  Peer peer_;
  std::string key_;
  std::string last_;
  std::uint64_t entries_ = 0;
  std::int64_t ask_at_ns_ = 0;
};

class Client {
 public:
  explicit Client(const Options& options)
      : options_(options),
        wanted_(options.want == "accepted" ? '0' : '6'),
        amount_(options.first_amount),
        bids_(options.port) {
    for (std::size_t index = 0; index < options.auctions; ++index) {
      std::string call = resp({"FCALL", options.function, "1", options.shard, options.epoch,
                               std::to_string(options.first_auction + static_cast<std::int64_t>(index)),
                               fmt::format("bidder-{}", index), std::string(BidRequest::digits, '0'), ""});
      amount_ends_.push_back(call.size() - std::string_view("\r\n$0\r\n\r\n").size());
      calls_.push_back(std::move(call));
    }
    poll_.add(bids_.fd(), &bids_);
    if (options.read_stream) {
      tail_.emplace(options);
      poll_.add(tail_->peer().fd(), &*tail_);
    }
  }

  void run() {
    start_ns_ = now_ns();
    end_ns_ = start_ns_ + static_cast<std::int64_t>(options_.seconds * static_cast<double>(second_ns));
    ask(options_.in_flight);
    while (!is_done()) {
      if (tail_ && tail_->ask_at_ns() <= now_ns()) tail_->ask();
      const auto events = poll_.wait(tail_ ? gathering_ns : last_answers_ns);
      // Only when nothing is there: a machine that stood still has not lost an answer.
      if (events.empty() && now_ns() > end_ns_ + last_answers_ns) return;
      for (const epoll_event& event : events) {
        if (event.data.ptr == &bids_) {
          receive_answers();
        } else {
          tail_->receive();
        }
      }
    }
  }

  void print() const {
    const std::uint64_t lost = asked_ - answered();
    const std::uint64_t unread = tail_ ? accepted_ - std::min(accepted_, tail_->entries()) : 0;
    fmt::print(
        "{{\"seconds\":{:.6f},\"asked\":{},\"answered\":{},\"accepted\":{},\"rejected\":{},\"other_answers\":{},"
        "\"http_errors\":0,\"lost\":{},\"unexpected\":{},\"entries\":{},\"next_amount\":{}}}\n",
        static_cast<double>(took_ns_) / static_cast<double>(second_ns), asked_, answered(), accepted_, rejected_,
        other_answers_, lost, lost + unexpected_ + unread, tail_ ? tail_->entries() : 0, amount_);
    if (!first_unexpected_.empty())
      fmt::print(stderr, "raw_redis: the first answer that was not {}: {}\n", options_.want, first_unexpected_);
    if (unread > 0) fmt::print(stderr, "raw_redis: {} events were accepted and not read in the stream\n", unread);
  }

 private:
  [[nodiscard]] std::uint64_t answered() const { return accepted_ + rejected_ + other_answers_; }
  [[nodiscard]] bool is_done() const { return asked_ == answered() && (!tail_ || tail_->entries() >= accepted_); }

  void ask(std::size_t many) {
    output_.clear();
    for (; many > 0 && asked_ < options_.count; --many, ++asked_) {
      std::string& call = calls_[turn_];
      char* digit = call.data() + amount_ends_[turn_];
      std::int64_t amount = amount_;
      for (int place = 0; place < BidRequest::digits; ++place) {
        *--digit = static_cast<char>('0' + amount % 10);
        amount /= 10;
      }
      output_ += call;
      turn_ = turn_ + 1 == calls_.size() ? 0 : turn_ + 1;
      if (wanted_ == '0') ++amount_;
    }
    if (!output_.empty()) bids_.send(output_);
  }

  void receive_answers() {
    bids_.receive();
    std::size_t taken = 0;
    std::size_t answers = 0;
    RespScan scan(bids_.unread());
    while (!scan.at_end()) {
      const std::string_view answer = scan.text();
      if (scan.short_of_bytes()) break;
      count(answer);
      taken = scan.taken();
      ++answers;
    }
    bids_.drop(taken);
    const std::int64_t now = now_ns();
    took_ns_ = now - start_ns_;
    if (now < end_ns_) ask(answers);
  }

  void count(std::string_view answer) {
    const char reason = answer.empty() ? '-' : answer.front();
    ++(reason == '0' ? accepted_ : reason == '6' ? rejected_ : other_answers_);
    if (reason == wanted_) return;
    ++unexpected_;
    if (first_unexpected_.empty()) first_unexpected_ = answer;
  }

  const Options& options_;
  char wanted_;
  std::int64_t amount_;
  Poll poll_;
  Peer bids_;
  std::optional<Tail> tail_;
  std::vector<std::string> calls_;  // by auction
  std::vector<std::size_t> amount_ends_;
  std::size_t turn_ = 0;
  std::string output_;
  std::int64_t start_ns_ = 0, end_ns_ = 0, took_ns_ = 0;
  std::uint64_t asked_ = 0, accepted_ = 0, rejected_ = 0, other_answers_ = 0, unexpected_ = 0;
  std::string first_unexpected_;
};

}  // namespace
}  // namespace flashbid::bench

int main(int argc, char** argv) {
  using namespace flashbid::bench;
  CLI::App app{"Bids by calling Redis's function, and nothing else."};
  Options options;
  app.add_option("--port", options.port, "Redis's")->required();
  app.add_option("--function", options.function, "bid_VERSION")->required();
  app.add_option("--epoch", options.epoch, "the shard's")->required();
  app.add_option("--shard", options.shard, "its key");
  app.add_option("--first-auction", options.first_auction, "its id; the others follow it");
  app.add_option("--auctions", options.auctions)->check(CLI::PositiveNumber);
  app.add_option("--in-flight", options.in_flight, "calls unanswered at a time")->check(CLI::PositiveNumber);
  app.add_option("--seconds", options.seconds, "after which nothing more is asked");
  app.add_option("--count", options.count, "calls after which nothing more is asked");
  app.add_option("--want", options.want)->check(CLI::IsMember({"accepted", "rejected"}));
  app.add_option("--first-amount", options.first_amount);
  app.add_flag("--read-stream", options.read_stream, "reads the shard's stream too, and to its end");
  CLI11_PARSE(app, argc, argv);
  Client client(options);
  client.run();
  client.print();
}
