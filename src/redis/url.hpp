// Where Redis is and who we are there, as one URL. Plain values: any thread. Never prints a password.
//
//   redis://[user[:password]@]host[:port][,host[:port]...][/database]     rediss:// = TLS
//   redis+sentinel://host[:port],host[:port].../NAME[/database]           rediss+sentinel://
//   ?ca=FILE&cert=FILE&key=FILE
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace flashbid::redis {

struct Address {
  std::string host;
  std::uint16_t port = 6379;
  friend auto operator<=>(const Address&, const Address&) = default;
};
[[nodiscard]] std::string to_text(const Address& address);  // "host:port"; an IPv6 address in brackets

struct Url {
  std::vector<Address> hosts;  // at least one; any of them leads to the whole cluster
  bool tls = false;
  std::string user, password;  // empty = none; a password alone is that of user "default"
  unsigned database = 0;
  std::string sentinel_name;  // the primary's name at the Sentinels; empty = no Sentinel
  std::string ca_file, cert_file, key_file;
};

// invalid with one line: what is wrong and what would be right, without the password.
[[nodiscard]] Result<Url> parse_url(std::string_view text);
// The URL again, its password as "***".
[[nodiscard]] std::string to_text(const Url& url);

}  // namespace flashbid::redis
