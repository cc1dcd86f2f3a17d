// What `flashbid relay` is told. Values only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/log.hpp"

namespace flashbid {

struct RelayFlags {
  std::string from;
  std::string to;
  std::string group;  // empty = named after where the events go
  std::uint64_t keep_events = 100'000;
  std::string lease;        // redis://…[,redis://…]; empty = leases in the archive, or beside what is read
  bool secrets = false;     // queues: with what only an archive may see
  std::string archived_in;  // postgres://…: the archive behind the queue; empty = nothing leaves Redis by this relay
  std::string queue = "flashbid.archive";
  std::vector<std::string> kafka_settings;  // NAME=VALUE
  std::string webhook_secret_file;
  std::uint64_t webhook_tries = 12;
  bool webhook_allow_private = false;
  std::string dead_letters = "flashbid-dead-letters.jsonl";
  std::string listen;  // ADDR:PORT; empty = nowhere
  LogFlags log;
  std::string config;
};

}  // namespace flashbid
