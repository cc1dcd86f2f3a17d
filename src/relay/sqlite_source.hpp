// The embedded ledger as a relay's source: its one shard. Belongs to the relay's thread; the server may run beside it,
// in this process or in another.
#pragma once

#include <filesystem>
#include <memory>

#include "ledger/sqlite/ordered_reader.hpp"
#include "relay/source.hpp"

namespace flashbid {

class SqliteSource final : public Source {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Source>> open(const std::filesystem::path& folder);

  [[nodiscard]] Result<void> begin(std::string_view position) override;
  [[nodiscard]] Result<SourceBatch> read(std::size_t max) override;
  // The ledger keeps everything, and does not know who has stored what.
  [[nodiscard]] Result<void> stored(std::string_view) override { return {}; }
  [[nodiscard]] Result<Waiting> waiting() override;
  [[nodiscard]] Result<bool> tidy(std::size_t) override { return false; }

 private:
  explicit SqliteSource(std::unique_ptr<OrderedReader> reader) : reader_(std::move(reader)) {}
  std::unique_ptr<OrderedReader> reader_;
  std::int64_t position_ = 0;
};

}  // namespace flashbid
