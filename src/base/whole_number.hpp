// A whole number as others write it. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace flashbid {

// Digits only, all of them; nullopt otherwise.
[[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view digits);

}  // namespace flashbid
