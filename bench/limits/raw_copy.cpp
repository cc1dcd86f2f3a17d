// The limit of the archive (quality.md S8): COPY of rows of the same size into a table like `events`, a transaction of
// --batch rows at a time, and nothing else. Prints one line of JSON.
#include <fmt/format.h>
#include <libpq-fe.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "shared/file_text.hpp"
#include "shared/sockets.hpp"

namespace flashbid::bench {
namespace {

struct Options {
  std::string url;
  std::string payload_file;
  std::uint64_t rows = 100'000;
  std::uint64_t batch = 1'000;
  std::uint64_t auctions = 64;
  std::uint64_t first_sequence = 1;
};

struct Clear {
  void operator()(PGconn* connection) const { PQfinish(connection); }
  void operator()(PGresult* result) const { PQclear(result); }
};

class Copier {
 public:
  explicit Copier(const Options& options)
      : options_(options), payload_(read_file(options.payload_file)), connection_(PQconnectdb(options.url.c_str())) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) fail();
    run("SET client_min_messages = warning");
    // As flashbid.events is (src/archive/schema.cpp).
    run("CREATE TABLE IF NOT EXISTS raw_copy(auction bigint NOT NULL, sequence bigint NOT NULL, epoch bigint NOT NULL, "
        "event smallint NOT NULL, at bigint NOT NULL, payload text NOT NULL, secret text NOT NULL, "
        "PRIMARY KEY (auction, sequence, epoch))");
  }

  void copy_all() {
    const std::int64_t start = now_ns();
    for (std::uint64_t row = 0; row < options_.rows; row += options_.batch) copy(row);
    fmt::print("{{\"seconds\":{:.6f},\"rows\":{}}}\n", static_cast<double>(now_ns() - start) / 1e9, options_.rows);
  }

 private:
  void copy(std::uint64_t first) {
    text_.clear();
    for (std::uint64_t row = first; row < std::min(first + options_.batch, options_.rows); ++row) {
      fmt::format_to(std::back_inserter(text_), "{}\t{}\t1\t3\t1790000000000\t", 1 + row % options_.auctions,
                     options_.first_sequence + row / options_.auctions);
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

  void run(const char* sql) {
    const std::unique_ptr<PGresult, Clear> done(PQexec(connection_.get(), sql));
    if (PQresultStatus(done.get()) != PGRES_COMMAND_OK) fail();
  }

  [[noreturn]] void fail() const {
    fmt::print(stderr, "raw_copy: {}\n", PQerrorMessage(connection_.get()));
    std::exit(1);
  }

  const Options& options_;
  std::string payload_;
  std::unique_ptr<PGconn, Clear> connection_;
  std::string text_;
};

}  // namespace
}  // namespace flashbid::bench

int main(int argc, char** argv) {
  using namespace flashbid::bench;
  CLI::App app{"COPY into PostgreSQL, and nothing else."};
  Options options;
  app.add_option("--url", options.url)->required();
  app.add_option("--payload", options.payload_file, "the file with an event's text")->required();
  app.add_option("--rows", options.rows);
  app.add_option("--batch", options.batch, "rows of a transaction")->check(CLI::PositiveNumber);
  app.add_option("--auctions", options.auctions)->check(CLI::PositiveNumber);
  app.add_option("--first-sequence", options.first_sequence, "of each auction; none may be there yet");
  CLI11_PARSE(app, argc, argv);
  Copier(options).copy_all();
}
