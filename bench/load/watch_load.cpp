// Watches one auction over many WebSockets and counts the event frames. Prints `watching` when every socket has its
// snapshot; on SIGTERM, or once every watcher has --events of them, one line of JSON. One thread; reads much at once
// and looks only at frame heads and, with --check-sequence, at each event's sequence.
#include <fmt/format.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/http_scan.hpp"
#include "shared/sockets.hpp"

namespace flashbid::bench {
namespace {

struct Options {
  std::uint16_t port = 0;
  std::int64_t auction = 1;
  std::size_t watchers = 1'000;
  std::uint64_t events = 0;
  bool check_sequence = false;
};

struct Frame {
  unsigned opcode = 0;
  std::string_view payload;
  std::size_t total_bytes = 0;
};

// A server's frame at the head of `bytes`; none if it has not all arrived.
std::optional<Frame> scan_frame(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  std::size_t length = byte(1);
  std::size_t head = 2;
  if (const std::size_t extra = length == 127 ? 8 : length == 126 ? 2 : 0; extra != 0) {
    head += extra;
    if (bytes.size() < head) return std::nullopt;
    length = 0;
    for (std::size_t at = 2; at < head; ++at) length = length << 8U | byte(at);
  }
  if (bytes.size() < head + length) return std::nullopt;
  return Frame{.opcode = byte(0) & 0x0FU, .payload = bytes.substr(head, length), .total_bytes = head + length};
}

// A client's frame. The mask is zero: it hides nothing and leaves the bytes as they are.
std::string client_frame(unsigned opcode, std::string_view payload) {
  std::string frame{static_cast<char>(0x80U | opcode), static_cast<char>(0x80U | payload.size())};
  frame.append(4, '\0');
  frame += payload;
  return frame;
}

std::uint64_t sequence_of(std::string_view event) {
  constexpr std::string_view name = "\"sequence\":";
  const void* found = memmem(event.data(), event.size(), name.data(), name.size());
  if (found == nullptr) return 0;
  std::uint64_t sequence = 0;
  std::from_chars(static_cast<const char*>(found) + name.size(), event.data() + event.size(), sequence);
  return sequence;
}

class Watcher {
 public:
  enum class Stage { upgrading, subscribing, watching, gone };

  Watcher(const Options& options) : socket_(connect_loopback(options.port)) {
    static_cast<void>(send_all(fd(),
                               "GET /v1/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
                               "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: flashbid.v1\r\n\r\n"));
  }

  [[nodiscard]] int fd() const { return socket_.get(); }
  [[nodiscard]] Stage stage() const { return stage_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t gaps() const { return gaps_; }

  // `read` is what arrived; the socket has ended if it is empty.
  void receive(std::string_view read, const Options& options) {
    if (read.empty()) {
      stage_ = Stage::gone;
      socket_ = Descriptor();
      return;
    }
    if (!partial_.empty()) {
      partial_ += read;
      partial_.erase(0, take(partial_, options));
    } else if (const std::size_t taken = take(read, options); taken < read.size()) {
      partial_ = read.substr(taken);
    }
  }

 private:
  std::size_t take(std::string_view bytes, const Options& options) {
    std::size_t taken = 0;
    if (stage_ == Stage::upgrading) {
      const auto message = scan_message(bytes);
      if (!message) return 0;
      if (!bytes.starts_with("HTTP/1.1 101 ")) {
        fmt::print(stderr, "watch_load: no upgrade: {}\n", bytes.substr(0, message->total_bytes));
        std::exit(1);
      }
      taken = message->head_bytes;
      stage_ = Stage::subscribing;
      static_cast<void>(send_all(
          fd(), client_frame(1, fmt::format("{{\"type\":\"subscribe\",\"auction_id\":{}}}", options.auction))));
    }
    while (const auto frame = scan_frame(bytes.substr(taken))) {
      handle(*frame, options);
      taken += frame->total_bytes;
    }
    return taken;
  }

  void handle(const Frame& frame, const Options& options) {
    constexpr unsigned ping = 9;
    constexpr unsigned pong = 10;
    if (frame.opcode == ping) static_cast<void>(send_all(fd(), client_frame(pong, frame.payload)));
    if (frame.opcode != 1) return;
    if (frame.payload.starts_with(R"({"type":"event")")) {
      ++events_;
      bytes_ += frame.total_bytes;
      if (!options.check_sequence) return;
      const std::uint64_t sequence = sequence_of(frame.payload);
      if (sequence != sequence_ + 1) ++gaps_;
      sequence_ = sequence;
    } else if (frame.payload.starts_with(R"({"type":"snapshot")")) {
      stage_ = Stage::watching;
      sequence_ = sequence_of(frame.payload);
    } else {
      fmt::print(stderr, "watch_load: unexpected frame: {}\n", frame.payload);
      std::exit(1);
    }
  }

  Descriptor socket_;
  Stage stage_ = Stage::upgrading;
  std::string partial_;
  std::uint64_t events_ = 0, bytes_ = 0, gaps_ = 0, sequence_ = 0;
};

class Watching {
 public:
  explicit Watching(const Options& options) : options_(options), input_(256 * 1024) {
    sigset_t ends{};
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigprocmask(SIG_BLOCK, &ends, nullptr);
    signal_ = Descriptor(signalfd(-1, &ends, SFD_NONBLOCK | SFD_CLOEXEC));
    if (!signal_) die("signalfd");
    poll_.add(signal_.get(), nullptr);
  }

  void run() {
    // In small groups, so that the server's queue of new connections never overflows.
    constexpr std::size_t group = 200;
    while (watchers_.size() < options_.watchers) {
      for (std::size_t one = 0; one < group && watchers_.size() < options_.watchers; ++one) {
        watchers_.push_back(std::make_unique<Watcher>(options_));
        poll_.add(watchers_.back()->fd(), watchers_.back().get());
      }
      while (ready_ + gone_ < watchers_.size() && step()) {
      }
    }
    fmt::print("watching\n");
    if (std::fflush(stdout) != 0) die("stdout");
    while (complete_ < watchers_.size() && gone_ < watchers_.size() && step()) {
    }
  }

  void print() const {
    std::uint64_t events = 0, bytes = 0, gaps = 0;
    std::uint64_t fewest = watchers_.empty() ? 0 : watchers_.front()->events();
    std::uint64_t most = 0;
    for (const auto& watcher : watchers_) {
      events += watcher->events();
      bytes += watcher->bytes();
      gaps += watcher->gaps();
      fewest = std::min(fewest, watcher->events());
      most = std::max(most, watcher->events());
    }
    fmt::print(
        "{{\"watchers\":{},\"events\":{},\"bytes\":{},\"fewest\":{},\"most\":{},\"gaps\":{},\"gone\":{},\"reads\":{}}}"
        "\n",
        watchers_.size(), events, bytes, fewest, most, gaps, gone_, reads_);
  }

 private:
  // False once SIGTERM has come.
  bool step() {
    for (const epoll_event& event : poll_.wait(-1)) {
      if (event.data.ptr == nullptr) return false;
      receive(*static_cast<Watcher*>(event.data.ptr));
    }
    return true;
  }

  void receive(Watcher& watcher) {
    const ssize_t got = recv(watcher.fd(), input_.data(), input_.size(), 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    ++reads_;
    const auto before = watcher.stage();
    const bool was_complete = complete(watcher);
    watcher.receive({input_.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0))}, options_);
    if (watcher.stage() == Watcher::Stage::gone) ++gone_;
    if (before != Watcher::Stage::watching && watcher.stage() == Watcher::Stage::watching) ++ready_;
    if (!was_complete && complete(watcher)) ++complete_;
  }

  [[nodiscard]] bool complete(const Watcher& watcher) const {
    return options_.events != 0 && watcher.events() >= options_.events;
  }

  const Options& options_;
  Poll poll_;
  Descriptor signal_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  std::vector<char> input_;
  std::size_t ready_ = 0, gone_ = 0, complete_ = 0;
  std::uint64_t reads_ = 0;
};

}  // namespace
}  // namespace flashbid::bench

int main(int argc, char** argv) {
  using namespace flashbid::bench;
  CLI::App app{"Watches one auction over many WebSockets."};
  Options options;
  app.add_option("--port", options.port)->required();
  app.add_option("--auction", options.auction, "its id");
  app.add_option("--watchers", options.watchers)->check(CLI::PositiveNumber);
  app.add_option("--events", options.events, "ends once every watcher has as many; 0 = on SIGTERM");
  app.add_flag("--check-sequence", options.check_sequence, "counts gaps between the events' sequences");
  CLI11_PARSE(app, argc, argv);
  raise_descriptor_limit();
  Watching watching(options);
  watching.run();
  watching.print();
}
