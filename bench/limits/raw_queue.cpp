// The limit of an archive behind RabbitMQ: takes messages from a queue, looks at nothing in them but how many events
// they have, COPYs as many rows of an event's size, and acknowledges after the commit. Prints one line of JSON.
//
// --bind makes the queue instead, as FlashBid's are, behind the same exchange, so that it gets the very same messages.
#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "limits/copier.hpp"
#include "shared/sockets.hpp"

namespace flashbid::bench {
namespace {

constexpr amqp_channel_t channel = 1;
constexpr std::uint16_t prefetch = 50;  // messages; as FlashBid's consumer
constexpr int frame_bytes = 131'072;

struct Options {
  int port = 0;
  std::string queue = "bench.raw";
  std::string url, payload_file;
  std::uint64_t events = 0;
  std::uint64_t batch = 1'000;
  std::uint64_t auctions = 64;
};

class Consumer {
 public:
  explicit Consumer(const Options& options) : options_(options), state_(amqp_new_connection()) {
    amqp_socket_t* socket = amqp_tcp_socket_new(state_);
    if (amqp_socket_open(socket, "127.0.0.1", options.port) != AMQP_STATUS_OK) die("RabbitMQ does not answer");
    check(amqp_login(state_, "/", 0, frame_bytes, 0, AMQP_SASL_METHOD_PLAIN, "guest", "guest"));
    amqp_channel_open(state_, channel);
    check(amqp_get_rpc_reply(state_));
  }
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  ~Consumer() { amqp_destroy_connection(state_); }

  void bind() {
    amqp_table_entry_t kind{.key = amqp_cstring_bytes("x-queue-type"), .value = {}};
    kind.value.kind = AMQP_FIELD_KIND_UTF8;
    kind.value.value.bytes = amqp_cstring_bytes("quorum");
    amqp_queue_declare(state_, channel, queue(), 0, 1, 0, 0, {1, &kind});
    check(amqp_get_rpc_reply(state_));
    amqp_queue_bind(state_, channel, queue(), amqp_cstring_bytes("flashbid.events"), amqp_cstring_bytes("shard.#"),
                    amqp_empty_table);
    check(amqp_get_rpc_reply(state_));
  }

  // Until `events` have been copied.
  void copy_all() {
    Copier copier(options_.url, options_.payload_file, options_.auctions, 1);
    amqp_basic_qos(state_, channel, 0, prefetch, 0);
    check(amqp_get_rpc_reply(state_));
    const std::int64_t start = now_ns();
    amqp_basic_consume(state_, channel, queue(), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
    check(amqp_get_rpc_reply(state_));
    std::uint64_t copied = 0, taken = 0, messages = 0;
    while (copied < options_.events) {
      const std::uint64_t tag = take(taken);
      // No more messages come before these are acknowledged.
      const bool is_full = ++messages == prefetch;
      if (taken < options_.batch && copied + taken < options_.events && !is_full) continue;
      copier.copy(taken);
      copied += taken;
      taken = messages = 0;
      if (amqp_basic_ack(state_, channel, tag, 1) != AMQP_STATUS_OK) die("an acknowledgement was not taken");
    }
    fmt::print("{{\"seconds\":{:.6f},\"rows\":{}}}\n", static_cast<double>(now_ns() - start) / 1e9, copied);
  }

 private:
  [[nodiscard]] amqp_bytes_t queue() const { return amqp_cstring_bytes(options_.queue.c_str()); }

  // Adds the next message's events; its tag.
  std::uint64_t take(std::uint64_t& events) {
    constexpr std::string_view begins = R"({"specversion":)";
    amqp_maybe_release_buffers(state_);
    amqp_envelope_t envelope;
    check(amqp_consume_message(state_, &envelope, nullptr, 0));
    const std::string_view body(static_cast<const char*>(envelope.message.body.bytes), envelope.message.body.len);
    for (std::size_t at = body.find(begins); at != std::string_view::npos; at = body.find(begins, at + begins.size())) {
      ++events;
    }
    const std::uint64_t tag = envelope.delivery_tag;
    amqp_destroy_envelope(&envelope);
    return tag;
  }

  static void check(const amqp_rpc_reply_t& reply) {
    if (reply.reply_type != AMQP_RESPONSE_NORMAL) die("RabbitMQ has refused");
  }

  const Options& options_;
  amqp_connection_state_t state_;
};

}  // namespace
}  // namespace flashbid::bench

int main(int argc, char** argv) {
  using namespace flashbid::bench;
  Options options;
  bool binds = false;
  CLI::App app{"From a queue of RabbitMQ into PostgreSQL, and nothing else."};
  app.add_option("--port", options.port, "RabbitMQ's")->required();
  app.add_option("--queue", options.queue);
  app.add_flag("--bind", binds, "makes the queue, and nothing else");
  app.add_option("--url", options.url, "PostgreSQL's");
  app.add_option("--payload", options.payload_file, "the file with an event's text");
  app.add_option("--events", options.events, "to take");
  app.add_option("--batch", options.batch, "rows of a transaction, at least")->check(CLI::PositiveNumber);
  app.add_option("--auctions", options.auctions)->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  Consumer consumer(options);
  if (binds) {
    consumer.bind();
    fmt::print("{{}}\n");
    return 0;
  }
  consumer.copy_all();
}
