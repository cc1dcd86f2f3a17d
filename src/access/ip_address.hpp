// The addresses of clients and the networks of proxies. Plain values: any thread; an address never allocates.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace flashbid {

// An IPv4 or IPv6 address. An IPv4 one that came in IPv6's clothes (::ffff:192.0.2.1) is the IPv4 one.
class IpAddress {
 public:
  using V4 = std::array<std::uint8_t, 4>;
  using V6 = std::array<std::uint8_t, 16>;

  constexpr IpAddress() = default;  // ::
  [[nodiscard]] static IpAddress of(const V4& bytes);
  [[nodiscard]] static IpAddress of(const V6& bytes);
  // `192.0.2.1`, `2001:db8::1`; nothing around it, no zone, no port.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  // As bytes of IPv6, an IPv4 one behind ::ffff:.
  [[nodiscard]] const V6& bytes() const { return bytes_; }
  // The address for which limits count: of IPv6 the /64, for a single client has all of that; of IPv4 all bits.
  [[nodiscard]] IpAddress limited_as() const;

  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  V6 bytes_{};
};
// The one way to write it.
[[nodiscard]] std::string to_text(const IpAddress& address);

// What a CIDR names. IPv4 networks hold only IPv4 addresses, IPv6 ones only IPv6 ones.
class IpNetwork {
 public:
  // `10.0.0.0/8`, `fd00::/8`, or one address. Failure::invalid if it is none, or has bits beyond its length.
  [[nodiscard]] static Result<IpNetwork> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const;

 private:
  IpAddress first_;
  unsigned length_ = 128;  // of IPv6's bits
};

// Networks separated by commas, spaces around them allowed; nothing = none.
[[nodiscard]] Result<std::vector<IpNetwork>> parse_networks(std::string_view text);

}  // namespace flashbid
