#include "fault/folder_sync.hpp"

#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

namespace flashbid::fault {
namespace {

std::vector<FolderListener> listening;  // the last one hears

bool is_folder(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

FolderSyncs::FolderSyncs(FolderListener listener) { listening.push_back(std::move(listener)); }

FolderSyncs::~FolderSyncs() { listening.pop_back(); }

// What fsync() below does.
int sync_descriptor(int descriptor) {
  if (listening.empty() || !is_folder(descriptor)) return static_cast<int>(::syscall(SYS_fsync, descriptor));
  std::error_code ignored;
  const int error =
      listening.back()(std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), ignored));
  errno = error;
  return error == 0 ? 0 : -1;
}

}  // namespace flashbid::fault

// NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name): the C library's name for it is reserved
extern "C" int fsync(int descriptor) { return flashbid::fault::sync_descriptor(descriptor); }
