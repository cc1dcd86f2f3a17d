// The switch of the planted bugs (README.md): what plant.py writes asks it. Any thread.
#pragma once

#include <string>
#include <string_view>

// Whether the bug of this name is the one that the environment's FLASHBID_PLANTED names. A name that is none of
// bugs.toml ends the process.
bool planted(std::string_view name);

// The same question as a function of Lua.
std::string planted_lua();
