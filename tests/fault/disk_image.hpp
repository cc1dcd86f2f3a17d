// What a disk holds after the power went: of every file, what was synced, and of what was only written as much as
// chance leaves. Names are as perishable as bytes: a file that was made, or removed, is so only once its folder was
// synced. Values only; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/random.hpp"

namespace flashbid::fault {

// Files by name; none at all if the folder itself is not there.
using Files = std::optional<std::map<std::string, std::string>>;

// What becomes of what was not synced.
enum class Cut : std::uint8_t {
  drop,     // nothing of it is there
  keep,     // all of it is there, as after the death of the process only
  reorder,  // each write and each name is there or is not, whatever came later
  tear,     // the same, and of a write some sectors only
};
inline constexpr Cut all_cuts[] = {Cut::drop, Cut::keep, Cut::reorder, Cut::tear};
[[nodiscard]] std::string_view to_text(Cut cut);

class DiskImage {
 public:
  static constexpr std::int64_t sector_bytes = 512;  // written whole or not at all

  DiskImage() = default;
  // At rest: all of it is on the disk.
  explicit DiskImage(const Files& files);

  void make_folder();
  void sync_parent();  // the folder's own name
  void sync_folder();  // the names in it

  // `syncs_folder`: the file's next sync syncs the folder too (SQLite does so for a log that it has made).
  void open(const std::string& name, bool creates, bool syncs_folder);
  void remove(const std::string& name);
  void write(const std::string& name, std::int64_t offset, std::string_view bytes);
  void truncate(const std::string& name, std::int64_t size);
  void sync(const std::string& name);
  // What was to be synced is on no disk and never will be, though whoever reads is shown it.
  void fail_sync(const std::string& name);

  [[nodiscard]] Files after(Cut cut, support::Random& random) const;

 private:
  struct Change {
    std::int64_t offset = 0;
    std::string bytes;
    bool truncates = false;  // to `offset`
  };
  struct File {
    std::string durable;
    std::vector<Change> pending;
    bool syncs_folder = false;
  };
  using Handle = std::shared_ptr<File>;
  struct NameChange {
    std::string name;
    Handle file;  // null = removed
  };

  [[nodiscard]] File& file(const std::string& name);
  static void apply(const Change& change, std::string& contents);
  static void tear(const Change& change, support::Random& random, std::string& contents);
  [[nodiscard]] static std::string contents_after(const File& file, Cut cut, support::Random& random);

  bool folder_is_made_ = false;
  bool folder_is_durable_ = false;
  std::map<std::string, Handle> names_;  // as whoever opens a file sees them
  std::map<std::string, Handle> durable_names_;
  std::vector<NameChange> pending_names_;
};

}  // namespace flashbid::fault
