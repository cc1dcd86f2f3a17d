#include "base/assert.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace flashbid {

void assertion_failed(std::string_view what, std::source_location where) {
  fmt::print(stderr, "flashbid: assertion failed: {} ({}:{})\n", what, where.file_name(), where.line());
  std::fflush(stderr);
  std::abort();
}

}  // namespace flashbid
