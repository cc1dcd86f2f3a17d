// A data folder on a disk whose every call is recorded, in order, with what had been promised by then; one of them, or
// all from one on, may be made to fail. The files themselves are real ones: they are what a process is shown, while
// image() is what a power cut would leave. The newest one is in use, in one thread; everything opened on it is closed
// before.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fault/disk_image.hpp"
#include "fault/faulty_vfs.hpp"
#include "fault/folder_sync.hpp"
#include "fault/told.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::fault {

struct RecordedCall {
  testing::FileCall call;  // without its bytes, which follow
  std::string bytes;
  int error = 0;           // the errno that it failed with
  bool of_parent = false;  // a sync_folder's: of the folder around the data folder
  Promise promise;         // before it
};
// "write of flashbid.db-wal at 32, 24 bytes"
[[nodiscard]] std::string to_text(const RecordedCall& call);

// What a call does to a disk: it is on its way, and done.
void begin(const RecordedCall& call, DiskImage& image);
void finish(const RecordedCall& call, DiskImage& image);

// The `at`-th call of these kinds (from 0) fails.
struct Fault {
  std::size_t at = 0;
  int error = EIO;
  bool for_ever = false;                         // and all of them that follow
  std::vector<testing::FileCall::Kind> kinds{};  // empty = every one
};

class RecordedDisk {
 public:
  // `promised`: asked before each call.
  RecordedDisk(const Files& files, std::function<Promise()> promised);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
  [[nodiscard]] const std::string& vfs() const { return vfs_.name(); }

  void set_fault(std::optional<Fault> fault) { fault_ = std::move(fault), matching_ = 0; }
  // Whether the fault has come about.
  [[nodiscard]] bool has_failed() const { return failures_ > 0; }
  // From here on no call reaches a file, as if the process were dead already; until revive().
  void kill() { dead_ = true; }
  void revive() { dead_ = false; }

  [[nodiscard]] const std::vector<RecordedCall>& calls() const { return calls_; }
  [[nodiscard]] const DiskImage& image() const { return image_; }

 private:
  int on_call(const testing::FileCall& call);
  int on_folder_sync(const std::filesystem::path& folder);
  int record(RecordedCall recorded);
  [[nodiscard]] int error_of(const testing::FileCall& call);

  testing::TemporaryFolder temporary_;
  std::filesystem::path folder_;
  std::function<Promise()> promised_;
  DiskImage image_;
  testing::FaultyVfs vfs_;
  FolderSyncs folder_syncs_;
  std::vector<RecordedCall> calls_;
  std::optional<Fault> fault_;
  std::size_t matching_ = 0;  // calls of the fault's kinds so far
  std::size_t failures_ = 0;
  bool dead_ = false;
};

}  // namespace flashbid::fault
