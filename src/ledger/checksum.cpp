#include "ledger/checksum.hpp"

#include <isa-l/crc.h>

#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "base/assert.hpp"

namespace flashbid {
namespace {

static_assert(std::endian::native == std::endian::little, "the rows' checksums take integers little endian");

// isa-l reads the bytes only, though its parameter is not const.
std::uint32_t extend(std::uint32_t crc, const char* bytes, std::size_t size) {
  require(size <= std::numeric_limits<int>::max(), "a column is below 2 GiB");
  return crc32_iscsi(reinterpret_cast<unsigned char*>(const_cast<char*>(bytes)), static_cast<int>(size), crc);
}

}  // namespace

Checksum& Checksum::add(std::uint64_t value) {
  std::array<char, sizeof value> bytes;
  std::memcpy(bytes.data(), &value, sizeof value);
  crc_ = extend(crc_, bytes.data(), bytes.size());
  return *this;
}

Checksum& Checksum::add(std::string_view text) {
  add(std::uint64_t{text.size()});
  crc_ = extend(crc_, text.data(), text.size());
  return *this;
}

}  // namespace flashbid
