// How long this disk takes to make 4 KiB durable: appends, fdatasync after each. Prints its quantiles as JSON.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <string>

#include "shared/histogram.hpp"
#include "shared/sockets.hpp"

int main(int argc, char** argv) {
  using namespace flashbid::bench;
  CLI::App app{"The latency of fdatasync after an append of 4 KiB."};
  std::string folder;
  int count = 2'000;
  app.add_option("--folder", folder, "whose disk is meant")->required();
  app.add_option("--count", count, "how often");
  CLI11_PARSE(app, argc, argv);

  const std::string name = folder + "/fsync_probe.tmp";
  const Descriptor file(open(name.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_APPEND | O_CLOEXEC, 0600));
  if (!file) die(name);
  unlink(name.c_str());
  const std::string block(4096, 'x');
  Histogram latency;
  for (int round = 0; round < count; ++round) {
    if (write(file.get(), block.data(), block.size()) != static_cast<ssize_t>(block.size())) die("write");
    const auto before = now_ns();
    if (fdatasync(file.get()) != 0) die("fdatasync");
    latency.record(now_ns() - before);
  }
  fmt::print("{{\"count\":{},\"p50_ns\":{},\"p99_ns\":{},\"max_ns\":{}}}\n", latency.total(), latency.quantile_ns(0.5),
             latency.quantile_ns(0.99), latency.max_ns());
}
