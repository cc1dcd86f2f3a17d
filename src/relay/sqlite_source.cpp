#include "relay/sqlite_source.hpp"

#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace flashbid {

Result<std::unique_ptr<Source>> SqliteSource::open(const std::filesystem::path& folder,
                                                   std::optional<PositionFile> keeps) {
  auto reader = OrderedReader::open(folder);
  if (!reader) return std::unexpected(std::move(reader.error()));
  return std::unique_ptr<Source>(new SqliteSource(std::move(*reader), std::move(keeps)));
}

Result<void> SqliteSource::begin(std::string_view position) {
  position_ = 0;
  if (position.empty()) return {};
  const char* end = position.data() + position.size();
  const auto [stop, wrong] = std::from_chars(position.data(), end, position_);
  if (wrong == std::errc() && stop == end && position_ >= 0) return {};
  return fail(Failure::corrupt, fmt::format("\"{}\" is no position in an SQLite ledger", position));
}

Result<SourceBatch> SqliteSource::read(std::size_t max) {
  auto slice = reader_->read(position_, max);
  if (!slice) return std::unexpected(std::move(slice.error()));
  position_ = slice->position;
  return SourceBatch{std::move(slice->records), std::to_string(position_), slice->epoch,
                     static_cast<std::uint64_t>(slice->newest - position_)};
}

Result<Waiting> SqliteSource::waiting() {
  const auto slice = reader_->read(position_, 1);
  if (!slice) return std::unexpected(slice.error());
  return Waiting{static_cast<std::uint64_t>(slice->newest - position_), {}};
}

}  // namespace flashbid
