// Files that are part of the binary: the pages (web/) and the API documents. Read-only; any thread may ask.
// cmake/embed.py generates the definition from the files that CMake names; nothing is read from disk when running.
#pragma once

#include <optional>
#include <string_view>

namespace flashbid::embedded {

struct File {
  std::string_view bytes;
  std::string_view content_type;  // with its charset
  std::string_view etag;          // quoted, strong: the hash of the bytes
};

// The file by its path as asked for, without a leading slash: "index.html", "openapi.json". None = no such file.
[[nodiscard]] std::optional<File> find(std::string_view path);

}  // namespace flashbid::embedded
