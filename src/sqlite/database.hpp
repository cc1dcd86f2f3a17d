// SQLite as FlashBid uses it: one connection, prepared statements, errors as values. Belongs to one thread at a
// time.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace flashbid::sqlite {

// An SQLite result code with its message and the system's errno, kept before a later call overwrites them.
struct Problem {
  int code = SQLITE_OK;  // extended
  int system_error = 0;
  std::string text;

  // No space is left: SQLite undid what it could not write.
  [[nodiscard]] bool is_no_space() const;
  // Worth another try after the transaction is rolled back, if nothing was committed: no space, no memory, held by
  // another process.
  [[nodiscard]] bool is_passing() const;
  [[nodiscard]] bool is_corruption() const;
};

class Statement {
 public:
  Statement() = default;
  Statement(sqlite3* db, const char* sql);  // stays empty if it cannot be prepared

  [[nodiscard]] bool prepared() const { return handle_ != nullptr; }
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::uint64_t value) { return bind(parameter, static_cast<std::int64_t>(value)); }
  // `text` must stay until reset().
  Statement& bind(int parameter, std::string_view text);
  Statement& bind_null(int parameter);

  // SQLITE_ROW, SQLITE_DONE or an error.
  [[nodiscard]] int step() { return sqlite3_step(handle_.get()); }
  // Runs it to its end and resets it: SQLITE_OK or an error.
  [[nodiscard]] int run();
  void reset() { sqlite3_reset(handle_.get()); }

  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  [[nodiscard]] std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }
  // Valid until the next step() or reset().
  [[nodiscard]] std::string_view text(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

// Resets a statement at the end of the scope, so that no read transaction is left open.
class Resetting {
 public:
  explicit Resetting(Statement& statement) : statement_(statement) {}
  ~Resetting() { statement_.reset(); }
  Resetting(const Resetting&) = delete;
  Resetting& operator=(const Resetting&) = delete;

 private:
  Statement& statement_;
};

class Database {
 public:
  // Opens `file` with SQLite's `flags`; `vfs` empty = the system's.
  [[nodiscard]] static Result<Database> open(const std::filesystem::path& file, int flags, const std::string& vfs);

  [[nodiscard]] sqlite3* handle() const { return handle_.get(); }
  // The last error of this connection, with the errno of the file that it can have come from. (SQLite's own
  // sqlite3_system_errno() misses what a COMMIT ran into.)
  enum class Culprit : std::uint8_t { log, database };
  [[nodiscard]] Problem problem(Culprit culprit = Culprit::log) const;
  [[nodiscard]] int run(const char* sql) { return sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr); }
  // Runs a setting; Failure::invalid if SQLite refuses it, corrupt if the file is damaged.
  [[nodiscard]] Result<void> set(const std::string& sql);
  // The first column of the first row as a number or as text.
  [[nodiscard]] Result<std::int64_t> ask_number(const char* sql);
  [[nodiscard]] Result<std::string> ask_text(const char* sql);
  // Prepares a statement that stays for the connection's life. The schema is ours: what does not fit
  // it is corruption.
  [[nodiscard]] Result<void> prepare(Statement& statement, const char* sql);

  // What the last error means for a caller that only reads or opens.
  [[nodiscard]] std::unexpected<Error> failure(std::string_view doing) const;

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
  };
  [[nodiscard]] int last_errno(Culprit culprit) const;

  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace flashbid::sqlite
