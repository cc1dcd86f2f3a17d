#include "app/backup_command.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>

#include "app/terminal.hpp"
#include "ledger/sqlite/copy.hpp"

namespace flashbid {
namespace {

// Milliseconds since 1970: grows from copy to copy.
Epoch epoch_of_today() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return Epoch{static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count())};
}

int copy(std::string_view command, const std::string& from, const std::string& to) {
  ProgressLine copying(std::string(command) + ": copying"), proving(std::string(command) + ": proving");
  const CopyStages progress{[&](std::int64_t done, std::int64_t all) {
                              copying.show(static_cast<std::uint64_t>(done), static_cast<std::uint64_t>(all), "pages");
                            },
                            [&](std::uint64_t done, std::uint64_t all) {
                              copying.clear();
                              proving.show(done, all, "events");
                            }};
  const auto copied = copy_sqlite_ledger(from, to, {"accounts.db"}, epoch_of_today(), progress);
  copying.clear();
  proving.clear();
  if (!copied) {
    fmt::print(stderr, "flashbid {}: {}\n", command, copied.error().detail);
    return copied.error().failure == Failure::invalid ? 2 : 1;
  }
  fmt::print("{}: {} auctions, {} events, {} remembered answers; epoch {}. Consistent.\n", to,
             copied->verified.auctions, copied->verified.events + copied->verified.unmoved, copied->verified.answers,
             copied->epoch.value());
  return 0;
}

}  // namespace

void add_backup(CLI::App& app, BackupFlags& flags) {
  CLI::App& backup = *app.add_subcommand("backup", "copy an embedded ledger, also beside its running server");
  backup.add_option("--data", flags.data, "folder of the ledger")->capture_default_str();
  backup.add_option("--to", flags.to, "the copy's folder, which is not there yet");
}

int run_backup(const BackupFlags& flags) {
  if (!flags.to.empty()) return copy("backup", flags.data, flags.to);
  fmt::print(stderr, "flashbid backup: --to is missing: give the folder that the copy is to become\n");
  return 2;
}

int restore_folder(const std::string& from, const std::string& to) { return copy("restore", from, to); }

}  // namespace flashbid
