#include "engine/redis/functions.hpp"

#include <fmt/format.h>

#include <charconv>

#include "engine/redis/library.hpp"
#include "engine/refusals.hpp"

namespace flashbid {

std::string function_name(std::string_view function) { return redis_library().function(function); }

void add_key_use(redis::CommandBuilder& command, const std::optional<KeyUse>& use) {
  command.add(use ? use->caller.view() : "").add(use ? use->key.view() : "");
  command.add(use ? std::string_view(use->fingerprint) : "");
}

IdempotencyKey key_of(const std::optional<KeyUse>& use) { return use ? use->key : IdempotencyKey{}; }

Error error_of(const redis::Reply& reply, AuctionId auction, const IdempotencyKey& key) {
  const std::string_view code = reply.error_code();
  if (code == "NOTFOUND") return no_such_auction(auction);
  if (code == "EXISTS") return auction_is_there(auction);
  if (code == "KEYREUSED") return key_reused(key);
  if (code == "CONFLICT") return auction_is_over(auction, reply.error_detail());
  if (code == "NOIDS") return no_id_is_left();
  const bool refused = code == "EPOCH" || code == "NOSHARD" || code == "STALE";
  return {refused ? Failure::unavailable : Failure::internal,
          fmt::format("Redis answered a call with: {}", reply.text())};
}

std::uint64_t to_number(std::string_view digits) {
  std::uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

std::uint64_t number_of(const redis::Reply& reply) {
  return reply.kind() == redis::Reply::Kind::integer ? static_cast<std::uint64_t>(reply.integer())
                                                     : to_number(reply.text());
}

std::array<std::uint64_t, 10> packed_fields(std::string_view packed) {
  std::array<std::uint64_t, 10> fields{};
  for (std::uint64_t& field : fields) {
    const std::size_t end = packed.find(' ');
    field = to_number(packed.substr(0, end));
    if (end == std::string_view::npos) break;
    packed.remove_prefix(end + 1);
  }
  return fields;
}

}  // namespace flashbid
