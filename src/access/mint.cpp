#include "access/mint.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <iterator>

#include "access/base64url.hpp"
#include "access/jwt.hpp"

namespace flashbid::access {
namespace {

void append_text(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < ' ') {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_member(std::string_view name, const std::optional<std::string>& text, std::string& out) {
  if (!text) return;
  out += fmt::format(R"(,"{}":)", name);
  append_text(*text, out);
}

// A NumericDate, exactly: whole seconds without a point.
std::string date_text(Timestamp time) {
  const std::int64_t fraction = time.ms % 1'000;
  return fraction == 0 ? fmt::format("{}", time.ms / 1'000) : fmt::format("{}.{:03}", time.ms / 1'000, fraction);
}

bool is_utf8(const std::optional<std::string>& text) { return !text || simdjson::validate_utf8(*text); }

}  // namespace

Result<std::string> mint(const SigningKey& key, const TokenContent& content) {
  if (!is_utf8(content.issuer) || !is_utf8(content.audience) || !is_utf8(content.key_id)) {
    return fail(Failure::invalid, "the texts of a token are UTF-8");
  }
  std::string header = fmt::format(R"({{"alg":"{}","typ":"JWT")", name_of(key.algorithm()));
  append_member("kid", content.key_id, header);
  header += '}';
  std::string claims = fmt::format(R"({{"sub":"{}","role":"{}","iat":{},"exp":{})", content.subject.view(),
                                   name_of(content.role), content.issued.ms / 1'000, date_text(content.expires));
  append_member("iss", content.issuer, claims);
  append_member("aud", content.audience, claims);
  claims += '}';
  std::string token = to_base64url(header) + '.' + to_base64url(claims);
  const auto signature = key.sign(token);
  if (!signature) return std::unexpected(signature.error());
  token += '.' + to_base64url(*signature);
  if (token.size() > most_token_bytes) {
    return fail(Failure::invalid, fmt::format("the token would be longer than {} bytes", most_token_bytes));
  }
  return token;
}

}  // namespace flashbid::access
