// The embedded ledger as a relay's source: its one shard. Belongs to the relay's thread; the server may run beside it,
// in this process or in another.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

#include "ledger/sqlite/ordered_reader.hpp"
#include "relay/folder_leases.hpp"
#include "relay/source.hpp"

namespace flashbid {

class SqliteSource final : public Source {
 public:
  // `keeps`: where the position is kept if the sink does not do it.
  [[nodiscard]] static Result<std::unique_ptr<Source>> open(const std::filesystem::path& folder,
                                                            std::optional<PositionFile> keeps = {});

  [[nodiscard]] Result<void> begin(std::string_view position) override;
  [[nodiscard]] Result<SourceBatch> read(std::size_t max) override;
  [[nodiscard]] Result<std::optional<SourceBatch>> read_ahead(std::size_t max) override { return read(max); }
  // The ledger keeps everything, and does not know who has stored what.
  [[nodiscard]] Result<void> stored(std::string_view position) override {
    return keeps_ ? keeps_->write(position) : Result<void>{};
  }
  [[nodiscard]] Result<Waiting> waiting() override;
  [[nodiscard]] Result<bool> tidy(std::size_t) override { return false; }

 private:
  SqliteSource(std::unique_ptr<OrderedReader> reader, std::optional<PositionFile> keeps)
      : reader_(std::move(reader)), keeps_(std::move(keeps)) {}
  std::unique_ptr<OrderedReader> reader_;
  std::optional<PositionFile> keeps_;
  std::int64_t position_ = 0;
};

}  // namespace flashbid
