#include "access/key_set.hpp"

#include <fmt/format.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <utility>

#include "access/jwk.hpp"
#include "access/key_text.hpp"
#include "access/strict_json.hpp"

namespace flashbid::access {
namespace {

std::unexpected<Error> with(std::string_view which, const Error& error) {
  return fail(error.failure, fmt::format("{}: {}", which, error.detail));
}

// A public key, in either of its two forms; null if it is none.
OwnedKey read_public(const PemBlock& block) {
  const CleanErrors clean;
  const unsigned char* at = bytes_of(block.der);
  const auto size = static_cast<long>(block.der.size());
  OwnedKey key(block.name == "PUBLIC KEY" ? d2i_PUBKEY(nullptr, &at, size)
                                          : d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, size));
  return at == bytes_of(block.der) + size ? std::move(key) : nullptr;
}

Result<Key> key_of(const PemBlock& block) {
  if (block.name.ends_with("PRIVATE KEY")) {
    return fail(Failure::invalid,
                "it is a private key, which a server that verifies must not have: `openssl pkey -in FILE -pubout` "
                "writes the public one");
  }
  if (block.name.ends_with("CERTIFICATE")) {
    return fail(Failure::invalid, "it is a certificate: `openssl x509 -in FILE -noout -pubkey` writes its public key");
  }
  if (block.name != "PUBLIC KEY" && block.name != "RSA PUBLIC KEY") {
    return fail(Failure::invalid, "it holds a PEM block that is no PUBLIC KEY");
  }
  OwnedKey key = read_public(block);
  if (!key) return fail(Failure::invalid, "what is in its PEM block is no public key");
  return Key::of_public(std::move(key));
}

}  // namespace

Result<KeySet> KeySet::of_file_text(std::string_view text) {
  const auto form = form_of(text);
  if (!form) return std::unexpected(form.error());
  KeySet made;
  Result<void> read;
  switch (*form) {
    case KeyForm::pem:
      read = made.read_pem_keys(text);
      break;
    case KeyForm::json:
      read = made.read_json(text);
      break;
    case KeyForm::secret: {
      auto key = Key::of_secret(std::string(text));
      if (!key) return std::unexpected(std::move(key.error()));
      read = made.add(std::move(*key));
      break;
    }
  }
  if (read) read = made.check_usable();
  if (!read) return std::unexpected(std::move(read.error()));
  return made;
}

Result<KeySet> KeySet::of_published_text(std::string_view text) {
  if (text.size() > most_key_text_bytes) {
    return fail(Failure::invalid, fmt::format("it is longer than {} bytes", most_key_text_bytes));
  }
  KeySet made;
  auto read = made.read_json(text);
  if (read) read = made.check_usable();
  if (!read) return std::unexpected(std::move(read.error()));
  for (const Key& key : made.keys_) {
    if (key.algorithms().has(Algorithm::hs256)) {
      return fail(Failure::invalid, "it shows a secret, a key of kty oct, to everybody: with it anybody can sign");
    }
  }
  return made;
}

Result<KeySet> KeySet::of_own_key(const OwnKey& own) {
  KeySet made;
  if (auto added = made.add(own); !added) return std::unexpected(std::move(added.error()));
  return made;
}

Result<void> KeySet::add(const OwnKey& own) {
  auto key = Key::of_secret(own.secret);
  if (!key) return std::unexpected(std::move(key.error()));
  key->set_id(own.id);
  key->bind_to(own.issuer);
  auto added = add(std::move(*key));
  // In front: a token without `kid` tries only the first few.
  if (added) std::ranges::rotate(keys_, keys_.end() - 1);
  return added;
}

Result<void> KeySet::add(Key key) {
  if (keys_.size() == most_keys) return fail(Failure::invalid, fmt::format("it has more than {} keys", most_keys));
  const auto is_same = [&key](const Key& other) {
    return key.id() && key.id() == other.id() && !key.algorithms().both(other.algorithms()).empty();
  };
  if (std::ranges::any_of(keys_, is_same)) {
    return fail(Failure::invalid, "two of its keys have the same \"kid\" for the same algorithm");
  }
  keys_.push_back(std::move(key));
  return {};
}

Result<void> KeySet::read_pem_keys(std::string_view text) {
  const auto blocks = read_pem(text);
  if (!blocks) return std::unexpected(blocks.error());
  for (const PemBlock& block : *blocks) {
    auto key = key_of(block);
    if (!key) return std::unexpected(std::move(key.error()));
    if (auto added = add(std::move(*key)); !added) return added;
  }
  return {};
}

Result<void> KeySet::read_json(std::string_view text) {
  simdjson::dom::parser parser(most_key_text_bytes);
  const auto document = parse_object(parser, without_mark(text));
  if (!document)
    return fail(Failure::invalid, "it begins like JSON, and is no JSON object without members that stand twice");
  const auto read = [this](JsonObject jwk, std::size_t number) -> Result<void> {
    const std::string which = fmt::format("key {} of it", number);
    auto key = read_jwk(jwk);
    if (!key) return with(which, key.error());
    if (const auto* passed_over = std::get_if<PassedOver>(&*key)) {
      passed_over_.push_back(fmt::format("{} is not used: {}", which, passed_over->why));
      return {};
    }
    return add(std::move(std::get<Key>(*key)));
  };
  const auto keys = member(*document, "keys");
  if (!keys && member(*document, "kty")) return read(*document, 1);
  simdjson::dom::array list;
  if (!keys || keys->get_array().get(list) != simdjson::SUCCESS) {
    return fail(Failure::invalid, "it is JSON without a list \"keys\": a JWKS has one (RFC 7517, section 5)");
  }
  std::size_t number = 0;
  for (const JsonElement each : list) {
    JsonObject jwk;
    if (each.get_object().get(jwk) != simdjson::SUCCESS) {
      return fail(Failure::invalid, fmt::format("key {} of it is no JSON object", number + 1));
    }
    if (auto done = read(jwk, ++number); !done) return done;
  }
  return {};
}

Result<void> KeySet::check_usable() const {
  if (!keys_.empty()) return {};
  const std::string why = passed_over_.empty() ? "" : "; " + passed_over_.front();
  return fail(Failure::invalid, "it has no key to verify tokens with" + why);
}

}  // namespace flashbid::access
