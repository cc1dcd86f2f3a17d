// Bodies of /v1/accounts and /v1/sessions.
#include <array>
#include <utility>

#include "wire/decode.hpp"
#include "wire/json_object.hpp"

namespace flashbid {
namespace {

constexpr std::size_t most_name_bytes = BidderId::max_size;
constexpr std::size_t most_password_bytes = 256;
constexpr std::size_t most_refresh_token_bytes = 64;

constexpr std::array<FieldSpec, 3> password_fields{{{"name", true}, {"password", true}, {"new_password", true}}};

FieldError take_field(std::size_t field, JsonValue value, PasswordChange& out) {
  const std::string_view name = password_fields[field].name;
  if (field == 0) return take_own_text(name, value, most_name_bytes, out.credentials.name);
  return take_own_text(name, value, most_password_bytes, field == 1 ? out.credentials.password : out.new_password);
}

Decoded<PasswordChange> decode(std::string_view json, std::size_t fields) {
  PasswordChange body;
  auto error = read_object(json, std::span(password_fields).first(fields),
                           [&](std::size_t field, JsonValue value) { return take_field(field, value, body); });
  if (error) return std::unexpected(std::move(*error));
  return body;
}

}  // namespace

Decoded<CredentialsBody> decode_credentials(std::string_view json) {
  auto body = decode(json, 2);
  if (!body) return std::unexpected(std::move(body.error()));
  return std::move(body->credentials);
}

Decoded<PasswordChange> decode_password_change(std::string_view json) { return decode(json, 3); }

Decoded<std::string> decode_refresh_token(std::string_view json) {
  constexpr std::array<FieldSpec, 1> fields{{{"refresh_token", true}}};
  std::string token;
  auto error = read_object(json, fields, [&](std::size_t, JsonValue value) {
    return take_own_text(fields[0].name, value, most_refresh_token_bytes, token);
  });
  if (error) return std::unexpected(std::move(*error));
  return token;
}

}  // namespace flashbid
