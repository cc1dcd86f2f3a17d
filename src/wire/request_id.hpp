// What one request is called in its answer, in an error and in the log: as its sender calls it, or a name made here.
// Values without memory of their own.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace flashbid {

class RequestId {
 public:
  static constexpr std::size_t most_bytes = 64;

  RequestId() = default;  // none
  // 1-64 of `A-Z a-z 0-9 . _ : @ + / = -`: what is as harmless in a header as in JSON and in a log. nullopt = another
  // text.
  [[nodiscard]] static std::optional<RequestId> parse(std::string_view text);

  void clear() { size_ = 0; }
  [[nodiscard]] bool is_none() const { return size_ == 0; }
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, most_bytes> text_{};
  std::uint8_t size_ = 0;
};

// Makes names that are unique among all processes, as far as 48 random bits say so: those and a number that counts.
// Belongs to one thread; a name costs neither memory nor a call of the system.
class RequestIds {
 public:
  RequestIds();
  // Good until the next call.
  [[nodiscard]] std::string_view next();

 private:
  static constexpr std::size_t random_digits = 12;
  static constexpr std::size_t counted_digits = 12;
  std::array<char, random_digits + counted_digits> text_{};
};

}  // namespace flashbid
