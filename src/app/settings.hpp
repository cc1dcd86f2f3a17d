// Where a command's settings come from: a flag beats its FLASHBID_… variable, which beats the key of the TOML file
// named by --config. Called by the main thread before anything else runs.
#pragma once

#include <CLI/App.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace flashbid {

// The variable and the TOML key of a flag: --log-level is FLASHBID_LOG_LEVEL and log_level.
[[nodiscard]] std::string variable_of(const std::string& flag);
[[nodiscard]] std::string key_of(const std::string& flag);

// The long names of a command's flags, without dashes: log-level. --help is none.
[[nodiscard]] std::vector<std::string> flags_of(const CLI::App& command);

// Parses `arguments` (without the program's name), then once more with what variables and the file add. Variables of
// the options must still hold their defaults. Answers the flags that stood on the command line itself. A file's key
// that no command has is an error; one that another command has is passed over. Throws CLI::Error as CLI11 does (help,
// and whatever is wrong on the command line); an Error is what is wrong in a variable or in the file.
[[nodiscard]] Result<std::set<std::string>> parse_settings(CLI::App& app, const std::vector<std::string>& arguments);

}  // namespace flashbid
