#include "sqlite/copy.hpp"

#include <fmt/format.h>

#include <memory>
#include <tuple>

namespace flashbid::sqlite {
namespace {

constexpr int pages_a_step = 1'024;

struct Finish {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

// A snapshot that lasts. Without one the copy would begin anew whenever somebody else has written.
class Snapshot {
 public:
  explicit Snapshot(Database& of) : of_(of) {}
  ~Snapshot() { std::ignore = of_.run("ROLLBACK"); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  [[nodiscard]] Result<void> take() {
    if (of_.run("BEGIN") != SQLITE_OK) return of_.failure("cannot read the database");
    if (const auto read = of_.ask_number("SELECT count(*) FROM sqlite_schema"); !read) {
      return std::unexpected(read.error());
    }
    return {};
  }

 private:
  Database& of_;
};

}  // namespace

Result<void> copy_database(Database& from, const std::filesystem::path& to, const CopyProgress& progress) {
  Snapshot snapshot(from);
  if (const auto taken = snapshot.take(); !taken) return taken;
  auto copy = Database::open(to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "");
  if (!copy) return std::unexpected(std::move(copy.error()));
  const std::unique_ptr<sqlite3_backup, Finish> backup(
      sqlite3_backup_init(copy->handle(), "main", from.handle(), "main"));
  if (!backup) return copy->failure("cannot begin to copy");
  for (;;) {
    const int code = sqlite3_backup_step(backup.get(), pages_a_step);
    const std::int64_t all = sqlite3_backup_pagecount(backup.get());
    progress(all - sqlite3_backup_remaining(backup.get()), all);
    if (code == SQLITE_DONE) return {};
    if (code == SQLITE_OK) continue;
    if ((code & 0xFF) == SQLITE_FULL) {
      return fail(Failure::unavailable, fmt::format("there is no room for {}", to.string()));
    }
    return fail((code & 0xFF) == SQLITE_CORRUPT ? Failure::corrupt : Failure::internal,
                fmt::format("cannot copy to {}: {} (SQLite {})", to.string(), sqlite3_errstr(code), code));
  }
}

}  // namespace flashbid::sqlite
