// Whose request it is when proxies stand between. Pure; any thread.
//
// Only X-Forwarded-For is read, and only from proxies that the operator named. `Forwarded` (RFC 7939) is not: a proxy
// that writes the one lets the other through as the client sent it, and two headers that may disagree are a way in.
#pragma once

#include <span>
#include <string_view>

#include "access/ip_address.hpp"

namespace flashbid {

// `peer`: who is connected. `forwarded_for`: the values of all X-Forwarded-For lines, in order. Each proxy adds at the
// right the address that it was connected by, so the answer is the right-most that is no trusted proxy's; what stands
// left of it, anybody may have written. Entries are addresses, a port behind them or not. One that is none (`unknown`,
// a name, nothing) ends the walk at the last proxy that is known. If all are trusted, the left-most.
[[nodiscard]] IpAddress client_address(const IpAddress& peer, std::span<const IpNetwork> trusted,
                                       std::span<const std::string_view> forwarded_for);

}  // namespace flashbid
