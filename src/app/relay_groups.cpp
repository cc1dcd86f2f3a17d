#include "app/relay_groups.hpp"

#include <chrono>
#include <optional>
#include <system_error>
#include <utility>

#include "relay/folder_leases.hpp"
#include "relay/sqlite_source.hpp"

namespace flashbid {
namespace {

constexpr std::chrono::seconds look_pause{2};
constexpr std::string_view front = "relay-";
constexpr std::string_view back = ".position";

std::optional<std::uint64_t> behind(const std::filesystem::path& folder, const std::string& group) {
  const Result<std::string> position = position_file(folder, group).read();
  if (!position) return std::nullopt;
  const auto source = SqliteSource::open(folder);
  if (!source || !(*source)->begin(*position)) return std::nullopt;
  const auto waiting = (*source)->waiting();
  if (!waiting) return std::nullopt;
  return waiting->events;
}

}  // namespace

void add_group_metrics(const WaitingByGroup& waiting, Exposition& out) {
  if (waiting.empty()) return;
  out.gauge("flashbid_group_waiting_events", "Events of the ledger that a group of relays has not passed on yet");
  for (const auto& [group, events] : waiting) out.sample(events, {{"group", group}});
}

FolderGroups::FolderGroups(std::filesystem::path folder)
    : folder_(std::move(folder)), watching_([this](const std::stop_token& stopped) { watch(stopped); }) {}

WaitingByGroup FolderGroups::waiting() const {
  const std::scoped_lock lock(mutex_);
  return known_;
}

void FolderGroups::watch(const std::stop_token& stopped) {
  while (!stopped.stop_requested()) {
    WaitingByGroup found = look();
    std::unique_lock lock(mutex_);
    known_ = std::move(found);
    pause_.wait_for(lock, stopped, look_pause, [] { return false; });
  }
}

WaitingByGroup FolderGroups::look() const {
  WaitingByGroup found;
  std::error_code none;
  const std::filesystem::directory_iterator end;
  for (std::filesystem::directory_iterator entry(folder_, none); entry != end; entry.increment(none)) {
    const std::string name = entry->path().filename().string();
    if (!name.starts_with(front) || !name.ends_with(back)) continue;
    const std::string group = name.substr(front.size(), name.size() - front.size() - back.size());
    if (const auto events = behind(folder_, group)) found.emplace(group, *events);
  }
  return found;
}

}  // namespace flashbid
