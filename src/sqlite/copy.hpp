// A copy of an SQLite database as it is at one moment, made while others write to it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "base/result.hpp"
#include "sqlite/database.hpp"

namespace flashbid::sqlite {

// How much is copied: pages, of how many.
using CopyProgress = std::function<void(std::int64_t done, std::int64_t all)>;

// Copies what `from` sees now into the new file `to`, which is on the disk when this returns. `from` is in no
// transaction, and is held in one meanwhile: a writer's log grows for that long. Failure::unavailable if there is no
// room, corrupt if `from` is damaged.
[[nodiscard]] Result<void> copy_database(Database& from, const std::filesystem::path& to, const CopyProgress& progress);

}  // namespace flashbid::sqlite
