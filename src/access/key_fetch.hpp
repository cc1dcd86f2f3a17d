// Fetches a document from an https URL, over libcurl: the server's certificate is verified, redirects lead to https
// only, and what comes is bounded in size and time. Blocks its caller; any thread, one at a time each.
#pragma once

#include <atomic>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace flashbid::access {

struct FetchOptions {
  std::string url;
  std::string ca_file;  // PEM; empty = those that the system trusts
  Duration timeout{10'000};
  std::size_t most_bytes = 256 * 1024;
};

// Failure::invalid, saying why without showing the URL's query, if the URL is none that keys may come from.
[[nodiscard]] Result<void> check_key_url(const std::string& url);
// The URL for people: without what follows a question mark, which may be secret.
[[nodiscard]] std::string shown_url(const std::string& url);

// The body of a 200. Failure::unavailable for everything else; `stop` ends it early.
[[nodiscard]] Result<std::string> fetch(const FetchOptions& options, const std::atomic<bool>& stop);

}  // namespace flashbid::access
