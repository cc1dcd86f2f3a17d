// The secret that the tokens of accounts are signed with, in a file that only its owner may read: folder/accounts.key.
// Start-up only.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace flashbid::accounts {

[[nodiscard]] std::filesystem::path key_file(const std::filesystem::path& folder);

// What is in the file; made first if there is none, the folder too. Two that make it at once get the same.
// Failure::invalid, naming the file: everybody may read it, it is too short, it cannot be read or written.
[[nodiscard]] Result<std::string> open_key(const std::filesystem::path& folder);

}  // namespace flashbid::accounts
