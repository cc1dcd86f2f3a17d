#include "app/restore_command.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <string_view>

#include "app/backup_command.hpp"
#include "app/terminal.hpp"
#include "engine/redis/restore.hpp"

namespace flashbid {
namespace {

constexpr std::string_view folder_scheme = "sqlite:";

int refuse(const std::string& why, int code) {
  fmt::print(stderr, "flashbid restore: {}\n", why);
  return code;
}

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

std::string to_text(const RefillCounts& counts) {
  return fmt::format("{} auctions, {} events, {} keys", counts.auctions, counts.events, counts.keys);
}

}  // namespace

void add_restore(CLI::App& app, RestoreFlags& flags) {
  CLI::App& restore =
      *app.add_subcommand("restore", "rebuild Redis from the archive, or an embedded ledger from its backup");
  restore.add_option("--from", flags.from,
                     "postgres://USER@HOST:PORT/DATABASE; or sqlite:DIR, what `flashbid backup` made");
  restore.add_option(
      "--to", flags.to,
      "redis://[USER:PASSWORD@]HOST:PORT[,HOST:PORT…]; or sqlite:DIR, a data folder that is not there yet");
  restore.add_flag("--redis-unchecked", flags.redis_unchecked,
                   "its settings are right, though it does not tell them (no CONFIG)");
}

int run_restore(const RestoreFlags& flags) {
  if (flags.from.empty()) return refuse("--from is missing: give postgres://USER@HOST:PORT/DATABASE", 2);
  if (flags.to.empty()) return refuse("--to is missing: give redis://HOST:PORT", 2);
  const bool from_folder = flags.from.starts_with(folder_scheme), to_folder = flags.to.starts_with(folder_scheme);
  if (from_folder && to_folder) {
    return restore_folder(flags.from.substr(folder_scheme.size()), flags.to.substr(folder_scheme.size()));
  }
  if (from_folder || to_folder) {
    return refuse("an embedded ledger comes back from its backup: --from sqlite:BACKUP --to sqlite:DIR", 2);
  }
  auto from = ArchiveUrl::parse(flags.from);
  if (!from) return refuse("--from: " + from.error().detail, 2);
  auto to = redis::parse_url(flags.to);
  if (!to) return refuse("--to: " + to.error().detail, 2);
  ProgressLine line("restore");
  const auto put_back = restore_redis({.from = std::move(*from),
                                       .to = std::move(*to),
                                       .unchecked = flags.redis_unchecked,
                                       .on_notice =
                                           [&line](const std::string& notice) {
                                             line.clear();
                                             say(notice);
                                           },
                                       .on_shard =
                                           [&line](unsigned shard, unsigned shards, const RefillCounts& counts) {
                                             line.clear();
                                             say(fmt::format("shard {} of {}: {}", shard, shards, to_text(counts)));
                                             line.show(shard, shards, "shards");
                                           }});
  line.clear();
  if (!put_back) return refuse(put_back.error().detail, put_back.error().failure == Failure::invalid ? 2 : 1);
  say(*put_back == RefillCounts{} ? "Redis lacked nothing" : "put back " + to_text(*put_back));
  return 0;
}

}  // namespace flashbid
