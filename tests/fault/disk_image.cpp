#include "fault/disk_image.hpp"

#include <algorithm>
#include <utility>

#include "base/assert.hpp"

namespace flashbid::fault {

using support::Random;

std::string_view to_text(Cut cut) {
  switch (cut) {
    case Cut::drop:
      return "drop";
    case Cut::keep:
      return "keep";
    case Cut::reorder:
      return "reorder";
    case Cut::tear:
      return "tear";
  }
  return "?";
}

DiskImage::DiskImage(const Files& files) : folder_is_made_(files.has_value()), folder_is_durable_(files.has_value()) {
  if (!files) return;
  for (const auto& [name, bytes] : *files) {
    auto made = std::make_shared<File>();
    made->durable = bytes;
    names_.emplace(name, made);
  }
  durable_names_ = names_;
}

void DiskImage::make_folder() { folder_is_made_ = true; }

void DiskImage::sync_parent() { folder_is_durable_ = folder_is_made_; }

void DiskImage::sync_folder() {
  durable_names_ = names_;
  pending_names_.clear();
}

DiskImage::File& DiskImage::file(const std::string& name) {
  const auto found = names_.find(name);
  require(found != names_.end(), "a file that is used has been opened");
  return *found->second;
}

void DiskImage::open(const std::string& name, bool creates, bool syncs_folder) {
  if (!names_.contains(name)) {
    if (!creates) return;
    const auto made = std::make_shared<File>();
    names_.emplace(name, made);
    pending_names_.push_back({name, made});
  }
  if (syncs_folder) file(name).syncs_folder = true;
}

void DiskImage::remove(const std::string& name) {
  if (names_.erase(name) > 0) pending_names_.push_back({name, nullptr});
}

void DiskImage::write(const std::string& name, std::int64_t offset, std::string_view bytes) {
  file(name).pending.push_back({offset, std::string(bytes), false});
}

void DiskImage::truncate(const std::string& name, std::int64_t size) { file(name).pending.push_back({size, {}, true}); }

void DiskImage::sync(const std::string& name) {
  File& synced = file(name);
  for (const Change& change : synced.pending) apply(change, synced.durable);
  synced.pending.clear();
  if (std::exchange(synced.syncs_folder, false)) sync_folder();
}

void DiskImage::fail_sync(const std::string& name) { file(name).pending.clear(); }

void DiskImage::apply(const Change& change, std::string& contents) {
  const auto offset = static_cast<std::size_t>(change.offset);
  if (change.truncates) return contents.resize(std::min(contents.size(), offset));
  // A hole reads as zeros.
  if (contents.size() < offset + change.bytes.size()) contents.resize(offset + change.bytes.size());
  contents.replace(offset, change.bytes.size(), change.bytes);
}

void DiskImage::tear(const Change& change, Random& random, std::string& contents) {
  const auto end = change.offset + static_cast<std::int64_t>(change.bytes.size());
  for (std::int64_t from = change.offset; from < end;) {
    const std::int64_t to = std::min(end, (from / sector_bytes + 1) * sector_bytes);
    const auto begin = static_cast<std::size_t>(from - change.offset);
    if (random.percent(50)) apply({from, change.bytes.substr(begin, static_cast<std::size_t>(to - from))}, contents);
    from = to;
  }
}

std::string DiskImage::contents_after(const File& file, Cut cut, Random& random) {
  std::string contents = file.durable;
  if (cut == Cut::drop) return contents;
  for (const Change& change : file.pending) {
    if (cut != Cut::keep && random.percent(50)) continue;
    const bool torn = cut == Cut::tear && !change.truncates && random.percent(50);
    torn ? tear(change, random, contents) : apply(change, contents);
  }
  return contents;
}

Files DiskImage::after(Cut cut, Random& random) const {
  const bool folder_is_kept =
      folder_is_durable_ || (folder_is_made_ && cut != Cut::drop && (cut == Cut::keep || random.percent(50)));
  if (!folder_is_kept) return std::nullopt;
  std::map<std::string, Handle> names = durable_names_;
  for (const auto& [name, handle] : pending_names_) {
    if (cut == Cut::drop || (cut != Cut::keep && random.percent(50))) continue;
    handle == nullptr ? (void)names.erase(name) : (void)names.insert_or_assign(name, handle);
  }
  std::map<std::string, std::string> files;
  for (const auto& [name, handle] : names) files.emplace(name, contents_after(*handle, cut, random));
  return files;
}

}  // namespace flashbid::fault
