// What somebody hears who speaks plain HTTP to a port of TLS. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace flashbid {

// The whole answer, after which the connection ends. `begun`: what has come of the request, to name its host.
[[nodiscard]] std::string plain_hint(std::string_view begun);

// Whether `host` can stand in a URL behind `https://` as it is: a name or an address, with or without a port, and not
// a byte more.
[[nodiscard]] bool is_plain_host(std::string_view host);

}  // namespace flashbid
