// The files of the binary by the paths that browsers ask for. Read-only; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/embedded.hpp"

namespace flashbid {

// "/" is index.html, "/docs" is docs/index.html, "/docs/errors" is docs/errors.html, else the file of that name.
[[nodiscard]] std::optional<embedded::File> find_page(std::string_view path);

// Whether what is there never changes: names under /assets/ carry a hash of their content.
[[nodiscard]] bool is_for_ever(std::string_view path);

}  // namespace flashbid
