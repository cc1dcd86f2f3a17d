// Any bytes as a key file: good keys, each with its algorithms and none too weak, or one sentence that can be printed.
// What is taken for a secret is never something that a reader of public keys would read.
#include <openssl/evp.h>

#include "access/key_set.hpp"
#include "access/key_text.hpp"
#include "access/signing_key.hpp"
#include "fuzz.hpp"

namespace flashbid::fuzz {
namespace {

using namespace access;

void check_sentence(std::string_view text) {
  must(!text.empty() && text.size() < 1'000, "a sentence says something, and is short");
  for (const char c : text) must(c >= ' ' && c != '\x7f', "a sentence is one line");
}

void check_keys(const Result<KeySet>& keys) {
  if (!keys) return check_sentence(keys.error().detail);
  must(!keys->keys().empty() && keys->keys().size() <= most_keys, "a set has keys, and not too many");
  for (const Key& key : keys->keys()) {
    must(!key.algorithms().empty(), "a key has its algorithms");
    must(!key.id() || key.id()->size() <= most_key_id_bytes, "an id keeps to its limit");
    must(!key.verify(Algorithm::hs256, "text", "") && !key.verify(Algorithm::es256, "text", std::string(64, '\0')),
         "nothing is no signature");
  }
  for (const std::string& sentence : keys->passed_over()) check_sentence(sentence);
}

}  // namespace
}  // namespace flashbid::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace flashbid::fuzz;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto keys = KeySet::of_file_text(text);
  check_keys(keys);
  const auto published = KeySet::of_published_text(text);
  check_keys(published);
  must(!published || keys, "what may be published may be in a file");
  const auto form = form_of(text);
  if (form && *form == KeyForm::secret) {
    must(text.find("\n-----BEGIN ") == std::string_view::npos && !text.starts_with("-----BEGIN "), "PEM is no secret");
    must(keys.has_value() == (text.size() >= least_secret_bytes && text.size() <= most_secret_bytes),
         "a secret is long enough");
  }
  const auto signing = SigningKey::of_file_text(text);
  if (!signing) check_sentence(signing.error().detail);
  must(ERR_peek_error() == 0, "nothing stays in OpenSSL's queue");
  return 0;
}
