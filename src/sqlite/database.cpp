#include "sqlite/database.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "base/assert.hpp"

namespace flashbid::sqlite {

bool Problem::is_no_space() const {
  if (code == SQLITE_FULL) return true;
  // SQLite knows ENOSPC only; a quota or a file size limit is as harmless. A failed sync never is, whatever its errno.
  return code == SQLITE_IOERR_WRITE && (system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG);
}

bool Problem::is_passing() const {
  const int primary = code & 0xFF;
  return is_no_space() || primary == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM || primary == SQLITE_BUSY;
}

bool Problem::is_corruption() const {
  const int primary = code & 0xFF;
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB || code == SQLITE_IOERR_SHORT_READ;
}

Statement::Statement(sqlite3* db, const char* sql) {
  sqlite3_stmt* handle = nullptr;
  if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr) == SQLITE_OK) handle_.reset(handle);
}

// Nothing is copied, so a bind fails only for a wrong parameter or a text of gigabytes: a programmer's error. It must
// not pass, because the statement would keep the value bound before.
Statement& Statement::bind(int parameter, std::int64_t value) {
  require(sqlite3_bind_int64(handle_.get(), parameter, value) == SQLITE_OK, "a number can be bound");
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  // A null pointer would bind NULL; an empty text is not NULL.
  const int code = sqlite3_bind_text64(handle_.get(), parameter, text.empty() ? "" : text.data(), text.size(),
                                       SQLITE_STATIC, SQLITE_UTF8);
  require(code == SQLITE_OK, "a text can be bound");
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  require(sqlite3_bind_null(handle_.get(), parameter) == SQLITE_OK, "null can be bound");
  return *this;
}

int Statement::run() {
  int code = step();
  while (code == SQLITE_ROW) code = step();
  // reset() repeats the error of step(), and only that.
  const int reset_code = sqlite3_reset(handle_.get());
  return code == SQLITE_DONE ? SQLITE_OK : reset_code;
}

std::string_view Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(handle_.get(), column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))};
}

Result<Database> Database::open(const std::filesystem::path& file, int flags, const std::string& vfs) {
  Database made;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                   vfs.empty() ? nullptr : vfs.c_str());
  made.handle_.reset(handle);  // set even if opening failed
  if (code != SQLITE_OK) {
    const char* text = handle == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle);
    return fail(Failure::invalid,
                fmt::format("cannot open {}: {}; see that this user may read and write it, and that its "
                            "disk works",
                            file.string(), text));
  }
  return made;
}

int Database::last_errno(Culprit culprit) const {
  const int which = culprit == Culprit::log ? SQLITE_FCNTL_JOURNAL_POINTER : SQLITE_FCNTL_FILE_POINTER;
  sqlite3_file* file = nullptr;
  int error = 0;
  const int code = sqlite3_file_control(handle_.get(), nullptr, which, static_cast<void*>(&file));
  if (code != SQLITE_OK || file == nullptr || file->pMethods == nullptr) return 0;
  file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
  return error;
}

Problem Database::problem(Culprit culprit) const {
  // The message first: asking a file for its errno is a call of its own.
  Problem problem{sqlite3_extended_errcode(handle_.get()), 0, sqlite3_errmsg(handle_.get())};
  problem.system_error = last_errno(culprit);
  return problem;
}

std::unexpected<Error> Database::failure(std::string_view doing) const {
  const Problem problem = this->problem();
  const Failure failure = problem.is_corruption() ? Failure::corrupt
                          : problem.is_passing()  ? Failure::unavailable
                                                  : Failure::internal;
  return fail(failure, fmt::format("{}: {} (SQLite {})", doing, problem.text, problem.code));
}

Result<void> Database::set(const std::string& sql) {
  if (run(sql.c_str()) != SQLITE_OK) return failure(sql);
  return {};
}

Result<std::int64_t> Database::ask_number(const char* sql) {
  Statement statement(handle_.get(), sql);
  if (!statement.prepared() || statement.step() != SQLITE_ROW) return failure(sql);
  return statement.integer(0);
}

Result<std::string> Database::ask_text(const char* sql) {
  Statement statement(handle_.get(), sql);
  if (!statement.prepared() || statement.step() != SQLITE_ROW) return failure(sql);
  return std::string(statement.text(0));
}

Result<void> Database::prepare(Statement& statement, const char* sql) {
  statement = Statement(handle_.get(), sql);
  if (statement.prepared()) return {};
  // A disk that could not be read says nothing about what is on it.
  const Problem found = problem();
  if ((found.code & 0xFF) != SQLITE_ERROR) return failure("cannot read the tables");
  return fail(Failure::corrupt, fmt::format("the tables are not as expected: {}", found.text));
}

}  // namespace flashbid::sqlite
