// The limit of HTTP on one thread (quality.md S1, S3) and, with --commit, of durable HTTP (S2): epoll, recv, find where
// the requests end, send as many copies of one reply in one write. With --commit all requests of a loop round become
// rows of one SQLite transaction first, and the replies leave after it.
#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "limits/append_log.hpp"
#include "limits/request_reader.hpp"
#include "shared/file_text.hpp"

namespace flashbid::bench {
namespace {

constexpr std::size_t most_replies_a_write = 256;

class Responder {
 public:
  Responder(std::uint16_t port, const std::string& reply, std::optional<AppendLog> log)
      : listener_(listen_loopback(port)), reply_bytes_(reply.size()), log_(std::move(log)) {
    for (std::size_t copy = 0; copy < most_replies_a_write; ++copy) replies_ += reply;
    poll_.add(listener_.get(), nullptr);
  }

  void run() {
    for (;;) {
      for (const epoll_event& event : poll_.wait(-1)) {
        if (event.data.ptr == nullptr) {
          accept_all();
        } else {
          read_from(static_cast<RequestReader*>(event.data.ptr));
        }
      }
      finish_round();
    }
  }

 private:
  struct Owed {
    RequestReader* to;
    std::size_t replies;
  };

  void accept_all() {
    while (Descriptor socket = accept_one(listener_.get())) {
      auto* reader = new RequestReader(std::move(socket));  // lives until its peer goes
      poll_.add(reader->fd(), reader);
    }
  }

  void read_from(RequestReader* reader) {
    const auto requests = reader->receive();
    if (!requests) {
      delete reader;
    } else if (*requests > 0) {
      if (log_) {
        owed_.push_back({.to = reader, .replies = *requests});
      } else {
        answer(*reader, *requests);
      }
    }
  }

  void finish_round() {
    if (owed_.empty()) return;
    std::size_t rows = 0;
    for (const Owed& owed : owed_) rows += owed.replies;
    log_->append(rows);
    for (const Owed& owed : owed_) answer(*owed.to, owed.replies);
    owed_.clear();
  }

  void answer(const RequestReader& reader, std::size_t requests) {
    if (requests > most_replies_a_write) {
      errno = EMSGSIZE;
      die("more requests in one read than this program answers");
    }
    // A peer that has gone shows at its next read.
    static_cast<void>(send_all(reader.fd(), {replies_.data(), requests * reply_bytes_}));
  }

  Poll poll_;
  Descriptor listener_;
  std::string replies_;
  std::size_t reply_bytes_;
  std::optional<AppendLog> log_;
  std::vector<Owed> owed_;
};

}  // namespace
}  // namespace flashbid::bench

int main(int argc, char** argv) {
  using namespace flashbid::bench;
  CLI::App app{"The limit of HTTP on one thread."};
  std::uint16_t port = 0;
  std::string reply_file;
  std::string commit_folder;
  std::size_t payload_bytes = 256;
  app.add_option("--port", port, "to listen on; 0 picks one");
  app.add_option("--reply", reply_file, "the file with the reply's bytes")->required();
  app.add_option("--commit", commit_folder, "one SQLite transaction a round, in this folder");
  app.add_option("--payload-bytes", payload_bytes, "of a row's payload");
  CLI11_PARSE(app, argc, argv);
  raise_descriptor_limit();
  std::optional<AppendLog> log;
  if (!commit_folder.empty()) log.emplace(commit_folder, std::string(payload_bytes, 'x'));
  Responder(port, read_file(reply_file), std::move(log)).run();
}
