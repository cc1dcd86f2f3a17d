#include "accounts/account_key.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "access/base64url.hpp"
#include "access/key.hpp"
#include "access/key_file.hpp"
#include "accounts/secret.hpp"

namespace flashbid::accounts {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> failure(const fs::path& file, std::string_view doing) {
  return fail(Failure::invalid, fmt::format("{}: cannot {}: {}", file.string(), doing, std::strerror(errno)));
}

// Hexadecimal, which no form of a public key looks like (access/key_text.hpp).
std::string new_secret() {
  std::string text;
  for (const char byte : random_bytes(access::least_secret_bytes)) {
    text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return text;
}

bool write_all(int descriptor, const std::string& text) {
  return ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
}

// Complete before it has its name, and never in the place of one that is there.
Result<void> make(const fs::path& file) {
  const fs::path beside = file.string() + "." + access::to_base64url(random_bytes(9));
  const int descriptor = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (descriptor < 0) return failure(beside, "make it");
  const bool written = write_all(descriptor, new_secret());
  ::close(descriptor);
  const bool named = written && (::link(beside.c_str(), file.c_str()) == 0 || errno == EEXIST);
  const int error = errno;
  ::unlink(beside.c_str());
  errno = error;
  if (!named) return failure(file, "write it");
  const int folder = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && ::fsync(folder) == 0;
  if (folder >= 0) ::close(folder);
  if (!synced) return failure(file.parent_path(), "sync it");
  return {};
}

}  // namespace

fs::path key_file(const fs::path& folder) { return folder / "accounts.key"; }

Result<std::string> open_key(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(Failure::invalid, fmt::format("cannot make {}: {}", folder.string(), error.message()));
  const fs::path file = key_file(folder);
  struct stat found{};
  if (::stat(file.c_str(), &found) != 0) {
    if (errno != ENOENT) return failure(file, "look at it");
    if (auto made = make(file); !made) return std::unexpected(std::move(made.error()));
    if (::stat(file.c_str(), &found) != 0) return failure(file, "look at it");
  }
  if ((found.st_mode & S_IRWXO) != 0) {
    return fail(Failure::invalid, fmt::format("{} is open to every user of this machine: chmod 600, and delete it if "
                                              "others may have read it: all log in again",
                                              file.string()));
  }
  auto secret = access::read_key_file(file.string());
  if (secret && secret->size() < access::least_secret_bytes) {
    return fail(Failure::invalid, fmt::format("{} is shorter than {} bytes: delete it, and a new one is made: all log "
                                              "in again",
                                              file.string(), access::least_secret_bytes));
  }
  return secret;
}

}  // namespace flashbid::accounts
