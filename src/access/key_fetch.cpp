#include "access/key_fetch.hpp"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "base/assert.hpp"

namespace flashbid::access {
namespace {

struct Free {
  void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

struct Body {
  std::string text;
  std::size_t most_bytes = 0;
  bool is_too_long = false;
};

std::size_t take(char* bytes, std::size_t size, std::size_t count, void* into) {
  auto& body = *static_cast<Body*>(into);
  body.is_too_long = body.text.size() + size * count > body.most_bytes;
  if (body.is_too_long) return 0;
  body.text.append(bytes, size * count);
  return size * count;
}

int is_stopped(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(stop)->load() ? 1 : 0;
}

template <class Value>
bool set(CURL* curl, CURLoption option, Value value) {
  return curl_easy_setopt(curl, option, value) == CURLE_OK;
}

// What it may speak binds redirects, too.
bool set_up(CURL* curl, const FetchOptions& options, Body& body, const std::atomic<bool>& stop, char* error) {
  return set(curl, CURLOPT_URL, options.url.c_str()) && set(curl, CURLOPT_PROTOCOLS_STR, "https") &&
         set(curl, CURLOPT_FOLLOWLOCATION, 1L) && set(curl, CURLOPT_MAXREDIRS, 3L) &&
         set(curl, CURLOPT_SSL_VERIFYPEER, 1L) && set(curl, CURLOPT_SSL_VERIFYHOST, 2L) &&
         set(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) &&
         set(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED)) && set(curl, CURLOPT_NOSIGNAL, 1L) &&
         // A look-up that hangs ends with the timeout as well.
         set(curl, CURLOPT_QUICK_EXIT, 1L) && set(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.ms)) &&
         set(curl, CURLOPT_WRITEFUNCTION, &take) && set(curl, CURLOPT_WRITEDATA, &body) &&
         set(curl, CURLOPT_NOPROGRESS, 0L) && set(curl, CURLOPT_XFERINFOFUNCTION, &is_stopped) &&
         set(curl, CURLOPT_XFERINFODATA, &stop) && set(curl, CURLOPT_ERRORBUFFER, error) &&
         set(curl, CURLOPT_USERAGENT, "flashbid") &&
         (options.ca_file.empty() || set(curl, CURLOPT_CAINFO, options.ca_file.c_str()));
}

bool has_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  const bool there = curl_url_get(url, part, &text, 0) == CURLUE_OK;
  curl_free(text);
  return there;
}

// What a server sent may stand in libcurl's words, and these in logs.
std::string printable(std::string_view text) {
  std::string shown(text);
  std::ranges::replace_if(shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

}  // namespace

Result<void> check_key_url(const std::string& url) {
  if (printable(url) != url) return fail(Failure::invalid, "the URL of a JWKS is plain ASCII: write the rest as %XX");
  if (!url.starts_with("https://")) return fail(Failure::invalid, "the URL of a JWKS begins with https://");
  const std::unique_ptr<CURLU, Free> parsed(curl_url());
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) {
    return fail(Failure::invalid, "the URL of the JWKS cannot be read");
  }
  if (has_part(parsed.get(), CURLUPART_USER) || has_part(parsed.get(), CURLUPART_PASSWORD)) {
    return fail(Failure::invalid, "the URL of a JWKS has no user and no password: what it shows is public");
  }
  return {};
}

std::string shown_url(const std::string& url) { return printable(url.substr(0, url.find_first_of("?#"))); }

Result<std::string> fetch(const FetchOptions& options, const std::atomic<bool>& stop) {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  require(ready, "libcurl starts");
  if (auto checked = check_key_url(options.url); !checked) return std::unexpected(std::move(checked.error()));
  const std::unique_ptr<CURL, Free> curl(curl_easy_init());
  require(curl != nullptr, "libcurl makes a handle");
  Body body{.text = {}, .most_bytes = options.most_bytes};
  std::vector<char> error(CURL_ERROR_SIZE);
  if (!set_up(curl.get(), options, body, stop, error.data())) {
    return fail(Failure::internal, "this libcurl lacks an option that fetching keys needs");
  }
  const CURLcode code = curl_easy_perform(curl.get());
  if (body.is_too_long) {
    return fail(Failure::unavailable, fmt::format("it is longer than {} bytes", options.most_bytes));
  }
  if (code != CURLE_OK) {
    const std::string_view why = error.front() == '\0' ? curl_easy_strerror(code) : error.data();
    return fail(Failure::unavailable, printable(why));
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return fail(Failure::unavailable, fmt::format("it was answered with {}, not 200", status));
  return std::move(body.text);
}

}  // namespace flashbid::access
