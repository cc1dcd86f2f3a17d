#include "relay/webhook/dead_letters.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/descriptor.hpp"
#include "ledger/json_text.hpp"

namespace flashbid::webhook {
namespace {

Descriptor open_file(const std::string& path) {
  return Descriptor(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
}

std::unexpected<Error> failed(const std::string& path) {
  return fail(Failure::unavailable, fmt::format("the dead letters cannot be written to {}: {}", path,
                                                std::strerror(errno)));  // NOLINT(concurrency-mt-unsafe)
}

// The name of a file that has just been made must be durable, too.
bool sync_folder(const std::string& path) {
  const auto folder = std::filesystem::path(path).parent_path();
  const Descriptor opened(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return opened.descriptor() >= 0 && ::fsync(opened.descriptor()) == 0;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// A process that died in the middle of a line has left it without an end.
bool is_torn(int fd, off_t size) {
  char last = '\n';
  return size > 0 && ::pread(fd, &last, 1, size - 1) == 1 && last != '\n';
}

std::string line_of(const DeadLetter& letter) {
  std::string line = R"({"at":)";
  json::append_time(letter.at, line);
  line += R"(,"url":)";
  json::append_text(letter.url, line);
  line += R"(,"reason":)";
  json::append_text(letter.reason, line);
  line += R"(,"tries":)";
  json::append_number(std::uint64_t{letter.tries}, line);
  line += R"(,"webhook_id":)";
  json::append_text(letter.webhook_id, line);
  line += R"(,"events":)";
  line += letter.events;
  line += "}\n";
  return line;
}

}  // namespace

Result<void> DeadLetters::check() const {
  if (!open_file(path_).is_open() || !sync_folder(path_)) return failed(path_);
  return {};
}

Result<void> DeadLetters::append(const DeadLetter& letter) const {
  const Descriptor file = open_file(path_);
  struct stat found{};
  if (file.descriptor() < 0 || ::flock(file.descriptor(), LOCK_EX) != 0 || ::fstat(file.descriptor(), &found) != 0)
    return failed(path_);
  std::string line = line_of(letter);
  if (is_torn(file.descriptor(), found.st_size)) line.insert(line.begin(), '\n');
  if (write_all(file.descriptor(), line) && ::fdatasync(file.descriptor()) == 0 &&
      (found.st_size > 0 || sync_folder(path_))) {
    return {};
  }
  auto error = failed(path_);
  // It comes again: not twice, and not in halves. If this fails as well, the next one begins a line of its own.
  static_cast<void>(::ftruncate(file.descriptor(), found.st_size));
  return error;
}

}  // namespace flashbid::webhook
