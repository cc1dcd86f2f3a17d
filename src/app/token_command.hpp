// `flashbid token`: mints a JWT, for trying things out and for programs of the house. Called by the main thread.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

namespace flashbid {

// What was said for `token`; the texts are checked by the flags' validators.
struct TokenFlags {
  std::string key;  // the file's name
  std::string subject;
  std::string role = "bidder";
  std::string ttl = "1h";
  std::optional<std::string> issuer, audience, key_id;
};
void add_token(CLI::App& app, TokenFlags& flags);
// Prints the token and a newline. 2 = it cannot be made as it was asked for: one line says why.
[[nodiscard]] int run_token(const TokenFlags& flags);

}  // namespace flashbid
