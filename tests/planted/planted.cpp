#include "planted.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>

namespace {

constexpr auto names = std::to_array<std::string_view>({
#include "planted_names.inc"
});

std::string from_environment() {
  const char* name = std::getenv("FLASHBID_PLANTED");
  if (name == nullptr || *name == '\0') return {};
  if (std::ranges::find(names, name) == names.end()) {
    std::fprintf(stderr, "FLASHBID_PLANTED=%s: tests/planted/bugs.toml has no such bug\n", name);
    std::exit(2);
  }
  return name;
}

const std::string& planted_name() {
  static const std::string name = from_environment();
  return name;
}

}  // namespace

bool planted(std::string_view name) { return name == planted_name(); }

std::string planted_lua() { return "local function planted(name) return name == '" + planted_name() + "' end\n"; }
