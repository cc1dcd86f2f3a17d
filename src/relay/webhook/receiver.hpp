// The one URL that requests go to, over libcurl: no redirects, no proxies, no address that is not public unless
// allowed. The address is checked when it is connected to, so that a name that changes its mind between a look-up and a
// connection gains nothing. Belongs to the relay's thread; post() blocks for at most `timeout`.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace flashbid::webhook {

struct ReceiverOptions {
  std::string url;
  Duration timeout{10'000};
  bool allow_private = false;  // and http://
  std::string user_agent = "flashbid";
  std::string ca_file;  // empty = those that the system trusts
};

struct Answer {
  long status = 0;
  Duration retry_after;  // 0 = it did not say
};

class Receiver {
 public:
  // Failure::invalid, saying why without showing the URL, if it may not be used. Connects to nothing.
  [[nodiscard]] static Result<std::unique_ptr<Receiver>> open(ReceiverOptions options);

  // Each header as "name: value". Failure::unavailable: there was no answer.
  [[nodiscard]] Result<Answer> post(const std::vector<std::string>& headers, const std::string& body);

 private:
  struct Free {
    void operator()(CURL* curl) const { curl_easy_cleanup(curl); }
    void operator()(CURLU* url) const { curl_url_cleanup(url); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  explicit Receiver(ReceiverOptions options) : options_(std::move(options)) {}
  [[nodiscard]] Result<void> read_url();
  [[nodiscard]] Result<void> set_up();
  [[nodiscard]] std::string why_not(CURLcode code) const;
  static curl_socket_t open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static std::size_t pass_over(char* bytes, std::size_t size, std::size_t count, void* self);

  ReceiverOptions options_;
  std::unique_ptr<CURLU, Free> url_;
  std::unique_ptr<CURL, Free> curl_;  // after url_: it goes first
  std::string refused_;               // why an address was, in this post()
  std::size_t passed_over_ = 0;       // of an answer's body
  std::vector<char> error_ = std::vector<char>(CURL_ERROR_SIZE);
};

}  // namespace flashbid::webhook
