#include "accounts/password.hpp"

#include <argon2.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "access/accounts.hpp"
#include "accounts/secret.hpp"

namespace flashbid::accounts {
namespace {

constexpr std::size_t salt_bytes = 16;
constexpr std::size_t hash_bytes = 32;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

std::unexpected<Error> failure(int code) {
  if (code == ARGON2_MEMORY_ALLOCATION_ERROR)
    return fail(Failure::unavailable, "there is no memory to hash a password");
  return fail(Failure::internal, fmt::format("a password cannot be hashed: {}", argon2_error_message(code)));
}

// The number behind `name` in a hash's parameters; 0 if there is none.
std::uint32_t parameter(std::string_view hash, std::string_view name) {
  const std::size_t at = hash.find(name);
  if (at == std::string_view::npos) return 0;
  std::uint32_t value = 0;
  std::from_chars(hash.data() + at + name.size(), hash.data() + hash.size(), value);
  return value;
}

}  // namespace

std::optional<std::string> wrong_password(std::string_view name, std::string_view password) {
  if (password.size() < least_password_bytes || password.size() > access::most_password_bytes) {
    return fmt::format("a password has {} to {} bytes of UTF-8", least_password_bytes, access::most_password_bytes);
  }
  if (!simdjson::validate_utf8(password.data(), password.size())) return "a password is UTF-8";
  if (std::ranges::equal(password, name, {}, lower, lower)) return "a password must not be the name itself";
  return std::nullopt;
}

Result<std::string> hash_password(std::string_view password, const HashCost& cost) {
  const std::string salt = random_bytes(salt_bytes);
  std::array<char, 256> encoded{};
  const int code = argon2id_hash_encoded(cost.passes, cost.memory_kib, cost.lanes, password.data(), password.size(),
                                         salt.data(), salt.size(), hash_bytes, encoded.data(), encoded.size());
  if (code != ARGON2_OK) return failure(code);
  return std::string(encoded.data());
}

Result<bool> matches(std::string_view password, const std::string& hash) {
  const int code = argon2id_verify(hash.c_str(), password.data(), password.size());
  if (code == ARGON2_OK) return true;
  if (code == ARGON2_MEMORY_ALLOCATION_ERROR) return failure(code);
  return false;
}

bool is_weaker(std::string_view hash, const HashCost& cost) {
  return parameter(hash, "$m=") < cost.memory_kib || parameter(hash, ",t=") < cost.passes;
}

}  // namespace flashbid::accounts
