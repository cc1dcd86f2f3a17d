#include "app/token_command.hpp"

#include <fmt/format.h>

#include <CLI/Validators.hpp>
#include <cstdio>

#include "access/key_file.hpp"
#include "access/mint.hpp"
#include "app/duration.hpp"
#include "base/system_clock.hpp"

namespace flashbid {
namespace {

constexpr Duration longest_ttl{8'784 * 3'600'000LL};  // a year

CLI::Validator bidder_check() {
  return CLI::Validator(
      [](const std::string& text) {
        return parse_bidder_id(text) ? std::string() : "\"" + text + "\" is no name: 1-64 of A-Z a-z 0-9 . _ : @ -";
      },
      "NAME", "name");
}

// Whole seconds, which every library reads, unless the token is so short-lived that a fraction counts.
Timestamp issued_at(Timestamp now, Duration ttl) {
  return ttl < Duration{60'000} ? now : Timestamp{now.ms - now.ms % 1'000};
}

int refused(const Error& error) {
  fmt::print(stderr, "flashbid token: {}\n", error.detail);
  return 2;
}

}  // namespace

void add_token(CLI::App& app, TokenFlags& flags) {
  CLI::App& token = *app.add_subcommand("token", "mint a token (JWT) that says who somebody is");
  token.add_option("--key", flags.key, "file of the key to sign with: a private key in PEM, or a secret as it stands");
  token.add_option("--sub", flags.subject, "whose token it is")->check(bidder_check());
  token.add_option("--role", flags.role, "bidder or operator")
      ->check(CLI::IsMember({"bidder", "operator"}))
      ->capture_default_str();
  token.add_option("--ttl", flags.ttl, "how long it is valid")
      ->check(duration_check(Duration{1}, longest_ttl))
      ->capture_default_str();
  token.add_option("--iss", flags.issuer, "who says so, for a server that asks for an issuer");
  token.add_option("--aud", flags.audience, "for whom it is, for a server that asks for an audience");
  token.add_option("--kid", flags.key_id, "which of a server's keys it was signed with");
}

int run_token(const TokenFlags& flags) {
  // Not by CLI11: they may come from a variable or from the file.
  if (flags.key.empty()) return refused({Failure::invalid, "--key FILE is missing: the key to sign with"});
  if (flags.subject.empty()) return refused({Failure::invalid, "--sub NAME is missing: whose token it is"});
  const auto text = access::read_key_file(flags.key);
  if (!text) return refused({text.error().failure, "--key " + text.error().detail});
  const auto key = access::SigningKey::of_file_text(*text);
  if (!key) return refused({key.error().failure, "--key " + flags.key + ": " + key.error().detail});
  SystemClock clock;
  const Duration ttl = *parse_duration(flags.ttl, longest_ttl);
  access::TokenContent content;
  content.subject = *parse_bidder_id(flags.subject);
  content.role = *access::parse_role(flags.role);
  content.issued = issued_at(clock.now(), ttl);
  content.expires = content.issued + ttl;
  content.issuer = flags.issuer;
  content.audience = flags.audience;
  content.key_id = flags.key_id;
  const auto token = access::mint(*key, content);
  if (!token) return refused(token.error());
  fmt::print("{}\n", *token);
  return 0;
}

}  // namespace flashbid
