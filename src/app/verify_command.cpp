#include "app/verify_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "app/terminal.hpp"
#include "archive/verify.hpp"
#include "checker/checker.hpp"
#include "checker/history_lines.hpp"
#include "checker/report_text.hpp"
#include "engine/redis/library.hpp"
#include "engine/redis/verify.hpp"
#include "ledger/sqlite/ordered_reader.hpp"
#include "ledger/sqlite/verify.hpp"

namespace flashbid {
namespace {

constexpr int consistent = 0;
constexpr int violation = 1;
constexpr int unusable = 2;
constexpr int not_drained = 3;

int told(const Error& error) {
  fmt::print(stderr, "flashbid verify: {}\n", error.detail);
  return error.failure == Failure::corrupt ? violation : unusable;
}

int told_undrained(AuctionId auction, Sequence sequence) {
  fmt::print(stderr, "flashbid verify: auction {}, sequence {} and what follows is not archived yet\n", auction.value(),
             sequence.value());
  return not_drained;
}

// Verifying only reads: whoever has enough of it may end it at any instant, even within SQLite.
void stop_at_signal(int signal) {
  constexpr std::string_view line = "flashbid verify: stopped before its end: nothing is proved\n";
  std::ignore = ::write(STDERR_FILENO, line.data(), line.size());
  ::_exit(128 + signal);
}

// Of two verdicts the one that weighs more: a violation, then what could not be looked at, then what is not there yet.
int worse(int one, int other) {
  for (const int verdict : {violation, unusable, not_drained}) {
    if (one == verdict || other == verdict) return verdict;
  }
  return consistent;
}

// Whether what was recorded keeps every rule that a client can see.
int verify_history(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return told({Failure::invalid, path + " cannot be opened"});
  const auto history = checker::read_history(file);
  if (!history) return told({Failure::invalid, path + " is no recorded history: " + history.error().detail});
  const checker::Report report = checker::check(*history);
  fmt::print("{}", checker::describe(report));
  return report.clean() ? consistent : violation;
}

// An archive that was asked for.
struct Archive {
  std::string shown;
  ArchiveReader reader;
};

// Every event of the ledger is in the archive, byte for byte; and no others are.
int compare(const std::string& data, ArchiveReader& archive) {
  constexpr std::size_t page = 1'000;
  auto ledger = OrderedReader::open(data);
  if (!ledger) return told(ledger.error());
  auto comparison = ArchiveComparison::begin(archive);
  if (!comparison) return told(comparison.error());
  for (std::int64_t position = 0;;) {
    const auto slice = (*ledger)->read(position, page);
    if (!slice) return told(slice.error());
    const auto missing = comparison->add(slice->records);
    if (!missing) return told(missing.error());
    if (*missing) {
      const Record& record = slice->records.at(**missing);
      return told_undrained(record.auction, record.sequence);
    }
    if (slice->position == position) break;
    position = slice->position;
  }
  const auto ended = comparison->end();
  return ended ? consistent : told(ended.error());
}

int verify_data(const std::string& folder, Archive* archive) {
  ProgressLine line("verify");
  const Result<Verified> verified =
      verify_sqlite_ledger(folder, [&line](std::uint64_t done, std::uint64_t all) { line.show(done, all, "events"); });
  line.clear();
  if (!verified) return told(verified.error());
  fmt::print("{}: consistent. {} auctions, {} events in history and {} not moved yet, {} remembered answers.\n", folder,
             verified->auctions, verified->events, verified->unmoved, verified->answers);
  return archive == nullptr ? consistent : compare(folder, archive->reader);
}

int verify_engine(const redis::Url& url, Archive* archive) {
  redis::Options options;
  options.url = url;
  options.library_text = redis_library().text;
  const auto client = redis::SyncClient::open(std::move(options));
  if (!client) return told(client.error());
  const auto verified = verify_redis(**client, archive == nullptr ? nullptr : &archive->reader);
  if (!verified) return told(verified.error());
  fmt::print("{}: consistent. {} auctions, {} events in its streams, {} remembered answers.\n", redis::to_text(url),
             verified->auctions, verified->events, verified->keys);
  if (verified->unplayed > 0) {
    fmt::print("{} auctions begin before what Redis still holds: give --archive to play them from their start.\n",
               verified->unplayed);
  }
  if (!verified->undrained) return consistent;
  return told_undrained(verified->undrained->auction, verified->undrained->sequence);
}

}  // namespace

void add_verify(CLI::App& app, VerifyFlags& flags) {
  CLI::App& verify =
      *app.add_subcommand("verify", "prove a ledger, its archive, or the history that bots recorded, consistent");
  verify.add_option("--data", flags.data, "folder of an embedded ledger; flashbid-data if nothing is given");
  verify.add_option("--engine", flags.engine,
                    "redis://HOST:PORT, the ledger of the Redis engine; embedded: that of --data");
  verify.add_option("--archive", flags.archive,
                    "postgres://USER@HOST:PORT/DATABASE; with --data or --engine the two are compared");
  verify.add_option("--history", flags.history, "JSON lines that `bots --history` wrote");
}

int run_verify(const VerifyFlags& flags) {
  for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, stop_at_signal);
  // 1. What is said wrongly is said before anything is read.
  std::optional<Archive> archive;
  if (!flags.archive.empty()) {
    auto url = ArchiveUrl::parse(flags.archive);
    if (!url) return told({Failure::invalid, "--archive: " + url.error().detail});
    const std::string shown = url->shown;
    archive.emplace(shown, ArchiveReader(std::move(*url)));
  }
  // --engine says where the ledger is, as for `serve`; unless --data is on the command line, and that is not.
  const bool says_data = flags.said.contains("data");
  const bool is_redis = !flags.engine.empty() && flags.engine != "embedded";
  if (is_redis && says_data && flags.said.contains("engine")) {
    return told({Failure::invalid, "--data and --engine name two ledgers: give one"});
  }
  std::optional<redis::Url> engine;
  if (is_redis && !says_data) {
    auto url = redis::parse_url(flags.engine);
    if (!url) return told({Failure::invalid, "--engine: " + url.error().detail});
    engine = std::move(*url);
  }

  // 2. What was recorded; then the archive by itself; then the ledger, beside it.
  int verdict = flags.history.empty() ? consistent : verify_history(flags.history);
  if (archive) {
    const auto verified = verify_archive(archive->reader);
    if (!verified) return worse(verdict, told(verified.error()));
    fmt::print("{}: consistent. {} auctions, {} events.\n", archive->shown, verified->auctions, verified->events);
  }
  const bool nothing_said = flags.history.empty() && !archive;
  if (flags.data.empty() && flags.engine.empty() && !nothing_said) return verdict;
  Archive* const beside = archive ? &*archive : nullptr;
  const int ledger =
      engine ? verify_engine(*engine, beside) : verify_data(flags.data.empty() ? "flashbid-data" : flags.data, beside);
  if (archive && ledger == consistent) fmt::print("{}: equal to the ledger.\n", archive->shown);
  return worse(verdict, ledger);
}

}  // namespace flashbid
