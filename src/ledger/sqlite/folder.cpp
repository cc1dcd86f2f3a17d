#include "ledger/sqlite/folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "ledger/sqlite/wal_check.hpp"

namespace flashbid::sqlite {
namespace {

// SQLite's VFS takes less than 128 KiB at a time: a database page is at most half of that, and it cuts off the rest.
constexpr std::int64_t rewrite_step_bytes = 64 * 1024;
constexpr int most_looks = 10;
constexpr std::chrono::milliseconds between_looks{20};

std::string reason_of(int error) { return std::generic_category().message(error); }

// A file of the VFS, closed at the end.
class VfsFile {
 public:
  explicit VfsFile(const sqlite3_vfs& vfs)
      : memory_(static_cast<std::size_t>(vfs.szOsFile) / sizeof(std::max_align_t) + 1) {
    get()->pMethods = nullptr;
  }
  ~VfsFile() {
    if (get()->pMethods != nullptr) get()->pMethods->xClose(get());
  }
  VfsFile(const VfsFile&) = delete;
  VfsFile& operator=(const VfsFile&) = delete;
  sqlite3_file* get() { return reinterpret_cast<sqlite3_file*>(memory_.data()); }

 private:
  std::vector<std::max_align_t> memory_;
};

// The names that SQLite hands to a VFS for a database and its WAL.
class FileNames {
 public:
  FileNames(const std::string& database, const std::string& wal)
      : name_(sqlite3_create_filename(database.c_str(), "", wal.c_str(), 0, nullptr)) {}
  ~FileNames() { sqlite3_free_filename(name_); }
  FileNames(const FileNames&) = delete;
  FileNames& operator=(const FileNames&) = delete;
  [[nodiscard]] const char* wal() const { return sqlite3_filename_wal(name_); }

 private:
  sqlite3_filename name_;
};

// The WAL of a database.
class LogFile {
 public:
  LogFile(sqlite3_vfs& vfs, const std::filesystem::path& database)
      : vfs_(vfs),
        database_(std::filesystem::absolute(database).string()),
        name_(database_ + "-wal"),
        names_(database_, name_),
        file_(vfs) {}
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool exists() {
    int exists = 0;
    return vfs_.xAccess(&vfs_, name_.c_str(), SQLITE_ACCESS_EXISTS, &exists) == SQLITE_OK && exists != 0;
  }
  // `how`: SQLITE_OPEN_READWRITE or SQLITE_OPEN_READONLY. SQLITE_OK, or the code of the call that failed.
  [[nodiscard]] int open(int how) {
    int flags = how | SQLITE_OPEN_WAL;
    return vfs_.xOpen(&vfs_, names_.wal(), file_.get(), flags, &flags);
  }
  sqlite3_file* get() { return file_.get(); }

 private:
  sqlite3_vfs& vfs_;
  std::string database_;
  std::string name_;
  FileNames names_;
  VfsFile file_;
};

std::optional<dev_t> device_of(const std::filesystem::path& folder) {
  struct stat status{};
  if (::stat(folder.c_str(), &status) != 0) return std::nullopt;
  return status.st_dev;
}

// Makes the folder's own name durable, and those above it, as far as they are on the same disk and ours to read. At
// every start: an earlier one may have made them and have died, or failed, before they were synced.
Result<void> sync_way_to(const std::filesystem::path& folder) {
  std::error_code error;
  auto below = std::filesystem::canonical(folder, error);
  if (error)
    return fail(Failure::invalid,
                fmt::format("cannot use {} as the data folder: {}", folder.string(), error.message()));
  for (auto above = below.parent_path(); above != below; below = above, above = below.parent_path()) {
    if (device_of(above) != device_of(below) || ::access(above.c_str(), R_OK) != 0) return {};
    if (const auto synced = sync_folder(above); !synced) return synced;
  }
  return {};
}

// SQLITE_OK, or the code of the call that failed.
int rewrite(sqlite3_file* file, const CheckedLog& checked) {
  const sqlite3_int64 size = checked.size;
  std::vector<char> bytes(static_cast<std::size_t>(std::min<std::int64_t>(size, rewrite_step_bytes)));
  for (sqlite3_int64 offset = 0; offset < size; offset += rewrite_step_bytes) {
    const int count = static_cast<int>(std::min<std::int64_t>(size - offset, rewrite_step_bytes));
    if (const int code = file->pMethods->xRead(file, bytes.data(), count, offset); code != SQLITE_OK) return code;
    if (const int code = file->pMethods->xWrite(file, bytes.data(), count, offset); code != SQLITE_OK) return code;
  }
  if (!checked.header.empty()) {
    const int code = file->pMethods->xWrite(file, checked.header.data(), static_cast<int>(checked.header.size()), 0);
    if (code != SQLITE_OK) return code;
  }
  if (const int code = file->pMethods->xTruncate(file, size); code != SQLITE_OK) return code;
  return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

std::unexpected<Error> unreadable(const std::string& name, int code) {
  return fail(Failure::internal, fmt::format("cannot read {}: {} (SQLite {})", name, sqlite3_errstr(code), code));
}

Result<CheckedLog> check(LogFile& log, bool may_have_holes) {
  sqlite3_file* const file = log.get();
  sqlite3_int64 size = 0;
  if (const int code = file->pMethods->xFileSize(file, &size); code != SQLITE_OK) return unreadable(log.name(), code);
  int failed = SQLITE_OK;
  const auto read = [&](char* bytes, int count, std::int64_t offset) {
    failed = file->pMethods->xRead(file, bytes, count, offset);
    return failed == SQLITE_OK;
  };
  auto checked = check_wal(size, read, may_have_holes);
  if (failed != SQLITE_OK) return unreadable(log.name(), failed);
  return checked;
}

Result<void> look_once(const std::filesystem::path& database) {
  LogFile log(*sqlite3_vfs_find(nullptr), database);
  if (!log.exists()) return {};
  if (const int code = log.open(SQLITE_OPEN_READONLY); code != SQLITE_OK) return unreadable(log.name(), code);
  const auto checked = check(log, false);
  if (!checked) return std::unexpected(checked.error());
  return {};
}

}  // namespace

std::filesystem::path database_file(const std::filesystem::path& folder) { return folder / "flashbid.db"; }

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder, error)) {
    return fail(Failure::invalid, fmt::format("cannot use {} as the data folder: {}", folder.string(),
                                              error ? error.message() : "it is not a folder"));
  }
  if (const auto synced = sync_way_to(folder); !synced) return std::unexpected(synced.error());
  const auto file = folder / "flashbid.lock";
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return fail(Failure::invalid,
                fmt::format("cannot use {} as the data folder: {}", folder.string(), reason_of(errno)));
  }
  FolderLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) {
    return fail(Failure::invalid, fmt::format("cannot lock {}: {}", file.string(), reason_of(errno)));
  }
  return fail(Failure::conflict,
              fmt::format("the data folder {} is held by another process: stop that one, or give this one a folder of "
                          "its own",
                          folder.string()));
}

Error explained(Error error, const std::filesystem::path& folder) {
  // Not the folder's name alone, which can be in any sentence: "d".
  const bool names_it = error.detail.find((folder / "flashbid.").string()) != std::string::npos;
  if (!names_it) error.detail = fmt::format("the ledger {}: {}", database_file(folder).string(), error.detail);
  switch (error.failure) {
    case Failure::unavailable:
      error.detail += "; make room for it, and see that nobody else holds it, then start again";
      break;
    case Failure::outcome_unknown:
    case Failure::internal:
      error.detail += "; see that its disk works, then start again";
      break;
    case Failure::corrupt:
      // What is no ledger at all says so by itself.
      if (!names_it)
        error.detail += "; restore it from a backup, after `flashbid verify --data` has told what is damaged";
      break;
    default:
      break;
  }
  return error;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) {
    return fail(Failure::invalid, fmt::format("cannot open {}: {}", folder.string(), reason_of(errno)));
  }
  const int code = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  if (code == 0) return {};
  return fail(Failure::internal, fmt::format("cannot sync {}: {}", folder.string(), reason_of(error)));
}

Result<void> rewrite_wal(const std::filesystem::path& database, const std::string& vfs_name, bool may_have_holes) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(vfs_name.empty() ? nullptr : vfs_name.c_str());
  if (vfs == nullptr) return fail(Failure::invalid, fmt::format("SQLite knows no VFS named {}", vfs_name));
  LogFile file(*vfs, database);
  if (!file.exists()) return {};
  int code = file.open(SQLITE_OPEN_READWRITE);
  if (code == SQLITE_OK) {
    const auto checked = check(file, may_have_holes);
    if (!checked) return std::unexpected(checked.error());
    code = rewrite(file.get(), *checked);
  }
  if (code == SQLITE_OK) return {};
  const bool no_space = code == SQLITE_FULL;
  return fail(no_space ? Failure::unavailable : Failure::internal,
              fmt::format("cannot write {} anew and sync it: {} (SQLite {})", file.name(), sqlite3_errstr(code), code));
}

// What a server beside it writes meanwhile can look like damage, but not twice in the same place.
Result<void> look_at_wal(const std::filesystem::path& database) {
  std::string last;
  for (int look = 0; look < most_looks; ++look) {
    const auto seen = look_once(database);
    if (seen || seen.error().detail == last) return seen;
    last = seen.error().detail;
    std::this_thread::sleep_for(between_looks);
  }
  return {};
}

}  // namespace flashbid::sqlite
