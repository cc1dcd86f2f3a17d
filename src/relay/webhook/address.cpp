#include "relay/webhook/address.hpp"

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>

namespace flashbid::webhook {
namespace {

using Bytes4 = std::array<std::uint8_t, 4>;
using Bytes16 = std::array<std::uint8_t, 16>;

template <class Bytes>
struct Range {
  Bytes first;
  unsigned bits;
  std::string_view name;
};

// IANA's registry of special-purpose addresses, as far as they are not globally reachable, and multicast.
constexpr std::array<Range<Bytes4>, 16> ranges4{{
    {{0, 0, 0, 0}, 8, "unspecified"},
    {{10, 0, 0, 0}, 8, "private"},
    {{100, 64, 0, 0}, 10, "carrier-grade NAT"},
    {{127, 0, 0, 0}, 8, "loopback"},
    {{169, 254, 0, 0}, 16, "link-local"},
    {{172, 16, 0, 0}, 12, "private"},
    {{192, 0, 0, 0}, 24, "reserved"},
    {{192, 0, 2, 0}, 24, "for documents"},
    {{192, 88, 99, 0}, 24, "reserved"},
    {{192, 168, 0, 0}, 16, "private"},
    {{198, 18, 0, 0}, 15, "for benchmarks"},
    {{198, 51, 100, 0}, 24, "for documents"},
    {{203, 0, 113, 0}, 24, "for documents"},
    {{224, 0, 0, 0}, 4, "multicast"},
    {{255, 255, 255, 255}, 32, "broadcast"},
    {{240, 0, 0, 0}, 4, "reserved"},
}};

// All that is global today lies in 2000::/3; whatever is neither there nor here is reserved.
constexpr std::array<Range<Bytes16>, 9> ranges6{{
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 128, "unspecified"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, "loopback"},
    {{0xfc}, 7, "private"},
    {{0xfe, 0x80}, 10, "link-local"},
    {{0xfe, 0xc0}, 10, "private"},
    {{0xff}, 8, "multicast"},
    {{0x20, 0x01, 0, 0}, 23, "reserved"},  // Teredo, benchmarks, ORCHID
    {{0x20, 0x01, 0x0d, 0xb8}, 32, "for documents"},
    {{0x3f, 0xff}, 20, "for documents"},
}};

// What carries an IPv4 address, and at which byte.
struct Carrier {
  Bytes16 first;
  unsigned bits;
  std::size_t at;
};
constexpr std::array<Carrier, 5> carriers{{
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12},     // mapped
    {{0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, 12},           // translated (RFC 2765)
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, 96, 12},           // compatible
    {{0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0}, 96, 12},  // NAT64
    {{0x20, 0x02}, 16, 2},                                    // 6to4
}};

bool is_within(std::span<const std::uint8_t> address, std::span<const std::uint8_t> first, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::ranges::equal(address.first(whole), first.first(whole))) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || (address[whole] ^ first[whole]) >> (8 - rest) == 0;
}

std::string_view why_not_public(const Bytes4& address) {
  for (const auto& range : ranges4) {
    if (is_within(address, range.first, range.bits)) return range.name;
  }
  return {};
}

std::string_view why_not_public(const Bytes16& address) {
  for (const auto& range : ranges6) {
    if (is_within(address, range.first, range.bits)) return range.name;
  }
  for (const Carrier& carrier : carriers) {
    if (!is_within(address, carrier.first, carrier.bits)) continue;
    Bytes4 carried{};
    std::ranges::copy(std::span(address).subspan(carrier.at, carried.size()), carried.begin());
    return why_not_public(carried);
  }
  return is_within(address, Bytes16{0x20}, 3) ? std::string_view{} : "reserved";
}

template <class Bytes>
Bytes bytes_of(const sockaddr& address, std::size_t offset) {
  Bytes bytes{};
  std::memcpy(bytes.data(), reinterpret_cast<const char*>(&address) + offset, bytes.size());
  return bytes;
}

}  // namespace

std::string_view why_not_public(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    return why_not_public(bytes_of<Bytes4>(address, offsetof(sockaddr_in, sin_addr)));
  }
  if (address.sa_family == AF_INET6) {
    return why_not_public(bytes_of<Bytes16>(address, offsetof(sockaddr_in6, sin6_addr)));
  }
  return "of an unknown kind";
}

}  // namespace flashbid::webhook
