#include "shared/http_scan.hpp"

#include <array>
#include <charconv>
#include <cstring>

namespace flashbid::bench {
namespace {

// memmem is several times faster than string_view::find.
std::size_t position_of(std::string_view needle, std::string_view bytes) {
  const void* found = memmem(bytes.data(), bytes.size(), needle.data(), needle.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
}

}  // namespace

std::optional<Message> scan_message(std::string_view bytes) {
  constexpr std::string_view head_end = "\r\n\r\n";
  // As FlashBid and the limits write it, and as others do; looked for in this order.
  constexpr std::array<std::string_view, 2> length_names{"\r\nContent-Length: ", "\r\ncontent-length: "};
  const std::size_t end = position_of(head_end, bytes);
  if (end == std::string_view::npos) return std::nullopt;
  Message message{.head_bytes = end + head_end.size()};
  std::size_t body_bytes = 0;
  const std::string_view head = bytes.substr(0, message.head_bytes);
  for (const std::string_view name : length_names) {
    const std::size_t at = position_of(name, head);
    if (at == std::string_view::npos) continue;
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), body_bytes);
    break;
  }
  message.total_bytes = message.head_bytes + body_bytes;
  if (message.total_bytes > bytes.size()) return std::nullopt;
  return message;
}

}  // namespace flashbid::bench
