// The names of the library's functions, and what their error replies mean to a caller. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "ledger/record.hpp"
#include "redis/command.hpp"
#include "redis/function_call.hpp"
#include "redis/reply.hpp"

namespace flashbid {

// "bid" -> "bid_VERSION", as it is registered in Redis.
[[nodiscard]] std::string function_name(std::string_view function);

// Adds who uses which key with which body: three words, empty ones without a key.
void add_key_use(redis::CommandBuilder& command, const std::optional<KeyUse>& use);
[[nodiscard]] IdempotencyKey key_of(const std::optional<KeyUse>& use);  // empty = none

// An error reply of the library as an Error; `auction` and `key` are what the call was about.
// Whoever calls deals with EPOCH and NOSHARD first; here they, like STALE, are unavailable: surely not done.
[[nodiscard]] Error error_of(const redis::Reply& reply, AuctionId auction, const IdempotencyKey& key);

[[nodiscard]] std::uint64_t to_number(std::string_view digits);    // 0 if it is none
[[nodiscard]] std::uint64_t number_of(const redis::Reply& reply);  // an integer, or digits

// The numbers of a text of fields between single spaces, as the library packs states; 0 for a field that is
// none.
[[nodiscard]] std::array<std::uint64_t, 10> packed_fields(std::string_view packed);

}  // namespace flashbid
