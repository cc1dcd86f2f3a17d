#include "access/ip_address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace flashbid {
namespace {

constexpr std::size_t v4_at = 12;  // where an IPv4 address stands in IPv6's bytes
constexpr unsigned v4_bits_at = 96;
constexpr unsigned v6_bits = 128;
constexpr std::array<std::uint8_t, v4_at> v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// Bits after the first `length` are 0.
IpAddress::V6 cut(IpAddress::V6 bytes, unsigned length) {
  for (unsigned k = 0; k < bytes.size(); ++k) {
    const unsigned kept = std::clamp(length, 8 * k, 8 * k + 8) - 8 * k;
    bytes.at(k) = static_cast<std::uint8_t>(bytes.at(k) & (0xff00U >> kept));
  }
  return bytes;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

IpAddress IpAddress::of(const V4& bytes) {
  IpAddress address;
  std::ranges::copy(v4_prefix, address.bytes_.begin());
  std::ranges::copy(bytes, address.bytes_.begin() + v4_at);
  return address;
}

IpAddress IpAddress::of(const V6& bytes) {
  IpAddress address;
  address.bytes_ = bytes;
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> line{};  // ends with a 0
  if (text.size() >= line.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::ranges::copy(text, line.begin());
  V4 v4{};
  if (::inet_pton(AF_INET, line.data(), v4.data()) == 1) return of(v4);
  V6 v6{};
  if (::inet_pton(AF_INET6, line.data(), v6.data()) == 1) return of(v6);
  return std::nullopt;
}

bool IpAddress::is_v4() const { return std::ranges::equal(std::span(bytes_).first(v4_at), v4_prefix); }

IpAddress IpAddress::limited_as() const { return is_v4() ? *this : of(cut(bytes_, 64)); }

std::string to_text(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.is_v4()) {
    ::inet_ntop(AF_INET, address.bytes().data() + v4_at, text.data(), text.size());
  } else {
    ::inet_ntop(AF_INET6, address.bytes().data(), text.data(), text.size());
  }
  return text.data();
}

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return fail(Failure::invalid,
                fmt::format("a network like 10.0.0.0/8, fd00::/8 or 192.0.2.1 is expected, not \"{}\"", text));
  }
  IpNetwork network;
  network.first_ = *address;
  if (slash == std::string_view::npos) return network;
  // What was written with colons has IPv6's length, also around an IPv4 address.
  const unsigned before = text.find(':') == std::string_view::npos ? v4_bits_at : 0;
  const std::string_view digits = text.substr(slash + 1);
  unsigned length = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
  const unsigned least = address->is_v4() ? v4_bits_at - before : 0;
  if (error != std::errc{} || end != digits.data() + digits.size() || length > v6_bits - before || length < least) {
    return fail(Failure::invalid, fmt::format("\"{}\": behind the / a whole number from {} to {} is expected", text,
                                              least, v6_bits - before));
  }
  network.length_ = before + length;
  const IpAddress first = IpAddress::of(cut(address->bytes(), network.length_));
  if (first != *address) {
    return fail(Failure::invalid, fmt::format("\"{}\" has bits beyond its length: {}/{} would be that network", text,
                                              to_text(first), first.is_v4() ? network.length_ - v4_bits_at : length));
  }
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const {
  return address.is_v4() == first_.is_v4() && cut(address.bytes(), length_) == first_.bytes();
}

Result<std::vector<IpNetwork>> parse_networks(std::string_view text) {
  std::vector<IpNetwork> networks;
  if (trimmed(text).empty()) return networks;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    auto network = IpNetwork::parse(trimmed(text.substr(begin, end - begin)));
    if (!network) return std::unexpected(std::move(network.error()));
    networks.push_back(*network);
    begin = end + 1;
  }
  return networks;
}

}  // namespace flashbid
