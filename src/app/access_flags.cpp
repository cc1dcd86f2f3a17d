#include "app/access_flags.hpp"

#include "access/jwt.hpp"
#include "app/duration.hpp"

namespace flashbid {

void add_access_flags(CLI::App& serve, AccessFlags& flags) {
  serve.add_option("--jwt-key", flags.jwt_key,
                   "what tokens are verified with: a file with a public key (PEM), a JWKS or a secret of at least 32 "
                   "bytes; or the https:// URL of a JWKS");
  serve.add_option("--jwt-ca", flags.jwt_ca, "PEM file of the authorities for that URL; the system's if left out");
  serve.add_option("--jwt-issuer", flags.jwt_issuer, "what `iss` of a token must be");
  serve.add_option("--jwt-audience", flags.jwt_audience, "what `aud` of a token must be or hold");
  serve.add_option("--jwt-leeway", flags.jwt_leeway, "by how much the clock of who makes tokens may differ from ours")
      ->check(duration_check({}, access::most_leeway))
      ->capture_default_str();
  serve.add_flag("--private", flags.is_private,
                 "auctions, prices and feeds only with a token; health, metrics and pages are for everybody");
  serve
      .add_option("--public-bidders", flags.public_bidders, "what others see of bidders' names: full, or masked: A***e")
      ->check(CLI::IsMember({"full", "masked"}))
      ->capture_default_str();
  serve.add_option("--origins", flags.origins,
                   "sites whose pages may ask too, separated by commas: https://shop.example; or * for all");
  serve.add_option("--trusted-proxies", flags.trusted_proxies,
                   "networks whose X-Forwarded-For is believed, separated by commas: 10.0.0.0/8");
  serve.add_option("--rate-bidder", flags.rate_bidder,
                   "how often one bidder may bid: 20/s burst 40 (the default), 100/min, off; with --dev off");
  serve.add_option("--rate-address", flags.rate_address,
                   "the same of one address (of IPv6 a /64): 100/s burst 200; with --dev off");
  serve.add_option("--rate-auction", flags.rate_auction, "how many bids one auction is given by all: off");
  serve.add_option("--rate-failures", flags.rate_failures,
                   "how many wrong tokens of one address are 401; more are 429: 50/s burst 50; with --dev off");
  serve.add_flag("--accounts", flags.accounts,
                 "accounts of this house's own, in --data: people register and log in here");
  serve
      .add_option("--accounts-sign-up", flags.accounts_sign_up,
                  "open: everybody may register; closed: `flashbid accounts add` makes accounts; open if left out, and "
                  "closed beside --jwt-key")
      ->check(CLI::IsMember({"open", "closed"}));
  serve.add_option("--rate-login", flags.rate_login,
                   "how often a log-in may be tried with one name: 10/min burst 10; with --dev off");
  serve.add_option("--rate-login-address", flags.rate_login_address,
                   "the same, and registering, of one address: 60/min burst 30; with --dev off");
  serve.add_flag("--limit-operators", flags.limit_operators, "these limits are for operators too");
}

}  // namespace flashbid
