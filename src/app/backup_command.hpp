// `flashbid backup`, and the way back, `flashbid restore --from sqlite:DIR --to sqlite:DIR`. Called by the main thread.
#pragma once

#include <CLI/App.hpp>
#include <string>

namespace flashbid {

struct BackupFlags {
  std::string data = "flashbid-data";
  std::string to;
};
void add_backup(CLI::App& app, BackupFlags& flags);
// 0 = the copy is there, and consistent; 1 = it could not be made; 2 = what was said cannot be done.
[[nodiscard]] int run_backup(const BackupFlags& flags);
// The same for a backup in `from` that becomes the data folder `to`.
[[nodiscard]] int restore_folder(const std::string& from, const std::string& to);

}  // namespace flashbid
