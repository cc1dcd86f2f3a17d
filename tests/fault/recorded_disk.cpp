#include "fault/recorded_disk.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <string_view>
#include <utility>

namespace flashbid::fault {

using testing::FileCall;
using Kind = FileCall::Kind;

namespace {

constexpr std::array<std::string_view, 7> names{"read", "write", "sync", "truncate", "open", "remove", "sync_folder"};

bool is_of_no_interest(const FileCall& call) { return call.file.empty(); }  // a file without a name: a temporary one

}  // namespace

std::string to_text(const RecordedCall& recorded) {
  const FileCall& call = recorded.call;
  const auto name = names[static_cast<std::size_t>(call.kind)];
  const std::string failed = recorded.error == 0 ? "" : fmt::format(" that fails with errno {}", recorded.error);
  if (call.kind == Kind::sync_folder) {
    return fmt::format("{} of the {}{}", name, recorded.of_parent ? "folder around" : "data folder", failed);
  }
  return fmt::format("{} of {} at {}, {} bytes{}", name, call.file, call.offset, recorded.bytes.size(), failed);
}

void begin(const RecordedCall& recorded, DiskImage& image) {
  const FileCall& call = recorded.call;
  image.make_folder();  // whoever calls has made it
  if (recorded.error == ENOSPC && call.kind == Kind::write) {
    return image.write(call.file, call.offset, std::string_view(recorded.bytes).substr(0, recorded.bytes.size() / 2));
  }
  if (recorded.error != 0) return;
  switch (call.kind) {
    case Kind::open: {
      const bool creates = (call.size & SQLITE_OPEN_CREATE) != 0;
      const bool is_log = (call.size & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
      return image.open(call.file, creates, creates && is_log);
    }
    case Kind::write:
      return image.write(call.file, call.offset, recorded.bytes);
    case Kind::truncate:
      return image.truncate(call.file, call.offset);
    case Kind::remove:
      return image.remove(call.file);
    default:
      return;
  }
}

void finish(const RecordedCall& recorded, DiskImage& image) {
  const FileCall& call = recorded.call;
  if (call.kind == Kind::sync && recorded.error != 0) return image.fail_sync(call.file);
  if (recorded.error != 0) return;
  if (call.kind == Kind::sync) return image.sync(call.file);
  if (call.kind == Kind::remove && call.size != 0) return image.sync_folder();
  if (call.kind == Kind::sync_folder) return recorded.of_parent ? image.sync_parent() : image.sync_folder();
}

RecordedDisk::RecordedDisk(const Files& files, std::function<Promise()> promised)
    : folder_(temporary_.path() / "house"),
      promised_(std::move(promised)),
      image_(files),
      folder_syncs_([this](const std::filesystem::path& folder) { return on_folder_sync(folder); }) {
  vfs_.pretend_syncs();
  vfs_.listen([this](const FileCall& call) { return on_call(call); });
  if (!files) return;
  std::filesystem::create_directory(folder_);
  for (const auto& [name, bytes] : *files) {
    std::ofstream out(folder_ / name, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }
}

int RecordedDisk::on_call(const FileCall& call) {
  if (dead_) return EIO;
  if (is_of_no_interest(call)) return 0;
  RecordedCall recorded{call, {}, 0, false, promised_()};
  if (call.bytes != nullptr) recorded.bytes.assign(call.bytes, static_cast<std::size_t>(call.size));
  recorded.call.bytes = nullptr;
  return record(std::move(recorded));
}

int RecordedDisk::on_folder_sync(const std::filesystem::path& folder) {
  if (dead_) return EIO;
  const bool is_ours = folder == folder_ || folder == folder_.parent_path();
  if (!is_ours) return 0;
  RecordedCall recorded{{Kind::sync_folder, folder.filename().string()}, {}, 0, folder != folder_, promised_()};
  return record(std::move(recorded));
}

int RecordedDisk::record(RecordedCall recorded) {
  recorded.error = error_of(recorded.call);
  begin(recorded, image_);
  finish(recorded, image_);
  const int error = recorded.error;
  calls_.push_back(std::move(recorded));
  return error;
}

int RecordedDisk::error_of(const FileCall& call) {
  if (!fault_) return 0;
  if (!fault_->kinds.empty() && std::ranges::find(fault_->kinds, call.kind) == fault_->kinds.end()) return 0;
  const std::size_t index = matching_++;
  const bool fails = index == fault_->at || (fault_->for_ever && index > fault_->at);
  if (!fails) return 0;
  ++failures_;
  return fault_->error;
}

}  // namespace flashbid::fault
