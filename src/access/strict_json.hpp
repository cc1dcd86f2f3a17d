// JSON of tokens and key sets, on simdjson's DOM, which checks every byte before it gives any: UTF-8, escapes, numbers,
// depth, and that nothing follows. Pure; a parser belongs to one thread.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "base/time.hpp"

namespace flashbid::access {

using JsonObject = simdjson::dom::object;
using JsonElement = simdjson::dom::element;

// Deeper is refused: nothing of ours nests more than three times, and identity providers' claims little more.
inline constexpr std::size_t json_depth = 16;

// `json` as one object in which no member stands twice (compared after unescaping, so "s\u0075b" is "sub"); nullopt
// for anything else. What it gives is good until the parser's next text, and needs `json` no more.
[[nodiscard]] std::optional<JsonObject> parse_object(simdjson::dom::parser& parser, std::string_view json);
// Whether no member of it stands twice; those of objects inside are not looked at.
[[nodiscard]] bool has_unique_members(JsonObject object);

// The member, nullopt if there is none.
[[nodiscard]] std::optional<JsonElement> member(JsonObject object, std::string_view name);
// Its text; nullopt if it is no text.
[[nodiscard]] std::optional<std::string_view> text_of(JsonElement element);
// A NumericDate (RFC 7519, section 2): seconds since 1970, fractions allowed, to the nearest millisecond. nullopt for
// another type, before 1970 and after 9999.
[[nodiscard]] std::optional<Timestamp> date_of(JsonElement element);

}  // namespace flashbid::access
