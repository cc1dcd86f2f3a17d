// The lease of an embedded ledger's one shard, and how far it has been moved, for sinks that keep neither: two files
// beside the ledger, relay-GROUP.lock and relay-GROUP.position. The lock ends with its process. Belongs to the relay's
// thread.
#pragma once

#include <filesystem>
#include <string>

#include "relay/sink.hpp"

namespace flashbid {

// Where a reader has got to in an embedded ledger, in a file of its own.
class PositionFile {
 public:
  explicit PositionFile(std::filesystem::path path) : path_(std::move(path)) {}
  // Empty if there is none yet.
  [[nodiscard]] Result<std::string> read() const;
  // On disk when it returns; the old one or the new one after a crash.
  [[nodiscard]] Result<void> write(std::string_view position) const;

 private:
  std::filesystem::path path_;
};

[[nodiscard]] PositionFile position_file(const std::filesystem::path& folder, std::string_view group);

class FolderLeases final : public Leases {
 public:
  FolderLeases(std::filesystem::path folder, std::string group);
  ~FolderLeases() override;
  FolderLeases(const FolderLeases&) = delete;
  FolderLeases& operator=(const FolderLeases&) = delete;

  [[nodiscard]] Result<std::uint64_t> beat(std::string_view, Duration) override { return 1; }
  [[nodiscard]] Result<std::optional<ShardLease>> acquire(std::uint64_t shard, std::string_view owner,
                                                          Duration length) override;
  [[nodiscard]] Result<void> renew(const ShardLease&, Duration) override { return {}; }
  [[nodiscard]] Result<void> release(const ShardLease& lease) override;

 private:
  std::filesystem::path lock_;
  PositionFile position_;
  int file_ = -1;
};

}  // namespace flashbid
