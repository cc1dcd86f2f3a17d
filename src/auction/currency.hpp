// ISO 4217 currency codes and how many decimals each has. Values only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace flashbid {

// A currency in use, as ISO 4217 lists it: three capitals and the exponent of its minor unit (CNY 2, JPY 0, KWD 3).
class Currency {
 public:
  constexpr Currency() = default;  // CNY
  // nullopt if ISO 4217 lists no such active currency with a minor unit (XXX, XAU are none).
  [[nodiscard]] static std::optional<Currency> parse(std::string_view code);
  [[nodiscard]] std::string_view code() const { return {code_.data(), code_.size()}; }
  // Decimals of the major unit: 1 major unit = 10^decimals minor units.
  [[nodiscard]] int decimals() const { return decimals_; }
  friend bool operator==(const Currency&, const Currency&) = default;

 private:
  std::array<char, 3> code_{'C', 'N', 'Y'};
  std::uint8_t decimals_ = 2;
};

}  // namespace flashbid
