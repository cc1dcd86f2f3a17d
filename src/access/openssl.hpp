// What the folder shares of OpenSSL: owners of its objects, and its queue of errors kept empty. Any thread.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>
#include <string_view>

#include "base/releasing.hpp"

namespace flashbid::access {

using OwnedKey = std::unique_ptr<EVP_PKEY, Releasing<EVP_PKEY_free>>;
using OwnedKeyContext = std::unique_ptr<EVP_PKEY_CTX, Releasing<EVP_PKEY_CTX_free>>;
using OwnedDigestContext = std::unique_ptr<EVP_MD_CTX, Releasing<EVP_MD_CTX_free>>;
using OwnedBio = std::unique_ptr<BIO, Releasing<BIO_free_all>>;

// An error that stays in the thread's queue would be taken for one of the next TLS call: whoever may fail holds one.
class CleanErrors {
 public:
  CleanErrors() { ERR_clear_error(); }
  ~CleanErrors() { ERR_clear_error(); }
  CleanErrors(const CleanErrors&) = delete;
  CleanErrors& operator=(const CleanErrors&) = delete;
};

[[nodiscard]] inline const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// Reading memory that outlives it.
[[nodiscard]] inline OwnedBio bio_of(std::string_view text) {
  return OwnedBio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

}  // namespace flashbid::access
