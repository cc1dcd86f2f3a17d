// What `serve` is told about who may ask, and how often. Values, and the flags that set them.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace flashbid {

struct AccessFlags {
  std::string jwt_key;       // a file, or the https:// URL of a JWKS; empty = no tokens
  std::string jwt_ca;        // PEM, for that URL
  std::string jwt_issuer;    // empty = any
  std::string jwt_audience;  // empty = any
  std::string jwt_leeway = "1s";
  bool is_private = false;
  std::string public_bidders = "full";  // or masked
  std::string origins;                  // separated by commas
  std::string trusted_proxies;          // networks, separated by commas
  // As parse_rate() reads them; empty = the default, with --dev off.
  std::string rate_bidder;
  std::string rate_address;
  std::string rate_auction;
  std::string rate_failures;
  bool limit_operators = false;
  bool accounts = false;         // this house has accounts of its own
  std::string accounts_sign_up;  // open, closed; empty = open without jwt_key
  std::string rate_login;        // with one name
  std::string rate_login_address;
};

void add_access_flags(CLI::App& serve, AccessFlags& flags);

}  // namespace flashbid
