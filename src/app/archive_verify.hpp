// `flashbid verify --archive`: the archive alone by replay, and beside the embedded ledger, event for event. Called by
// the main thread.
#pragma once

#include <string>

namespace flashbid {

// 0 = consistent, 1 = a violation, 2 = it cannot be read, 3 = the ledger holds events that are not archived yet.
// `data` empty = the archive alone.
[[nodiscard]] int verify_archive_of(const std::string& data, const std::string& url);

}  // namespace flashbid
