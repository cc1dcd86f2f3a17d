#include "accounts/secret.hpp"

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <array>

#include "access/base64url.hpp"
#include "access/openssl.hpp"
#include "base/assert.hpp"

namespace flashbid::accounts {

std::string random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  const int made = RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count));
  require(made == 1, "the system gives random bytes");
  return bytes;
}

std::string new_refresh_token() { return access::to_base64url(random_bytes(32)); }

std::string digest_of(std::string_view token) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(access::bytes_of(token), token.size(), digest.data());
  return access::to_base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

}  // namespace flashbid::accounts
