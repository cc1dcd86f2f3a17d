// The archive beside an engine: a relay on a thread of its own, and what it has to say of itself. Made and
// ended by the main thread; add_degraded() and add_metrics() may be called from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/archived_ledger.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "server/exposition.hpp"

namespace flashbid {

class ArchiveService {
 public:
  // Failure::invalid if the archive cannot be used as it is; one that is away is waited for, beside the bidding.
  [[nodiscard]] static Result<std::unique_ptr<ArchiveService>> start(ArchivedLedger ledger, std::string_view url);
  ~ArchiveService();
  ArchiveService(const ArchiveService&) = delete;
  ArchiveService& operator=(const ArchiveService&) = delete;

  void add_degraded(std::vector<std::string>& degraded) const;
  void add_metrics(Exposition& out) const;
  // Stores what is left, for at most `patience`. After the engine has stopped.
  void stop(Duration patience);

 private:
  struct Parts;
  explicit ArchiveService(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace flashbid
