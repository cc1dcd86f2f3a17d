#include "access/key_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "access/key_text.hpp"
#include "base/descriptor.hpp"

namespace flashbid::access {
namespace {

std::unexpected<Error> failed(const std::string& path) {
  return fail(Failure::invalid, fmt::format("{}: it cannot be read: {}", path,
                                            std::strerror(errno)));  // NOLINT(concurrency-mt-unsafe)
}

std::int64_t nanoseconds(const timespec& time) { return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec; }

// Empty if there is nothing.
std::optional<FileStamp> stamp_of(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) return std::nullopt;
  return FileStamp{found.st_dev, found.st_ino, found.st_size, nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
}

}  // namespace

Result<std::string> read_key_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat found{};
  if (file.descriptor() < 0 || ::fstat(file.descriptor(), &found) != 0) return failed(path);
  if (!S_ISREG(found.st_mode)) return fail(Failure::invalid, path + ": it is not a file");
  std::string text;
  std::array<char, 16 * 1024> piece{};
  for (;;) {
    const ssize_t size = ::read(file.descriptor(), piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failed(path);
    if (size == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(size));
    if (text.size() > most_key_text_bytes) {
      return fail(Failure::invalid, fmt::format("{}: it is longer than {} bytes", path, most_key_text_bytes));
    }
  }
}

Result<std::string> WatchedFile::read() {
  seen_ = read_ = stamp_of(path_);
  auto text = read_key_file(path_);
  if (!text) read_.reset();
  return text;
}

Result<std::optional<std::string>> WatchedFile::look() {
  const auto stamp = stamp_of(path_);
  const bool is_settled = stamp == std::exchange(seen_, stamp);
  if (stamp && (stamp == read_ || !is_settled)) return std::nullopt;
  auto text = read();
  if (!text) return std::unexpected(std::move(text.error()));
  return std::move(*text);
}

}  // namespace flashbid::access
