// The texts of lua/*.lua, held by the binary. Constants: any thread. cmake/embed_lua.py generates the definitions.
#pragma once

#include <string_view>

namespace flashbid::lua_sources {

extern const std::string_view gcra;
extern const std::string_view admit;

}  // namespace flashbid::lua_sources
