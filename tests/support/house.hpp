// A house with logins, its tokens and its clients: for tests of the server without --dev.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>

#include "access/mint.hpp"
#include "support/served_loop.hpp"

namespace flashbid::test {

inline constexpr std::string_view secret = "a secret of more than thirty-two bytes, for tests";
inline constexpr unsigned text = 1;
inline constexpr unsigned close_opcode = 8;
inline constexpr std::int64_t now_ms = 2'000;  // as the fake engine says

struct House {
  access::KeyRing keys{std::make_shared<const access::KeySet>(access::KeySet::of_file_text(secret).value())};
  ServerOptions options() {
    ServerOptions made;
    made.access.keys = &keys;
    return made;
  }
};

inline std::string token(std::string_view subject, access::Role role = access::Role::bidder,
                         std::int64_t expires = 1'000'000) {
  const auto key = access::SigningKey::of_file_text(secret);
  return access::mint(*key, {.subject = *parse_bidder_id(subject), .role = role, .expires = Timestamp{expires}})
      .value();
}
inline std::string bearer(std::string_view of) { return "Authorization: Bearer " + std::string(of) + "\r\n"; }

inline std::string bid(std::string_view headers) { return post("/v1/auctions/1/bids", R"({"amount":10000})", headers); }
inline std::string read(std::string_view headers) {
  return "GET /v1/auctions/1 HTTP/1.1\r\nHost: house.example\r\n" + std::string(headers) + "\r\n";
}

inline WireClient::Response ask(const ServedLoop& served, const std::string& request) {
  WireClient client = served.connect();
  client.send(request);
  return client.response();
}

inline WireClient open_stream(const ServedLoop& served, const std::string& headers = {}) {
  WireClient client = served.connect();
  client.send(upgrade(headers));
  EXPECT_THAT(client.read_until("\r\n\r\n"), testing::StartsWith("HTTP/1.1 101"));
  return client;
}
inline std::string auth(std::string_view of) { return R"({"type":"auth","token":")" + std::string(of) + "\"}"; }
inline constexpr std::string_view bid_frame = R"({"type":"bid","id":"b","auction_id":1,"amount":10000})";

inline unsigned close_code(const WireClient::Frame& frame) {
  if (frame.opcode != close_opcode || frame.payload.size() < 2) return 0;
  return static_cast<unsigned>(static_cast<unsigned char>(frame.payload[0])) << 8U |
         static_cast<unsigned char>(frame.payload[1]);
}

}  // namespace flashbid::test
