// The texts of lua/*.lua, held by the binary. Constants: any thread. cmake/embed_lua.py generates the definitions.
#pragma once

#include <string_view>

namespace flashbid::lua_sources {

extern const std::string_view time;
extern const std::string_view rules;
extern const std::string_view event_text;
extern const std::string_view store;
extern const std::string_view commands;
extern const std::string_view reading;
extern const std::string_view upkeep;
extern const std::string_view functions;

}  // namespace flashbid::lua_sources
