// Syncs of folders, which SQLite's VFS does not see: this kind of test's own fsync() takes the C library's place, and
// asks a listener about every folder. One thread.
#pragma once

#include <filesystem>
#include <functional>

namespace flashbid::fault {

// The errno that the sync of this folder is to fail with, 0 = none.
using FolderListener = std::function<int(const std::filesystem::path&)>;

// Hears of every sync of a folder while it lives and no later one does; none of them reaches the disk.
class FolderSyncs {
 public:
  explicit FolderSyncs(FolderListener listener);
  ~FolderSyncs();
  FolderSyncs(const FolderSyncs&) = delete;
  FolderSyncs& operator=(const FolderSyncs&) = delete;
};

}  // namespace flashbid::fault
