// The ledger's folder: who holds it, and that what is in it is on the disk before it is believed. Start-up only.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "base/result.hpp"

namespace flashbid::sqlite {

// folder/flashbid.db
[[nodiscard]] std::filesystem::path database_file(const std::filesystem::path& folder);

// An exclusive lock (flock on folder/flashbid.lock), held until destroyed; the kernel frees it when a process dies.
class FolderLock {
 public:
  // Makes the folder if it is missing. Failure::invalid if it cannot be used, conflict if another process holds it.
  [[nodiscard]] static Result<FolderLock> take(const std::filesystem::path& folder);

  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FolderLock& operator=(FolderLock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// A failure of a start as people need it: which ledger, what happened, and what to do about it.
[[nodiscard]] Error explained(Error error, const std::filesystem::path& folder);

// Makes the names of files just created in `folder` durable.
[[nodiscard]] Result<void> sync_folder(const std::filesystem::path& folder);

// Checks the WAL (wal_check.hpp), cuts it back to its last whole commit, and writes its bytes back in place, synced.
// After a failed sync the kernel may show bytes that never reached the disk and never will, because it holds them to be
// clean: written again, they do, or the start fails here. Nothing to do if there is no WAL. Before any connection is
// open. Failure::corrupt if the WAL is damaged, unless it `may_have_holes` (wal_check.hpp).
[[nodiscard]] Result<void> rewrite_wal(const std::filesystem::path& database, const std::string& vfs_name,
                                       bool may_have_holes);

// Whether the WAL is damaged, for who only reads: at rest, or beside the process that writes. Failure::corrupt if so.
[[nodiscard]] Result<void> look_at_wal(const std::filesystem::path& database);

}  // namespace flashbid::sqlite
