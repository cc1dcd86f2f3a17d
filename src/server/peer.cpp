#include "server/peer.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <cstring>

namespace flashbid {

IpAddress peer_address(int descriptor) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&name), &size) != 0) return {};
  if (name.ss_family == AF_INET) {
    IpAddress::V4 bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in&>(name).sin_addr, bytes.size());
    return IpAddress::of(bytes);
  }
  if (name.ss_family != AF_INET6) return {};
  IpAddress::V6 bytes;
  std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(name).sin6_addr, bytes.size());
  return IpAddress::of(bytes);
}

}  // namespace flashbid
