// POST /v1/load: what bots are to do.
#include <array>

#include "wire/decode.hpp"
#include "wire/json_object.hpp"

namespace flashbid {
namespace {

constexpr std::array<FieldSpec, 4> fields{{{"auction_id"}, {"bots"}, {"duration_ms"}, {"rate"}}};

FieldError take_field(std::size_t field, JsonValue value, LoadOrder& out) {
  const std::string_view name = fields[field].name;
  if (field == 0) return is_null(value) ? std::nullopt : take_auction_id(name, value, out.auction.emplace());
  if (field == 3 && is_null(value)) return std::nullopt;
  std::uint64_t number = 0;
  const std::uint64_t least = field == 2 ? 1'000 : 1;
  const std::uint64_t most = field == 1 ? 500 : field == 2 ? 120'000 : 50'000;
  if (auto error = take_integer(name, value, least, most, number)) return error;
  if (field == 1) out.bots = static_cast<std::uint32_t>(number);
  if (field == 2) out.duration = {static_cast<std::int64_t>(number)};
  if (field == 3) out.rate = static_cast<std::uint32_t>(number);
  return std::nullopt;
}

}  // namespace

Decoded<LoadOrder> decode_load_order(std::string_view json) {
  LoadOrder order;
  auto error =
      read_object(json, fields, [&](std::size_t field, JsonValue value) { return take_field(field, value, order); });
  if (error) return std::unexpected(std::move(*error));
  return order;
}

}  // namespace flashbid
