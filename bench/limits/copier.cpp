#include "limits/copier.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <iterator>

#include "shared/file_text.hpp"

namespace flashbid::bench {

Copier::Copier(const std::string& url, const std::string& payload_file, std::uint64_t auctions,
               std::uint64_t first_sequence)
    : payload_(read_file(payload_file)),
      auctions_(auctions),
      first_sequence_(first_sequence),
      connection_(PQconnectdb(url.c_str())) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) fail();
  run("SET client_min_messages = warning");
  // As flashbid.events is (src/archive/schema.cpp).
  run("CREATE TABLE IF NOT EXISTS raw_copy(auction bigint NOT NULL, sequence bigint NOT NULL, epoch bigint NOT NULL, "
      "event smallint NOT NULL, at bigint NOT NULL, payload text NOT NULL, secret text NOT NULL, "
      "PRIMARY KEY (auction, sequence, epoch))");
}

void Copier::copy(std::uint64_t rows) {
  text_.clear();
  for (const std::uint64_t end = next_row_ + rows; next_row_ < end; ++next_row_) {
    fmt::format_to(std::back_inserter(text_), "{}\t{}\t1\t3\t1790000000000\t", 1 + next_row_ % auctions_,
                   first_sequence_ + next_row_ / auctions_);
    text_ += payload_;
    text_ += "\t\n";
  }
  run("BEGIN");
  const std::unique_ptr<PGresult, Clear> begun(PQexec(connection_.get(), "COPY raw_copy FROM STDIN"));
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) fail();
  if (PQputCopyData(connection_.get(), text_.data(), static_cast<int>(text_.size())) != 1) fail();
  if (PQputCopyEnd(connection_.get(), nullptr) != 1) fail();
  while (const std::unique_ptr<PGresult, Clear> done{PQgetResult(connection_.get())}) {
    if (PQresultStatus(done.get()) != PGRES_COMMAND_OK) fail();
  }
  run("COMMIT");
}

void Copier::run(const char* sql) {
  const std::unique_ptr<PGresult, Clear> done(PQexec(connection_.get(), sql));
  if (PQresultStatus(done.get()) != PGRES_COMMAND_OK) fail();
}

void Copier::fail() const {
  fmt::print(stderr, "COPY: {}\n", PQerrorMessage(connection_.get()));
  std::exit(1);
}

}  // namespace flashbid::bench
