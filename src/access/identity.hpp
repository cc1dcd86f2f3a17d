// Who asks, as a verified token says it. Plain values: any thread may use them; they never allocate.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace flashbid::access {

// What somebody may do. The names of the claim `role` are in name_of(); `operator` is a word of C++.
enum class Role : std::uint8_t { bidder, operator_ };

[[nodiscard]] constexpr std::string_view name_of(Role role) { return role == Role::operator_ ? "operator" : "bidder"; }

// Exactly as written; nullopt for anything else.
[[nodiscard]] constexpr std::optional<Role> parse_role(std::string_view text) {
  if (text == "bidder") return Role::bidder;
  if (text == "operator") return Role::operator_;
  return std::nullopt;
}

struct Identity {
  BidderId subject;
  Role role = Role::bidder;
  Timestamp expires;  // the token's `exp`, without leeway: what was opened with it ends here

  friend bool operator==(const Identity&, const Identity&) = default;
};

}  // namespace flashbid::access
