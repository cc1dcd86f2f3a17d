// What the fuzz targets share. Header only; tests only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "wire/json_object.hpp"

namespace flashbid::fuzz {

// Stops at what must never be; libFuzzer then keeps the input that led here.
inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "fuzz: this does not hold: %s\n", what);
  std::abort();
}

// The text in a block of its own with exactly the room behind it that decoders may read, filled with what would be
// noticed if it were taken for content.
class Padded {
 public:
  explicit Padded(std::string_view text) : size_(text.size()), bytes_(text.begin(), text.end()) {
    bytes_.resize(size_ + json_padding, '7');
  }
  [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::size_t size_;
  std::vector<char> bytes_;
};

// The bytes in pieces whose sizes follow from the bytes alone, 1 … `most` each.
inline std::vector<std::string> in_pieces(std::string_view bytes, std::size_t most) {
  std::vector<std::string> pieces;
  std::uint64_t state = 0x9e3779b97f4a7c15U + bytes.size();
  while (!bytes.empty()) {
    state = (state ^ static_cast<unsigned char>(bytes.front())) * 0x100000001b3U;
    pieces.emplace_back(bytes.substr(0, 1 + (state >> 33U) % most));
    bytes.remove_prefix(pieces.back().size());
  }
  return pieces;
}

// An error on its way to a client can be sent, and says something.
inline void check_error(const WireError& error) {
  must(!error.detail.empty(), "an error says what is wrong");
  must(simdjson::validate_utf8(error.detail), "an error's detail is UTF-8");
}

}  // namespace flashbid::fuzz
