#include "ledger/sqlite/folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <system_error>
#include <vector>

namespace flashbid::sqlite {
namespace {

// SQLite's VFS takes less than 128 KiB at a time: a database page is at most half of that, and it cuts off the rest.
constexpr std::int64_t rewrite_step_bytes = 64 * 1024;

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

// SQLITE_OK, or the code of the call that failed.
int rewrite(sqlite3_file* file) {
  sqlite3_int64 size = 0;
  if (const int code = file->pMethods->xFileSize(file, &size); code != SQLITE_OK) return code;
  std::vector<char> bytes(static_cast<std::size_t>(std::min<std::int64_t>(size, rewrite_step_bytes)));
  for (sqlite3_int64 offset = 0; offset < size; offset += rewrite_step_bytes) {
    const int count = static_cast<int>(std::min<std::int64_t>(size - offset, rewrite_step_bytes));
    if (const int code = file->pMethods->xRead(file, bytes.data(), count, offset); code != SQLITE_OK) return code;
    if (const int code = file->pMethods->xWrite(file, bytes.data(), count, offset); code != SQLITE_OK) return code;
  }
  return file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
}

}  // namespace

std::filesystem::path database_file(const std::filesystem::path& folder) { return folder / "flashbid.db"; }

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  std::error_code error;
  const bool made = std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder, error)) {
    return fail(Failure::invalid, fmt::format("cannot use {} as the data folder: {}", folder.string(),
                                              error ? error.message() : "it is not a folder"));
  }
  if (made) {
    const auto parent = std::filesystem::absolute(folder, error).parent_path();
    if (const auto synced = sync_folder(parent); !synced) return std::unexpected(synced.error());
  }
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

Result<void> rewrite_wal(const std::filesystem::path& database, const std::string& vfs_name) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(vfs_name.empty() ? nullptr : vfs_name.c_str());
  if (vfs == nullptr) return fail(Failure::invalid, fmt::format("SQLite knows no VFS named {}", vfs_name));
  const std::string database_name = std::filesystem::absolute(database).string();
  const std::string wal_name = database_name + "-wal";
  int exists = 0;
  if (vfs->xAccess(vfs, wal_name.c_str(), SQLITE_ACCESS_EXISTS, &exists) != SQLITE_OK || exists == 0) return {};

  const FileNames names(database_name, wal_name);
  VfsFile file(*vfs);
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL;
  int code = vfs->xOpen(vfs, names.wal(), file.get(), flags, &flags);
  if (code == SQLITE_OK) code = rewrite(file.get());
  if (code == SQLITE_OK) return {};
  const bool no_space = code == SQLITE_FULL;
  return fail(no_space ? Failure::unavailable : Failure::internal,
              fmt::format("cannot write {} anew and sync it: {} (SQLite {})", wal_name, sqlite3_errstr(code), code));
}

}  // namespace flashbid::sqlite
