#include "archive/connection.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <utility>
#include <vector>

namespace flashbid::archive {
namespace {

std::string one_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  std::string line(text);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

struct Class {
  std::string_view prefix;
  Failure failure;
};
// By the first letters of the SQLSTATE: https://www.postgresql.org/docs/15/errcodes-appendix.html
constexpr std::array<Class, 17> classes{{
    {"08", Failure::unavailable},     // connection
    {"25006", Failure::unavailable},  // read only: a standby, until it is promoted
    {"40", Failure::unavailable},     // serialization, deadlock
    {"53", Failure::unavailable},     // disk full, out of memory, too many connections
    {"55P03", Failure::unavailable},  // lock not to be had in time
    {"57", Failure::unavailable},     // cancelled by a timeout, shutting down, starting up
    {"25P03", Failure::unavailable},  // idle in transaction for too long
    {"58", Failure::unavailable},     // I/O
    {"28", Failure::invalid},         // user or password
    {"3D", Failure::invalid},         // no such database
    {"42501", Failure::invalid},      // privilege
    {"3F", Failure::invalid},         // no such schema
    {"42P01", Failure::invalid},      // no such table
    {"23", Failure::corrupt},         // a constraint: a row is there that must not be
    {"XX001", Failure::corrupt},      // damaged data
    {"XX002", Failure::corrupt},      // damaged index
    {"XX", Failure::internal},
}};

Failure failure_of(std::string_view state) {
  for (const Class& each : classes) {
    if (state.starts_with(each.prefix)) return each.failure;
  }
  return Failure::internal;
}

int milliseconds_left(Connection::Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Connection::Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

std::string_view Rows::text(int row, int column) const {
  return {PQgetvalue(result_.get(), row, column), static_cast<std::size_t>(PQgetlength(result_.get(), row, column))};
}

std::int64_t Rows::integer(int row, int column) const {
  const std::string_view digits = text(row, column);
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::uint64_t Rows::affected() const {
  const std::string_view digits(PQcmdTuples(result_.get()));
  std::uint64_t count = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return count;
}

Result<Connection> Connection::open(const ArchiveUrl& url, std::chrono::milliseconds timeout) {
  // What the URL says wins over what stands after it.
  const std::array<const char*, 4> names{"dbname", "application_name", "client_encoding", nullptr};
  const std::array<const char*, 4> values{url.uri.c_str(), "flashbid", "UTF8", nullptr};
  std::unique_ptr<PGconn, Finish> handle(PQconnectStartParams(names.data(), values.data(), 1));
  if (!handle) return fail(Failure::unavailable, "no memory for a connection to PostgreSQL");
  Connection connection(std::move(handle), url.shown, timeout);
  if (auto connected = connection.connect(); !connected) return std::unexpected(std::move(connected.error()));
  if (auto greeted = connection.greet(); !greeted) return std::unexpected(std::move(greeted.error()));
  return connection;
}

Result<void> Connection::connect() {
  const auto deadline = Clock::now() + timeout_;
  PGconn* const handle = handle_.get();
  PostgresPollingStatusType status = PQstatus(handle) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) {
    if (!wait(status == PGRES_POLLING_WRITING, deadline)) return lost("it does not answer");
    status = PQconnectPoll(handle);
  }
  if (status == PGRES_POLLING_OK) return {};
  const std::string why = one_line(PQerrorMessage(handle));
  // libpq tells the SQLSTATE of a refused connection only by its sentence.
  const bool ours_to_mend =
      why.contains("password") || why.contains("does not exist") || why.contains("no pg_hba.conf");
  if (!ours_to_mend) return lost(why);
  handle_.reset();
  return fail(Failure::invalid, fmt::format("PostgreSQL at {} refuses: {}", shown_, why));
}

Result<void> Connection::greet() {
  constexpr int oldest = 120'000;
  if (PQserverVersion(handle_.get()) < oldest) {
    return fail(Failure::invalid, fmt::format("PostgreSQL at {} is too old: 12 or newer is needed", shown_));
  }
  const char* encoding = PQparameterStatus(handle_.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8") {
    return fail(Failure::invalid, fmt::format("the database at {} does not hold UTF-8: make one with "
                                              "CREATE DATABASE … ENCODING 'UTF8'",
                                              shown_));
  }
  if (PQsetnonblocking(handle_.get(), 1) != 0) return lost("its socket cannot be used");
  // A transaction whose owner stands still must not hold a shard's row for longer than a lease.
  return run_all(
      fmt::format("SET statement_timeout = {0}; SET lock_timeout = {0}; SET idle_in_transaction_session_timeout = {0}; "
                  "SET default_transaction_isolation = 'read committed'",
                  timeout_.count()));
}

bool Connection::wait(bool write, Clock::time_point deadline) const {
  pollfd socket{PQsocket(handle_.get()), static_cast<short>(write ? POLLIN | POLLOUT : POLLIN), 0};
  for (;;) {
    const int left = milliseconds_left(deadline);
    const int ready = ::poll(&socket, 1, left);
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

std::unexpected<Error> Connection::lost(std::string_view why) {
  std::string detail = fmt::format("PostgreSQL at {} cannot be reached: {}", shown_, why);
  handle_.reset();
  return fail(Failure::unavailable, std::move(detail));
}

Error Connection::refusal(const PGresult* result) const {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  const std::string why = one_line(text != nullptr ? text : PQresultErrorMessage(result));
  const std::string_view code = state != nullptr ? state : "08000";
  return {failure_of(code), fmt::format("PostgreSQL at {} refuses: {} (SQLSTATE {})", shown_, why, code)};
}

Result<Rows> Connection::run(const std::string& sql, const Parameters& parameters) {
  if (!handle_) return lost("the connection was lost");
  std::vector<const char*> values;
  std::vector<int> lengths;
  for (const std::string& value : parameters.values()) {
    values.push_back(value.data());
    lengths.push_back(static_cast<int>(value.size()));
  }
  const std::vector<int> formats(values.size(), 1);
  const int sent = PQsendQueryParams(handle_.get(), sql.c_str(), parameters.count(), parameters.types().data(),
                                     values.data(), lengths.data(), formats.data(), 0);
  if (sent == 0) return lost(one_line(PQerrorMessage(handle_.get())));
  return answer();
}

Result<void> Connection::run_all(const std::string& sql) {
  if (!handle_) return lost("the connection was lost");
  if (PQsendQuery(handle_.get(), sql.c_str()) == 0) return lost(one_line(PQerrorMessage(handle_.get())));
  const auto answered = answer();
  if (!answered) return std::unexpected(answered.error());
  return {};
}

Result<std::uint64_t> Connection::copy(const std::string& sql, const CopyRows& rows) {
  if (!handle_) return lost("the connection was lost");
  const auto deadline = Clock::now() + timeout_;
  if (PQsendQuery(handle_.get(), sql.c_str()) == 0) return lost(one_line(PQerrorMessage(handle_.get())));
  if (auto sent = flush(deadline); !sent) return std::unexpected(sent.error());
  const auto begun = next_result(deadline);
  if (!begun) return std::unexpected(begun.error());
  const Rows first(*begun);
  if (PQresultStatus(*begun) != PGRES_COPY_IN) {
    Error refused = refusal(*begun);
    const auto end = next_result(deadline);
    if (!end) return std::unexpected(end.error());
    PQclear(*end);  // null: an error is the last result
    return std::unexpected(std::move(refused));
  }
  // None of this blocks: what the socket does not take, libpq keeps.
  const auto put = [this](std::string_view bytes) {
    return PQputCopyData(handle_.get(), bytes.data(), static_cast<int>(bytes.size())) == 1;
  };
  if (!put(rows.bytes()) || !put(CopyRows::end) || PQputCopyEnd(handle_.get(), nullptr) != 1) {
    return lost(one_line(PQerrorMessage(handle_.get())));
  }
  const auto copied = answer();
  if (!copied) return std::unexpected(copied.error());
  return copied->affected();
}

Result<void> Connection::flush(Clock::time_point deadline) {
  for (int left = PQflush(handle_.get()); left != 0; left = PQflush(handle_.get())) {
    if (left < 0) return lost(one_line(PQerrorMessage(handle_.get())));
    if (!wait(true, deadline)) return lost("it does not take a query");
    if (PQconsumeInput(handle_.get()) == 0) return lost(one_line(PQerrorMessage(handle_.get())));
  }
  return {};
}

// The last result, or the first that says no.
Result<Rows> Connection::answer() {
  const auto deadline = Clock::now() + timeout_;
  if (auto sent = flush(deadline); !sent) return std::unexpected(sent.error());
  std::optional<Rows> last;
  std::optional<Error> refused;
  for (;;) {
    const auto result = next_result(deadline);
    if (!result) return std::unexpected(result.error());
    if (*result == nullptr) break;
    Rows rows(*result);
    const ExecStatusType status = PQresultStatus(*result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && !refused) refused = refusal(*result);
    last = std::move(rows);
  }
  if (PQstatus(handle_.get()) != CONNECTION_OK) return lost(refused ? refused->detail : "the connection was lost");
  if (refused) return std::unexpected(std::move(*refused));
  if (!last) return lost("it answered nothing");
  return std::move(*last);
}

// Null after the last one.
Result<PGresult*> Connection::next_result(Clock::time_point deadline) {
  while (PQisBusy(handle_.get()) != 0) {
    if (!wait(false, deadline)) return lost("it does not answer a query");
    if (PQconsumeInput(handle_.get()) == 0) return lost(one_line(PQerrorMessage(handle_.get())));
  }
  return PQgetResult(handle_.get());
}

Result<void> Connection::commit() {
  const auto committed = run("COMMIT");
  if (committed) return {};
  if (usable()) return std::unexpected(committed.error());
  return fail(Failure::outcome_unknown, committed.error().detail);
}

void Connection::rollback() {
  if (!handle_) return;
  // If it fails the connection goes, and the transaction with it.
  if (!run_all("ROLLBACK")) handle_.reset();
}

}  // namespace flashbid::archive
