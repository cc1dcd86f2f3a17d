#include "access/redis/rate_library.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <array>

#include "access/redis/lua_sources.hpp"

namespace flashbid {

std::string join_gcra() { return fmt::format("local function load_gcra()\n{}end\n", lua_sources::gcra); }

RateLibrary join_rate_library(std::string_view functions) {
  const std::string body = join_gcra() + std::string(functions);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest.data());
  RateLibrary library;
  library.version = fmt::format("{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]);
  library.name = "flashbid_rate_" + library.version;
  library.text = fmt::format("#!lua name={}\nlocal VERSION = '{}'\n{}", library.name, library.version, body);
  return library;
}

const RateLibrary& rate_library() {
  static const RateLibrary library = join_rate_library(lua_sources::admit);
  return library;
}

std::string rate_key(const BidderId& bidder) { return fmt::format("flashbid:rate:{{b:{}}}", bidder.view()); }
std::string rate_key(const IpAddress& address) {
  const IpAddress limited = address.limited_as();
  return fmt::format("flashbid:rate:{{a:{}{}}}", to_text(limited), limited.is_v4() ? "" : "/64");
}
std::string rate_key(AuctionId auction) { return fmt::format("flashbid:rate:{{l:{}}}", auction.value()); }

void add_rate(redis::CommandBuilder& command, const Gcra& rate) {
  command.add(rate.interval().us).add(rate.interval().part);
  command.add(rate.tolerance().us).add(rate.tolerance().part).add(rate.parts());
}

}  // namespace flashbid
