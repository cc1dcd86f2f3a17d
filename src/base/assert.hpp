// A programmer's error stops the program, in release too: going on would risk a wrong answer.
#pragma once

#include <source_location>
#include <string_view>

namespace flashbid {

[[noreturn]] void assertion_failed(std::string_view what, std::source_location where);

// Stops the program unless `holds`. `what` says what should have been true.
inline void require(bool holds, std::string_view what, std::source_location where = std::source_location::current()) {
  if (!holds) [[unlikely]]
    assertion_failed(what, where);
}

}  // namespace flashbid
