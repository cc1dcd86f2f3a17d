// What an operation that can fail returns. A rule's "no" is a value of the core, not an Error.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <utility>

namespace flashbid {

// Why an operation did not succeed, by what the caller can do about it.
enum class Failure : std::uint8_t {
  invalid,          // the request can never succeed as it is
  not_found,        // no such thing
  conflict,         // the state of the thing forbids it (already there, already closed)
  key_reused,       // idempotency key seen before with another body
  unavailable,      // surely not done; try again later
  outcome_unknown,  // may or may not have been done; ask again with the same key
  corrupt,          // what was stored is not what was written: stop
  internal,         // a defect or an unexpected error of the system
};

// A failure and one sentence for people: what was wrong and what would be right.
struct Error {
  Failure failure = Failure::internal;
  std::string detail;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(Failure failure, std::string detail) {
  return std::unexpected(Error{failure, std::move(detail)});
}

}  // namespace flashbid
