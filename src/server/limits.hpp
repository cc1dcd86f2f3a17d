// How much of everything one client may have, and for how long. Values only.
#pragma once

#include <chrono>
#include <cstddef>

#include "server/outbox.hpp"
#include "wire/http_reader.hpp"

namespace flashbid {

struct ServerLimits {
  HttpLimits http;
  std::size_t connections = 20'000;             // in all
  std::size_t connections_per_address = 0;      // 0 = as many as in all
  std::size_t pipelined = 128;                  // requests of a connection without an answer; more are not read
  std::size_t output_bytes = 1024 * 1024;       // of a connection; above, its requests are not read
  std::size_t message_bytes = 16 * 1024;        // of a client's WebSocket message
  std::size_t subscriptions = 1'000;            // of a socket
  std::size_t bids_waiting = 20'000;            // of a loop, to be decided; more are refused at once
  std::size_t bids_in_flight = 128;             // of a socket; more are not read
  std::size_t refusals_in_a_row = 100;          // of a socket's bids, by the rate limits; then it is closed
  Outbox::Bounds outbox;                        // of a watcher
  std::size_t drained_bytes = 64 * 1024;        // read and thrown away after the last answer
  std::chrono::milliseconds header{10'000};     // from a request's first byte to the end of its header; a TLS handshake
  std::chrono::milliseconds body{20'000};       // from there to the end of its body
  std::chrono::milliseconds idle{75'000};       // between requests
  std::chrono::milliseconds stalled{20'000};    // output waits and nothing leaves
  std::chrono::milliseconds heartbeat{20'000};  // of silence on a stream, then a ping
  int missed_pings = 2;                         // then the socket is closed
  std::chrono::milliseconds drain{1'000};       // after the last answer
  std::chrono::milliseconds farewell{30'000};   // for a close frame to leave, behind what the kernel still holds
  std::chrono::milliseconds last_farewell{3'000};  // the same, when the server stops
  int stream_buffer_bytes = 256 * 1024;            // of the kernel, for each stream: a stalled one holds no more
  std::chrono::milliseconds sweep{1'000};          // how often all of these are looked at
};

}  // namespace flashbid
