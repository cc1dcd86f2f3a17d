#include "archive/parameters.hpp"

#include <array>

namespace flashbid::archive {
namespace {

// pg_type.dat
constexpr Oid int8_type = 20;
constexpr Oid text_type = 25;
constexpr Oid int8_array_type = 1016;
constexpr Oid text_array_type = 1009;

template <class Number>
void append_big_endian(Number value, std::string& out) {
  std::array<char, sizeof(Number)> bytes{};
  for (std::size_t k = 0; k < bytes.size(); ++k) {
    bytes[k] = static_cast<char>((value >> (8 * (bytes.size() - 1 - k))) & 0xFF);
  }
  out.append(bytes.data(), bytes.size());
}

// dimensions, whether there are nulls, the elements' type, how many, the first one's index; then each with its length.
std::string array_bytes(Oid element, std::size_t count, const std::string& elements) {
  std::string out;
  out.reserve(20 + elements.size());
  append_big_endian(std::uint32_t{count > 0 ? 1U : 0U}, out);
  append_big_endian(std::uint32_t{0}, out);
  append_big_endian(std::uint32_t{element}, out);
  if (count == 0) return out;
  append_big_endian(static_cast<std::uint32_t>(count), out);
  append_big_endian(std::uint32_t{1}, out);
  out += elements;
  return out;
}

}  // namespace

NumberArray& NumberArray::add(std::int64_t value) {
  append_big_endian(std::uint32_t{sizeof(value)}, elements_);
  append_big_endian(static_cast<std::uint64_t>(value), elements_);
  ++count_;
  return *this;
}

std::string NumberArray::bytes() const { return array_bytes(int8_type, count_, elements_); }

TextArray& TextArray::add(std::string_view text) {
  append_big_endian(static_cast<std::uint32_t>(text.size()), elements_);
  elements_ += text;
  ++count_;
  return *this;
}

std::string TextArray::bytes() const { return array_bytes(text_type, count_, elements_); }

// A signature, flags and the size of an extension.
CopyRows::CopyRows() {
  using namespace std::string_view_literals;
  bytes_ = "PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"sv;
}

CopyRows& CopyRows::row(std::uint16_t columns) {
  append_big_endian(columns, bytes_);
  return *this;
}

CopyRows& CopyRows::add(std::int64_t value) {
  append_big_endian(std::uint32_t{sizeof(value)}, bytes_);
  append_big_endian(static_cast<std::uint64_t>(value), bytes_);
  return *this;
}

CopyRows& CopyRows::add_small(std::int16_t value) {
  append_big_endian(std::uint32_t{sizeof(value)}, bytes_);
  append_big_endian(static_cast<std::uint16_t>(value), bytes_);
  return *this;
}

CopyRows& CopyRows::add(std::string_view text) {
  append_big_endian(static_cast<std::uint32_t>(text.size()), bytes_);
  bytes_ += text;
  return *this;
}

Parameters& Parameters::add(std::int64_t value) {
  std::string bytes;
  append_big_endian(static_cast<std::uint64_t>(value), bytes);
  types_.push_back(int8_type);
  values_.push_back(std::move(bytes));
  return *this;
}

Parameters& Parameters::add(std::string_view text) {
  types_.push_back(text_type);
  values_.emplace_back(text);
  return *this;
}

Parameters& Parameters::add(const NumberArray& array) {
  types_.push_back(int8_array_type);
  values_.push_back(array.bytes());
  return *this;
}

Parameters& Parameters::add(const TextArray& array) {
  types_.push_back(text_array_type);
  values_.push_back(array.bytes());
  return *this;
}

}  // namespace flashbid::archive
