// Where RabbitMQ is and who we are there, as one URL. Plain values: any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace flashbid {

struct AmqpUrl {
  std::string host;
  std::uint16_t port = 5672;
  std::string user = "guest", password = "guest";
  std::string vhost = "/";
  bool tls = false;
  std::string ca_file;  // who may sign its certificate; empty = the system's authorities
  std::string shown;    // host:port, and /vhost where it is not the default one: for people and logs

  // amqp://[USER[:PASSWORD]@]HOST[:PORT][/VHOST], or amqps:// for TLS (port 5671), whose certificate must be of HOST
  // and signed by one of the system's authorities, or of those in FILE with ?ca=FILE behind it. Failure::invalid says
  // what is wrong, never with the password in it.
  [[nodiscard]] static Result<AmqpUrl> parse(std::string_view text);
};

}  // namespace flashbid
