// The signature algorithms that there are: the whole list. Which of them count is bound to each key (key.hpp), never
// chosen by a token. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace flashbid::access {

enum class Algorithm : std::uint8_t { hs256, rs256, ps256, es256, eddsa };

inline constexpr std::array<std::string_view, 5> algorithm_names{"HS256", "RS256", "PS256", "ES256", "EdDSA"};

[[nodiscard]] constexpr std::string_view name_of(Algorithm algorithm) {
  return algorithm_names[static_cast<std::size_t>(algorithm)];
}

// Exactly as RFC 7518 and RFC 8037 write it; nullopt for anything else, `none` and other spellings above all.
[[nodiscard]] constexpr std::optional<Algorithm> parse_algorithm(std::string_view name) {
  for (std::size_t i = 0; i < algorithm_names.size(); ++i) {
    if (algorithm_names[i] == name) return static_cast<Algorithm>(i);
  }
  return std::nullopt;
}

// A set of algorithms.
class Algorithms {
 public:
  constexpr Algorithms() = default;
  template <class... Each>
  constexpr explicit Algorithms(Each... each) : bits_((bit(each) | ...)) {}
  [[nodiscard]] constexpr bool has(Algorithm algorithm) const { return (bits_ & bit(algorithm)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr Algorithms both(Algorithms other) const {
    Algorithms made;
    made.bits_ = bits_ & other.bits_;
    return made;
  }
  friend constexpr bool operator==(Algorithms, Algorithms) = default;

 private:
  static constexpr unsigned bit(Algorithm algorithm) { return 1U << static_cast<unsigned>(algorithm); }
  unsigned bits_ = 0;
};

}  // namespace flashbid::access
