#include "access/key_text.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <simdjson.h>

#include <algorithm>

#include "access/base64url.hpp"
#include "access/openssl.hpp"

namespace flashbid::access {
namespace {

constexpr std::string_view pem_begin = "-----BEGIN ";
constexpr std::string_view white_space = " \t\r\n";

bool is_white_space(char c) { return white_space.find(c) != std::string_view::npos; }

std::size_t count_blocks(std::string_view text) {
  std::size_t blocks = 0;
  for (std::size_t at = text.find(pem_begin); at != std::string_view::npos; at = text.find(pem_begin, at + 1)) {
    if (at == 0 || text[at - 1] == '\n' || text[at - 1] == '\r') ++blocks;
  }
  return blocks;
}

// What people write, not 32 random bytes of which the first happens to be a brace.
bool is_json(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(white_space);
  if (begin == std::string_view::npos || text[begin] != '{') return false;
  const auto is_text = [](char c) { return static_cast<unsigned char>(c) >= ' ' || is_white_space(c); };
  return std::ranges::all_of(text, is_text) && simdjson::validate_utf8(text);
}

template <auto read, auto release>
bool is_whole(std::string_view der) {
  const unsigned char* at = bytes_of(der);
  auto* object = read(nullptr, &at, static_cast<long>(der.size()));
  const bool whole = object != nullptr && at == bytes_of(der) + der.size();
  release(object);
  return whole;
}

EVP_PKEY* read_rsa(EVP_PKEY** into, const unsigned char** at, long size) {
  return d2i_PublicKey(EVP_PKEY_RSA, into, at, size);
}

// A key or a certificate without PEM around it.
bool is_der(std::string_view text) {
  const CleanErrors clean;
  if (!text.starts_with('\x30')) return false;
  return is_whole<d2i_PUBKEY, EVP_PKEY_free>(text) || is_whole<d2i_X509, X509_free>(text) ||
         is_whole<d2i_AutoPrivateKey, EVP_PKEY_free>(text) || is_whole<read_rsa, EVP_PKEY_free>(text);
}

// The inside of a PEM block alone, in whichever base64.
bool is_der_in_base64(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (is_white_space(c) || c == '=') continue;
    digits += c == '+' ? '-' : c == '/' ? '_' : c;
  }
  const auto der = from_base64url(digits);
  return der && is_der(*der);
}

bool is_openssh(std::string_view text) {
  return text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-") || text.starts_with("sk-ssh-") ||
         text.starts_with("sk-ecdsa-") || text.starts_with("---- BEGIN SSH2");
}

}  // namespace

std::string_view without_mark(std::string_view text) {
  constexpr std::string_view mark = "\xEF\xBB\xBF";
  if (text.starts_with(mark)) text.remove_prefix(mark.size());
  return text;
}

Result<KeyForm> form_of(std::string_view text) {
  if (text.empty()) return fail(Failure::invalid, "it is empty: `openssl rand -hex 32` makes a secret");
  if (text.size() > most_key_text_bytes) {
    return fail(Failure::invalid, fmt::format("it is longer than {} bytes", most_key_text_bytes));
  }
  const std::string_view shown = without_mark(text);
  if (count_blocks(shown) > 0) return KeyForm::pem;
  if (is_json(shown)) return KeyForm::json;
  if (is_der(text)) {
    return fail(Failure::invalid, "it is a key in DER: `openssl pkey -pubin -inform DER -in FILE` writes it as PEM");
  }
  if (is_openssh(shown)) {
    return fail(Failure::invalid, "it is a key in OpenSSH's form: `ssh-keygen -e -m PKCS8 -f FILE` writes it as PEM");
  }
  if (is_der_in_base64(shown)) {
    return fail(Failure::invalid, "it is a key without the lines -----BEGIN …----- and -----END …----- around it");
  }
  return KeyForm::secret;
}

Result<std::vector<PemBlock>> read_pem(std::string_view text) {
  const CleanErrors clean;
  text = without_mark(text);
  const OwnedBio bio = bio_of(text);
  std::vector<PemBlock> blocks;
  for (;;) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* der = nullptr;
    long size = 0;
    if (PEM_read_bio(bio.get(), &name, &header, &der, &size) != 1) break;
    const bool is_encrypted = *header != '\0';
    blocks.push_back(
        {name, is_encrypted ? "" : std::string(reinterpret_cast<char*>(der), static_cast<std::size_t>(size))});
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_free(der);
  }
  if (blocks.empty() || blocks.size() != count_blocks(text)) {
    return fail(Failure::invalid, "a PEM block in it is cut off or damaged");
  }
  return blocks;
}

}  // namespace flashbid::access
