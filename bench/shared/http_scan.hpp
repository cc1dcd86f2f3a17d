// Finds where an HTTP message ends, and nothing else of it: what the limits need of a request and the load of a reply.
// Pure.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace flashbid::bench {

struct Message {
  std::size_t head_bytes = 0;   // up to and with the empty line
  std::size_t total_bytes = 0;  // with the body
};

// The message that `bytes` begins with; none if it has not all arrived. A body has a Content-Length, spelled so.
[[nodiscard]] std::optional<Message> scan_message(std::string_view bytes);

}  // namespace flashbid::bench
