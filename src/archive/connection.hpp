// PostgreSQL as the archive uses it: one connection, one query at a time, each with a deadline, errors as values.
// Belongs to one thread at a time. It never waits longer than its deadline, also not for a server that has stopped
// answering: then the connection is given up, and its transaction with it. But a host's name is looked up by the
// system, which may take longer (libpq blocks in getaddrinfo); an address in the URL needs no look-up.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "archive/parameters.hpp"
#include "archive/url.hpp"
#include "base/result.hpp"

namespace flashbid::archive {

// A query's answer. Columns are read as the query names them, by place; the schema is ours.
class Rows {
 public:
  explicit Rows(PGresult* result) : result_(result) {}
  [[nodiscard]] int count() const { return PQntuples(result_.get()); }
  [[nodiscard]] bool is_null(int row, int column) const { return PQgetisnull(result_.get(), row, column) != 0; }
  // Valid as long as these rows.
  [[nodiscard]] std::string_view text(int row, int column) const;
  [[nodiscard]] std::int64_t integer(int row, int column) const;
  [[nodiscard]] std::uint64_t number(int row, int column) const {
    return static_cast<std::uint64_t>(integer(row, column));
  }
  // How many rows an INSERT, UPDATE or DELETE touched.
  [[nodiscard]] std::uint64_t affected() const;

 private:
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  std::unique_ptr<PGresult, Clear> result_;
};

class Connection {
 public:
  using Clock = std::chrono::steady_clock;

  // Failure::unavailable if nobody answers in time, invalid if what answers cannot be used (no such database, wrong
  // password, not UTF-8).
  [[nodiscard]] static Result<Connection> open(const ArchiveUrl& url, std::chrono::milliseconds timeout);

  // Runs one statement. Failure::unavailable if the connection was lost or the server cannot now; inside a transaction
  // nothing of it is there then.
  [[nodiscard]] Result<Rows> run(const std::string& sql, const Parameters& parameters = {});
  // Runs a `COPY … FROM STDIN (FORMAT binary)` with these rows; how many there were.
  [[nodiscard]] Result<std::uint64_t> copy(const std::string& sql, const CopyRows& rows);
  // Runs statements that answer nothing.
  [[nodiscard]] Result<void> run_all(const std::string& sql);

  // Failure::outcome_unknown if the connection was lost before COMMIT was answered.
  [[nodiscard]] Result<void> commit();
  void rollback();

  // False once the connection is lost.
  [[nodiscard]] bool usable() const { return handle_ && PQstatus(handle_.get()) == CONNECTION_OK; }

 private:
  struct Finish {
    void operator()(PGconn* handle) const { PQfinish(handle); }
  };
  Connection(std::unique_ptr<PGconn, Finish> handle, std::string shown, std::chrono::milliseconds timeout)
      : handle_(std::move(handle)), shown_(std::move(shown)), timeout_(timeout) {}

  [[nodiscard]] Result<void> connect();
  [[nodiscard]] Result<void> greet();
  // Waits until the socket is readable (or writable); false at the deadline.
  [[nodiscard]] bool wait(bool write, Clock::time_point deadline) const;
  [[nodiscard]] Result<Rows> answer();
  // Sends what libpq has not sent yet.
  [[nodiscard]] Result<void> flush(Clock::time_point deadline);
  [[nodiscard]] Result<PGresult*> next_result(Clock::time_point deadline);
  std::unexpected<Error> lost(std::string_view why);
  [[nodiscard]] Error refusal(const PGresult* result) const;

  std::unique_ptr<PGconn, Finish> handle_;
  std::string shown_;
  std::chrono::milliseconds timeout_;
};

}  // namespace flashbid::archive
