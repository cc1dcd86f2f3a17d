#include "app/worker_name.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <random>

namespace flashbid {

std::string worker_name() {
  std::array<char, 64> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {'?'};
  return fmt::format("{}:{}:{:08x}", host.data(), ::getpid(), std::random_device{}());
}

}  // namespace flashbid
