#include "access/jwk.hpp"

#include <fmt/format.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <utility>

#include "access/base64url.hpp"

namespace flashbid::access {
namespace {

using Read = Result<std::variant<Key, PassedOver>>;
using OwnedBuilder = std::unique_ptr<OSSL_PARAM_BLD, Releasing<OSSL_PARAM_BLD_free>>;
using OwnedParameters = std::unique_ptr<OSSL_PARAM, Releasing<OSSL_PARAM_free>>;
using OwnedNumber = std::unique_ptr<BIGNUM, Releasing<BN_free>>;

// What a document from elsewhere says, on its way into a log: short, and without control characters.
std::string shown(std::string_view text) {
  std::string made(text.substr(0, 40));
  std::ranges::replace_if(made, [](char c) { return c < ' ' || c > '~'; }, '?');
  return made;
}

// The text of a member; empty optional if it is not there.
Result<std::optional<std::string>> optional_text(JsonObject jwk, std::string_view name) {
  const auto found = member(jwk, name);
  if (!found) return std::nullopt;
  const auto text = text_of(*found);
  if (!text) return fail(Failure::invalid, fmt::format("its \"{}\" is no text", name));
  return std::string(*text);
}

// The bytes of a member that must be there.
Result<std::string> bytes_of_member(JsonObject jwk, std::string_view name) {
  const auto text = optional_text(jwk, name);
  if (!text) return std::unexpected(text.error());
  if (!*text) return fail(Failure::invalid, fmt::format("it has no \"{}\"", name));
  auto bytes = from_base64url(**text);
  if (!bytes || bytes->empty()) return fail(Failure::invalid, fmt::format("its \"{}\" is no base64url", name));
  return std::move(*bytes);
}

OwnedKey key_from(const char* kind, OSSL_PARAM_BLD& builder) {
  const OwnedParameters parameters(OSSL_PARAM_BLD_to_param(&builder));
  const OwnedKeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return OwnedKey(key);
}

Result<Key> checked(OwnedKey key) {
  if (!key) return fail(Failure::invalid, "its numbers are no public key");
  return Key::of_public(std::move(key));
}

Result<Key> read_rsa(JsonObject jwk) {
  const CleanErrors clean;
  const auto modulus = bytes_of_member(jwk, "n"), exponent = bytes_of_member(jwk, "e");
  if (!modulus) return std::unexpected(modulus.error());
  if (!exponent) return std::unexpected(exponent.error());
  if (modulus->size() > most_rsa_bits / 8 + 1 || exponent->size() > 64) {
    return fail(Failure::invalid, fmt::format("an RSA key for tokens has at most {} bits", most_rsa_bits));
  }
  const OwnedBuilder builder(OSSL_PARAM_BLD_new());
  const OwnedNumber n(BN_bin2bn(bytes_of(*modulus), static_cast<int>(modulus->size()), nullptr));
  const OwnedNumber e(BN_bin2bn(bytes_of(*exponent), static_cast<int>(exponent->size()), nullptr));
  if (!builder || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return checked(nullptr);
  }
  return checked(key_from("RSA", *builder));
}

Result<Key> read_ec(JsonObject jwk) {
  const CleanErrors clean;
  const auto x = bytes_of_member(jwk, "x"), y = bytes_of_member(jwk, "y");
  if (!x) return std::unexpected(x.error());
  if (!y) return std::unexpected(y.error());
  if (x->size() != 32 || y->size() != 32) return fail(Failure::invalid, "its \"x\" and \"y\" have 32 bytes each");
  const std::string point = '\x04' + *x + *y;
  const OwnedBuilder builder(OSSL_PARAM_BLD_new());
  if (!builder || OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return checked(nullptr);
  }
  return checked(key_from("EC", *builder));
}

Result<Key> read_okp(JsonObject jwk) {
  const CleanErrors clean;
  const auto x = bytes_of_member(jwk, "x");
  if (!x) return std::unexpected(x.error());
  if (x->size() != 32) return fail(Failure::invalid, "its \"x\" has 32 bytes");
  return checked(OwnedKey(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(*x), x->size())));
}

Result<Key> read_oct(JsonObject jwk) {
  auto secret = bytes_of_member(jwk, "k");
  if (!secret) return std::unexpected(std::move(secret.error()));
  return Key::of_secret(std::move(*secret));
}

// Why a key is for something else than verifying; empty if it is not.
Result<std::string> other_purpose(JsonObject jwk) {
  const auto use = optional_text(jwk, "use");
  if (!use) return std::unexpected(use.error());
  if (*use && **use != "sig") return fmt::format("its use is \"{}\"", shown(**use));
  const auto operations = member(jwk, "key_ops");
  if (!operations) return std::string();
  simdjson::dom::array list;
  if (operations->get_array().get(list) != simdjson::SUCCESS) {
    return fail(Failure::invalid, "its \"key_ops\" is no list");
  }
  bool verifies = false;
  for (const JsonElement each : list) {
    const auto text = text_of(each);
    if (!text) return fail(Failure::invalid, "its \"key_ops\" holds what is no text");
    verifies = verifies || *text == "verify";
  }
  return verifies ? "" : "its key_ops do not say \"verify\"";
}

using ReadKind = Result<Key> (*)(JsonObject);

// How to read a kind; why it is passed over, if there is no way.
Result<std::variant<ReadKind, PassedOver>> reader_of(JsonObject jwk) {
  const auto kind = optional_text(jwk, "kty"), curve = optional_text(jwk, "crv");
  if (!kind) return std::unexpected(kind.error());
  if (!*kind) return fail(Failure::invalid, "it has no \"kty\"");
  if (**kind == "RSA") return &read_rsa;
  if (**kind == "oct") return &read_oct;
  if (**kind != "EC" && **kind != "OKP") return PassedOver{fmt::format("its kty is \"{}\"", shown(**kind))};
  if (!curve) return std::unexpected(curve.error());
  if (!*curve) return fail(Failure::invalid, "it has no \"crv\"");
  if (**kind == "EC" && **curve == "P-256") return &read_ec;
  if (**kind == "OKP" && **curve == "Ed25519") return &read_okp;
  return PassedOver{fmt::format("its curve is \"{}\"", shown(**curve))};
}

}  // namespace

Read read_jwk(JsonObject jwk) {
  if (!has_unique_members(jwk)) return fail(Failure::invalid, "a member of it stands twice");
  auto id = optional_text(jwk, "kid");
  if (!id) return std::unexpected(std::move(id.error()));
  if (*id && (*id)->size() > most_key_id_bytes) {
    return fail(Failure::invalid, fmt::format("its \"kid\" is longer than {} bytes", most_key_id_bytes));
  }
  auto reader = reader_of(jwk);
  if (!reader) return std::unexpected(std::move(reader.error()));
  if (auto* passed_over = std::get_if<PassedOver>(&*reader)) return std::move(*passed_over);
  auto purpose = other_purpose(jwk);
  if (!purpose) return std::unexpected(std::move(purpose.error()));
  if (!purpose->empty()) return PassedOver{std::move(*purpose)};
  auto algorithm = optional_text(jwk, "alg");
  if (!algorithm) return std::unexpected(std::move(algorithm.error()));
  const auto known = *algorithm ? parse_algorithm(**algorithm) : std::nullopt;
  if (*algorithm && !known) return PassedOver{fmt::format("its alg is \"{}\"", shown(**algorithm))};
  if (member(jwk, "d")) {
    return fail(Failure::invalid, "it holds its private half, \"d\": a server that verifies must not have it");
  }
  auto key = std::get<ReadKind>(*reader)(jwk);
  if (!key) return std::unexpected(std::move(key.error()));
  if (known && !key->narrow_to(Algorithms(*known))) {
    return fail(Failure::invalid, fmt::format("its \"alg\", {}, is none of its kind", name_of(*known)));
  }
  if (*id) key->set_id(std::move(**id));
  return std::move(*key);
}

}  // namespace flashbid::access
