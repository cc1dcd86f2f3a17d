#include "engine/redis/library.hpp"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <array>
#include <utility>

#include "engine/redis/lua_sources.hpp"

namespace flashbid {
namespace {

std::string version_of(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return fmt::format("{:02x}{:02x}{:02x}{:02x}", digest[0], digest[1], digest[2], digest[3]);
}

}  // namespace

std::string LuaLibrary::function(std::string_view called) const { return fmt::format("{}_{}", called, version); }

std::string join_modules() {
  // Each after what it stands on.
  const std::array<std::pair<std::string_view, std::string_view>, 7> modules{{
      {"time", lua_sources::time},
      {"rules", lua_sources::rules},
      {"event_text", lua_sources::event_text},
      {"store", lua_sources::store},
      {"commands", lua_sources::commands},
      {"reading", lua_sources::reading},
      {"upkeep", lua_sources::upkeep},
  }};
  std::string text = "local function load_modules()\n";
  for (const auto& [name, source] : modules) text += fmt::format("local {} = (function()\n{}end)()\n", name, source);
  return text + "return commands, reading, upkeep, time, rules, event_text, store\nend\n";
}

LuaLibrary join_library(std::string_view functions) {
  const std::string body = join_modules() + std::string(functions);
  LuaLibrary library;
  library.version = version_of(body);
  library.name = "flashbid_" + library.version;
  library.text = fmt::format("#!lua name={}\nlocal VERSION = '{}'\n{}", library.name, library.version, body);
  return library;
}

const LuaLibrary& redis_library() {
  static const LuaLibrary library = join_library(lua_sources::functions);
  return library;
}

}  // namespace flashbid
