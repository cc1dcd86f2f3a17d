// The library of Redis Functions that decides: lua/*.lua joined into one text, named after what is in it, so that nodes
// of two versions can run on one Redis. Made once, never changed; any thread.
#pragma once

#include <string>
#include <string_view>

namespace flashbid {

struct LuaLibrary {
  std::string text;     // for FUNCTION LOAD
  std::string version;  // the first 8 hex digits of the SHA-256 of what is joined
  std::string name;     // flashbid_VERSION

  // The name by which FCALL knows a function: "bid" -> "bid_VERSION".
  [[nodiscard]] std::string function(std::string_view called) const;
};

// The library that the engine loads.
[[nodiscard]] const LuaLibrary& redis_library();

// The same modules under another text of functions: for tests that pass `now` in.
[[nodiscard]] LuaLibrary join_library(std::string_view functions);

// The modules alone: Lua that defines load_modules(), which returns commands, reading, upkeep and, after them, the
// modules that these stand on: time, rules, event_text, store. Runs in any Lua 5.1; only calls into the modules may
// need `redis`.
[[nodiscard]] std::string join_modules();

}  // namespace flashbid
