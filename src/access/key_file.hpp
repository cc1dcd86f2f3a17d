// A key file on the disk: its bytes, and how it is known that it has become another. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace flashbid::access {

// The whole file, unchanged. Failure::invalid, with the file's name: it cannot be read, is no file (a pipe would wait
// for ever), or is longer than a key file can be.
[[nodiscard]] Result<std::string> read_key_file(const std::string& path);

// Which file a path leads to, behind links, and when that was last written. Two that are equal are the same content,
// once a moment has passed.
struct FileStamp {
  std::uint64_t device = 0, inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0, changed_ns = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
// Looks at a file again and again. Belongs to one thread.
class WatchedFile {
 public:
  explicit WatchedFile(std::string path) : path_(std::move(path)) {}

  // The first look, or one that does not wait for the file to settle.
  [[nodiscard]] Result<std::string> read();
  // The file's text if it has become another and has stayed as it is since the look before, for who writes into a file
  // leaves half of it there for a moment; empty optional if there is nothing new. Failure::invalid: it cannot be read.
  [[nodiscard]] Result<std::optional<std::string>> look();

 private:
  std::string path_;
  std::optional<FileStamp> read_;  // as it was when it was read; none: it is to be read again
  std::optional<FileStamp> seen_;  // at the look before
};

}  // namespace flashbid::access
