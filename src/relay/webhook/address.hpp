// Which addresses are of the public internet. A webhook's URL may come from somebody who should not reach what stands
// beside this program: a database, an administration page, a cloud's metadata. Pure; any thread.
#pragma once

#include <sys/socket.h>

#include <string_view>

namespace flashbid::webhook {

// Empty = a public one. Otherwise what it is instead: "loopback", "private", ... An address of IPv6 that carries one of
// IPv4 (mapped, 6to4, NAT64) is what that one is; one that is neither IPv4 nor IPv6 is not public.
[[nodiscard]] std::string_view why_not_public(const sockaddr& address);

}  // namespace flashbid::webhook
