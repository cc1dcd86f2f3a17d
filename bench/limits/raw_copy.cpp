// The limit of the archive (quality.md S8): COPY, a transaction of --batch rows at a time. Prints one line of JSON.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <string>

#include "limits/copier.hpp"
#include "shared/sockets.hpp"

int main(int argc, char** argv) {
  using namespace flashbid::bench;
  std::string url, payload_file;
  std::uint64_t rows = 100'000, batch = 1'000, auctions = 64, first_sequence = 1;
  CLI::App app{"COPY into PostgreSQL, and nothing else."};
  app.add_option("--url", url)->required();
  app.add_option("--payload", payload_file, "the file with an event's text")->required();
  app.add_option("--rows", rows);
  app.add_option("--batch", batch, "rows of a transaction")->check(CLI::PositiveNumber);
  app.add_option("--auctions", auctions)->check(CLI::PositiveNumber);
  app.add_option("--first-sequence", first_sequence, "of each auction; none may be there yet");
  CLI11_PARSE(app, argc, argv);
  Copier copier(url, payload_file, auctions, first_sequence);
  const std::int64_t start = now_ns();
  for (std::uint64_t left = rows; left > 0; left -= std::min(left, batch)) copier.copy(std::min(left, batch));
  fmt::print("{{\"seconds\":{:.6f},\"rows\":{}}}\n", static_cast<double>(now_ns() - start) / 1e9, rows);
}
