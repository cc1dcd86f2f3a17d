#include "ledger/sqlite/copy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "ledger/sqlite/folder.hpp"
#include "ledger/sqlite/rows.hpp"
#include "ledger/sqlite/schema.hpp"

namespace flashbid {
namespace {

namespace fs = std::filesystem;
using namespace sqlite;

std::unexpected<Error> refuse(std::string why) { return fail(Failure::invalid, std::move(why)); }

// A ledger of this version's schema.
Result<void> check_source(Database& db, const fs::path& file) {
  const auto version = check_ours(db, file);
  if (!version) return std::unexpected(version.error());
  if (*version == schema_version) return {};
  return refuse(fmt::format("{} has the schema {}, and this version copies {}: start its server once with this version",
                            file.string(), *version, schema_version));
}

// Makes `folder`, for nobody else's eyes.
Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error)) {
    return refuse(fmt::format("{} is left of a copy that did not end: remove it", folder.string()));
  }
  fs::create_directories(folder, error);
  if (!error) fs::permissions(folder, fs::perms::owner_all, error);
  if (error) return refuse(fmt::format("cannot make {}: {}", folder.string(), error.message()));
  return {};
}

Result<Epoch> raise_epoch(const fs::path& file, Epoch from) {
  auto db = Database::open(file, SQLITE_OPEN_READWRITE, "");
  if (!db) return std::unexpected(std::move(db.error()));
  if (const auto set = db->set("PRAGMA synchronous = FULL"); !set) return std::unexpected(set.error());
  auto meta = read_meta(*db);
  if (!meta) return std::unexpected(std::move(meta.error()));
  if (meta->epoch == Epoch{0}) return meta->epoch;  // never started: it has no history
  meta->epoch = std::max(meta->epoch.next(), from);
  Statement write;
  if (const auto prepared = db->prepare(write, "UPDATE meta SET epoch = ?1, crc = ?2"); !prepared) {
    return std::unexpected(prepared.error());
  }
  if (write.bind(1, meta->epoch.value()).bind(2, std::uint64_t{checksum_of(*meta)}).run() != SQLITE_OK) {
    return db->failure("cannot write the copy's epoch");
  }
  if (const auto all = db->ask_number("PRAGMA wal_checkpoint(TRUNCATE)"); !all) return std::unexpected(all.error());
  return meta->epoch;
}

// What SQLite leaves beside a file that was only read: an empty log and its index.
void tidy(const fs::path& file) {
  std::error_code error;
  const fs::path log = file.string() + "-wal";
  if (!fs::exists(log, error) || fs::file_size(log, error) != 0) return;
  fs::remove(log, error);
  fs::remove(file.string() + "-shm", error);
}

Result<LedgerCopy> fill(const fs::path& from, const fs::path& folder, const std::vector<std::string>& beside,
                        Epoch epoch_from, const CopyStages& progress) {
  auto source = open_for_reading({.folder = from});
  if (!source) return std::unexpected(std::move(source.error()));
  if (const auto ours = check_source(*source, database_file(from)); !ours) return std::unexpected(ours.error());
  if (auto whole = check_whole(*source, from); !whole) {
    return std::unexpected(explained(std::move(whole.error()), from));
  }
  if (auto copied = copy_database(*source, database_file(folder), progress.copying); !copied) {
    return std::unexpected(std::move(copied.error()));
  }
  for (const std::string& name : beside) {
    std::error_code error;
    if (!fs::exists(from / name, error)) continue;
    auto other = Database::open(from / name, SQLITE_OPEN_READONLY, "");
    if (!other) return std::unexpected(std::move(other.error()));
    if (auto copied = copy_database(*other, folder / name, progress.copying); !copied) {
      return std::unexpected(std::move(copied.error()));
    }
  }
  const auto epoch = raise_epoch(database_file(folder), epoch_from);
  if (!epoch) return std::unexpected(epoch.error());
  auto verified = verify_sqlite_ledger(folder, progress.proving);
  if (!verified) return std::unexpected(std::move(verified.error()));
  tidy(database_file(folder));
  return LedgerCopy{*verified, *epoch};
}

}  // namespace

Result<LedgerCopy> copy_sqlite_ledger(const fs::path& from, const fs::path& to, const std::vector<std::string>& beside,
                                      Epoch epoch_from, const CopyStages& progress) {
  std::error_code error;
  if (!fs::is_regular_file(database_file(from), error)) {
    return refuse(fmt::format("there is no ledger at {}", database_file(from).string()));
  }
  const fs::path whole = fs::absolute(to, error).lexically_normal();
  const fs::path target = whole.has_filename() ? whole : whole.parent_path();  // "a/" is "a"
  if (fs::exists(target, error) && !(fs::is_directory(target, error) && fs::is_empty(target, error))) {
    return refuse(fmt::format("{} is there already: give a folder that is not, or is empty", target.string()));
  }
  const fs::path partial = target.string() + ".partial";
  if (const auto made = make_folder(partial); !made) return std::unexpected(made.error());
  auto copy = fill(from, partial, beside, epoch_from, progress);
  if (!copy) {
    fs::remove_all(partial, error);
    return copy;
  }
  if (const auto synced = sync_folder(partial); !synced) return std::unexpected(synced.error());
  fs::rename(partial, target, error);
  if (error) return refuse(fmt::format("cannot give {} its name: {}", partial.string(), error.message()));
  if (const auto synced = sync_folder(target.parent_path()); !synced) return std::unexpected(synced.error());
  return copy;
}

}  // namespace flashbid
