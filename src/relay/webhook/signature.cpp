#include "relay/webhook/signature.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>

#include "base/assert.hpp"

namespace flashbid::webhook {
namespace {

constexpr std::string_view prefix = "whsec_";
constexpr std::size_t least_bytes = 24;
constexpr std::size_t most_bytes = 64;

const unsigned char* bytes(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string to_base64(std::string_view text) {
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()), bytes(text), static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

// Only what to_base64() would have written.
Result<std::string> from_base64(std::string_view text) {
  const auto refuse = [] { return fail(Failure::invalid, "a webhook secret is whsec_ and base64, with padding"); };
  if (text.size() % 4 != 0) return refuse();
  std::string decoded(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()), bytes(text), static_cast<int>(text.size())) < 0)
    return refuse();
  while (text.ends_with('=') && !decoded.empty()) {
    text.remove_suffix(1);
    decoded.pop_back();
  }
  if (!to_base64(decoded).starts_with(text)) return refuse();
  return decoded;
}

}  // namespace

Result<std::string> key_of_secret(std::string_view secret) {
  if (!secret.starts_with(prefix)) return fail(Failure::invalid, "a webhook secret begins with whsec_");
  secret.remove_prefix(prefix.size());
  if (secret.size() > 2 * most_bytes) return fail(Failure::invalid, "a webhook secret has at most 64 bytes");
  auto key = from_base64(secret);
  if (key && (key->size() < least_bytes || key->size() > most_bytes)) {
    return fail(Failure::invalid, fmt::format("a webhook secret has {} to {} bytes, and this one {}", least_bytes,
                                              most_bytes, key->size()));
  }
  return key;
}

std::vector<std::string> secrets_of_file(std::string_view text) {
  constexpr std::string_view space = " \t\r";
  std::vector<std::string> secrets;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    line.remove_prefix(std::min(line.find_first_not_of(space), line.size()));
    if (line.empty() || line.front() == '#') continue;
    secrets.emplace_back(line.substr(0, line.find_last_not_of(space) + 1));
  }
  return secrets;
}

std::string sign(const std::vector<std::string>& keys, std::string_view id, std::string_view timestamp,
                 std::string_view body) {
  const std::string text = fmt::format("{}.{}.{}", id, timestamp, body);
  std::string header;
  for (const std::string& key : keys) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    require(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(text), text.size(), digest.data(),
                 &size) != nullptr,
            "HMAC-SHA256 is there");
    if (!header.empty()) header += ' ';
    header += "v1," + to_base64({reinterpret_cast<const char*>(digest.data()), size});
  }
  return header;
}

}  // namespace flashbid::webhook
