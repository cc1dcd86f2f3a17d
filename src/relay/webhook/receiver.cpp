#include "relay/webhook/receiver.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

#include "base/assert.hpp"
#include "relay/webhook/address.hpp"

namespace flashbid::webhook {
namespace {

// Nobody reads an answer's body; this much of it lets a connection be used again.
constexpr std::size_t longest_body = 64 * 1024;

template <class Value>
bool set(CURL* curl, CURLoption option, Value value) {
  return curl_easy_setopt(curl, option, value) == CURLE_OK;
}

bool has_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  const bool there = curl_url_get(url, part, &text, 0) == CURLUE_OK;
  curl_free(text);
  return there;
}

bool has_scheme(CURLU* url, std::string_view scheme) {
  char* text = nullptr;
  const bool same = curl_url_get(url, CURLUPART_SCHEME, &text, 0) == CURLUE_OK && scheme == text;
  curl_free(text);
  return same;
}

// What a receiver sent may stand in libcurl's words, and these in logs and files.
std::string printable(std::string_view text) {
  std::string shown(text);
  std::ranges::replace_if(shown, [](char c) { return c < ' ' || c > '~'; }, '?');
  return shown;
}

}  // namespace

Result<std::unique_ptr<Receiver>> Receiver::open(ReceiverOptions options) {
  static const bool ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  require(ready, "libcurl starts");
  std::unique_ptr<Receiver> made(new Receiver(std::move(options)));
  if (auto read = made->read_url(); !read) return std::unexpected(std::move(read.error()));
  if (auto set = made->set_up(); !set) return std::unexpected(std::move(set.error()));
  return made;
}

Result<void> Receiver::read_url() {
  if (printable(options_.url) != options_.url) {
    return fail(Failure::invalid, "a webhook's URL is plain ASCII: write the rest as %XX");
  }
  url_.reset(curl_url());
  if (curl_url_set(url_.get(), CURLUPART_URL, options_.url.c_str(), 0) != CURLUE_OK) {
    return fail(Failure::invalid, "the webhook's URL cannot be read");
  }
  if (has_part(url_.get(), CURLUPART_USER) || has_part(url_.get(), CURLUPART_PASSWORD)) {
    return fail(Failure::invalid, "a webhook's URL has no user and no password: requests are signed");
  }
  if (has_scheme(url_.get(), "https")) return {};
  if (!has_scheme(url_.get(), "http")) return fail(Failure::invalid, "a webhook's URL begins with https://");
  if (options_.allow_private) return {};
  return fail(Failure::invalid, "a webhook's URL begins with https://; http:// needs --webhook-allow-private");
}

Result<void> Receiver::set_up() {
  curl_.reset(curl_easy_init());
  CURL* curl = curl_.get();
  require(curl != nullptr, "libcurl makes a handle");
  const bool done =
      set(curl, CURLOPT_CURLU, url_.get()) && set(curl, CURLOPT_PROTOCOLS_STR, "http,https") &&
      set(curl, CURLOPT_FOLLOWLOCATION, 0L) &&
      // What the environment says of proxies, too: a proxy would connect where it likes.
      set(curl, CURLOPT_PROXY, "") && set(curl, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED)) &&
      set(curl, CURLOPT_OPENSOCKETFUNCTION, &Receiver::open_socket) && set(curl, CURLOPT_OPENSOCKETDATA, this) &&
      set(curl, CURLOPT_WRITEFUNCTION, &Receiver::pass_over) && set(curl, CURLOPT_WRITEDATA, this) &&
      set(curl, CURLOPT_ERRORBUFFER, error_.data()) && set(curl, CURLOPT_NOSIGNAL, 1L) &&
      // A look-up that hangs ends with the timeout as well.
      set(curl, CURLOPT_QUICK_EXIT, 1L) && set(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.ms)) &&
      set(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2)) &&
      set(curl, CURLOPT_USERAGENT, options_.user_agent.c_str()) &&
      (options_.ca_file.empty() || set(curl, CURLOPT_CAINFO, options_.ca_file.c_str()));
  if (!done) return fail(Failure::internal, "this libcurl lacks an option that webhooks need");
  return {};
}

curl_socket_t Receiver::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& receiver = *static_cast<Receiver*>(self);
  if (const auto why = why_not_public(address->addr); !why.empty() && !receiver.options_.allow_private) {
    receiver.refused_ = why;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t Receiver::pass_over(char*, std::size_t size, std::size_t count, void* self) {
  std::size_t& passed_over = static_cast<Receiver*>(self)->passed_over_;
  passed_over += size * count;
  return passed_over > longest_body ? 0 : size * count;
}

Result<Answer> Receiver::post(const std::vector<std::string>& headers, const std::string& body) {
  std::unique_ptr<curl_slist, Free> list;
  const auto append = [&list](const char* header) {
    curl_slist* longer = curl_slist_append(list.get(), header);
    require(longer != nullptr, "there is memory for a header");
    if (!list) list.reset(longer);  // otherwise it is the same, whose end is longer
  };
  for (const std::string& header : headers) append(header.c_str());
  append("Expect:");  // no waiting for a leave to send
  refused_.clear();
  passed_over_ = 0;
  error_.front() = '\0';
  CURL* curl = curl_.get();
  const bool ready = set(curl, CURLOPT_HTTPHEADER, list.get()) && set(curl, CURLOPT_POST, 1L) &&
                     set(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size())) &&
                     set(curl, CURLOPT_POSTFIELDS, body.c_str());
  require(ready, "libcurl takes a request");
  const CURLcode code = curl_easy_perform(curl);
  set(curl, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
  const bool too_long = code == CURLE_WRITE_ERROR && passed_over_ > longest_body;
  if (code != CURLE_OK && !too_long) return fail(Failure::unavailable, why_not(code));
  Answer answer;
  curl_off_t retry_after_s = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &retry_after_s);
  constexpr curl_off_t day_s = 86'400;
  answer.retry_after = Duration{std::clamp<curl_off_t>(retry_after_s, 0, day_s) * 1'000};
  return answer;
}

std::string Receiver::why_not(CURLcode code) const {
  if (!refused_.empty()) {
    return fmt::format("the webhook's address is {}, and not a public one (--webhook-allow-private)", refused_);
  }
  const char* said = error_.front() == '\0' ? curl_easy_strerror(code) : error_.data();
  return fmt::format("the webhook did not answer: {}", printable(said));
}

}  // namespace flashbid::webhook
