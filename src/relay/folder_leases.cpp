#include "relay/folder_leases.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "ledger/sqlite/folder.hpp"

namespace flashbid {
namespace {

std::unexpected<Error> file_error(const std::filesystem::path& path, int error) {
  return fail(Failure::unavailable, fmt::format("{}: {}", path.string(), std::generic_category().message(error)));
}

// Opened, and closed with its scope.
class File {
 public:
  File(const std::filesystem::path& path, int flags) : number_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {}
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

Result<std::string> PositionFile::read() const {
  std::ifstream in(path_);
  if (!in) return std::string();
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.empty() || text.back() != '\n') {
    return fail(Failure::corrupt, fmt::format("{} was not written whole", path_.string()));
  }
  text.pop_back();
  return text;
}

Result<void> PositionFile::write(std::string_view position) const {
  const auto fresh = std::filesystem::path(path_).concat(".new");
  const std::string text = std::string(position) + "\n";
  {
    const File file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    if (file.number() < 0 || ::write(file.number(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fdatasync(file.number()) != 0) {
      return file_error(fresh, errno);
    }
  }
  if (std::rename(fresh.c_str(), path_.c_str()) != 0) return file_error(path_, errno);
  return sqlite::sync_folder(path_.parent_path());
}

PositionFile position_file(const std::filesystem::path& folder, std::string_view group) {
  return PositionFile(folder / fmt::format("relay-{}.position", group));
}

FolderLeases::FolderLeases(std::filesystem::path folder, std::string group)
    : lock_(folder / fmt::format("relay-{}.lock", group)), position_(position_file(folder, group)) {}

FolderLeases::~FolderLeases() {
  if (file_ >= 0) ::close(file_);
}

Result<std::optional<ShardLease>> FolderLeases::acquire(std::uint64_t shard, std::string_view, Duration) {
  if (file_ < 0) {
    const int file = ::open(lock_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) return file_error(lock_, errno);
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      ::close(file);
      if (error == EWOULDBLOCK) return std::nullopt;
      return file_error(lock_, error);
    }
    file_ = file;
  }
  auto position = position_.read();
  if (!position) return std::unexpected(std::move(position.error()));
  return ShardLease{shard, 1, std::move(*position)};
}

Result<void> FolderLeases::release(const ShardLease&) {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
  return {};
}

}  // namespace flashbid
