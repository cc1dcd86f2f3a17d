// COPY of rows of an event's size into a table like `flashbid.events`, a transaction at a time, and nothing else: what
// PostgreSQL itself can take. One thread; ends the program on a failure.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>

namespace flashbid::bench {

class Copier {
 public:
  // `payload_file` has an event's text. Rows go round `auctions`, whose sequences begin at `first_sequence`; none may
  // be there yet.
  Copier(const std::string& url, const std::string& payload_file, std::uint64_t auctions, std::uint64_t first_sequence);

  // The next `rows`, in one transaction.
  void copy(std::uint64_t rows);

 private:
  struct Clear {
    void operator()(PGconn* connection) const { PQfinish(connection); }
    void operator()(PGresult* result) const { PQclear(result); }
  };
  void run(const char* sql);
  [[noreturn]] void fail() const;

  std::string payload_;
  std::uint64_t auctions_, first_sequence_;
  std::unique_ptr<PGconn, Clear> connection_;
  std::uint64_t next_row_ = 0;
  std::string text_;
};

}  // namespace flashbid::bench
