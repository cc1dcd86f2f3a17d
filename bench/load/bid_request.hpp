// The bytes of `POST /v1/auctions/ID/bids`, written once; only the amount's digits change. One thread.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace flashbid::bench {

class BidRequest {
 public:
  // Every amount has as many digits, so that all requests are of one length.
  static constexpr int digits = 15;
  static constexpr std::int64_t lowest = 100'000'000'000'000;

  // `header`: one line more, without its end; empty = none.
  BidRequest(std::int64_t auction, std::string_view bidder, std::string_view header = {}) {
    const std::string body = fmt::format("{{\"amount\":{}}}", lowest);
    bytes_ = fmt::format(
        "POST /v1/auctions/{}/bids HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Bidder: {}\r\n"
        "Content-Type: application/json\r\n{}{}Content-Length: {}\r\n\r\n{}",
        auction, bidder, header, header.empty() ? "" : "\r\n", body.size(), body);
  }

  // The request for this amount; valid until the next call.
  std::string_view with_amount(std::int64_t amount) {
    char* digit = bytes_.data() + bytes_.size() - 1;  // the closing brace
    for (int place = 0; place < digits; ++place) {
      *--digit = static_cast<char>('0' + amount % 10);
      amount /= 10;
    }
    return bytes_;
  }

 private:
  std::string bytes_;
};

}  // namespace flashbid::bench
