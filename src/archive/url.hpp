// Where the archive is, as said on a command line: a libpq URI. Values only; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace flashbid {

struct ArchiveUrl {
  std::string uri;    // with its password: for libpq alone
  std::string shown;  // host:port/database, for people and logs

  // postgres://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[?…], or postgresql://…. Failure::invalid says what is wrong,
  // never with the password in it.
  [[nodiscard]] static Result<ArchiveUrl> parse(std::string_view text);
};

}  // namespace flashbid
