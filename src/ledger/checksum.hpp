// CRC32C over the columns of a stored row, so that a change of any of them is found. Pure; any thread.
//
//   crc = CRC32C( for each column in order: an integer as 8 bytes little endian,
//                                           a text as its length (8 bytes little endian) and its bytes )
#pragma once

#include <cstdint>
#include <string_view>

namespace flashbid {

class Checksum {
 public:
  Checksum& add(std::uint64_t value);
  Checksum& add(std::int64_t value) { return add(static_cast<std::uint64_t>(value)); }
  Checksum& add(std::string_view text);
  [[nodiscard]] std::uint32_t value() const { return crc_ ^ 0xFFFF'FFFFU; }

 private:
  std::uint32_t crc_ = 0xFFFF'FFFFU;
};

}  // namespace flashbid
