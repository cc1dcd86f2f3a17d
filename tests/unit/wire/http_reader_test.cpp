#include "wire/http_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace flashbid {
namespace {

using testing::ElementsAre;

void feed(HttpReader& reader, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto room = reader.room();
    const std::size_t part = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), part);
    reader.received(part);
    bytes.remove_prefix(part);
  }
}

// What one stream of bytes says, as texts: "POST /x?q host key body", or the error's name.
std::vector<std::string> read_all(const std::vector<std::string>& pieces, HttpLimits limits = {}) {
  HttpReader reader(limits);
  std::vector<std::string> seen;
  for (const std::string& piece : pieces) {
    feed(reader, piece);
    for (;;) {
      auto next = reader.next();
      if (std::holds_alternative<HttpReader::NeedMore>(next)) break;
      if (const auto* error = std::get_if<WireError>(&next)) {
        seen.emplace_back(entry_of(error->code).name);
        return seen;
      }
      const auto& request = std::get<HttpRequest>(next);
      std::string text(to_text(request.method));
      text += ' ';
      text += request.path;
      if (!request.query.empty()) text += '?' + std::string(request.query);
      text += ' ' + std::string(request.field(HttpField::host).value_or("-"));
      text += ' ' + std::string(request.field(HttpField::idempotency_key).value_or("-"));
      text += ' ' + std::string(request.body);
      seen.push_back(text);
    }
  }
  return seen;
}

std::string post(std::string_view body, std::string_view headers = "") {
  return "POST /v1/auctions/1/bids HTTP/1.1\r\nHost: a\r\n" + std::string(headers) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

TEST(HttpReader, EverySplitOfAPipelinedStreamIsReadTheSame) {
  const std::string stream =
      post("{\"amount\":1}", "Idempotency-Key: k1\r\n") + "GET /healthz?a=b HTTP/1.1\r\nhost: b\r\n\r\n" +
      "POST /c HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" +
      post("{\"amount\":2}");
  const auto whole = read_all({stream});
  ASSERT_THAT(whole, ElementsAre("POST /v1/auctions/1/bids a k1 {\"amount\":1}", "GET /healthz?a=b b - ",
                                 "POST /c c - abcde", "POST /v1/auctions/1/bids a - {\"amount\":2}"));
  for (std::size_t i = 1; i < stream.size(); ++i) {
    ASSERT_EQ(read_all({stream.substr(0, i), stream.substr(i)}), whole) << "split at " << i;
  }
  std::vector<std::string> bytes;
  for (const char c : stream) bytes.emplace_back(1, c);
  EXPECT_EQ(read_all(bytes), whole);
}

TEST(HttpReader, OfManyForwardedLinesTheNewestStayInTheirOrder) {
  std::string bytes = "GET /a HTTP/1.1\r\nHost: a\r\n";
  for (int line = 1; line <= 7; ++line) bytes += "X-Forwarded-For: 192.0.2." + std::to_string(line) + "\r\n";
  bytes += "\r\n";
  HttpReader reader;
  feed(reader, bytes);
  const auto next = reader.next();
  const auto* request = std::get_if<HttpRequest>(&next);
  ASSERT_NE(request, nullptr);
  EXPECT_THAT(request->forwarded_for(), ElementsAre("192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7"));
}

TEST(HttpReader, BlankLinesBeforeARequestArePassedOver) {
  const std::string stream = "\r\n\r\n" + post("x") + "\r\n" + post("y");
  const auto whole = read_all({stream});
  ASSERT_EQ(whole.size(), 2U);
  for (std::size_t i = 1; i < stream.size(); ++i) {
    ASSERT_EQ(read_all({stream.substr(0, i), stream.substr(i)}), whole) << "split at " << i;
  }
}

TEST(HttpReader, TinyChunksWithLongExtensionsAreRefused) {
  std::string stream = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 1'000; ++i) stream += "1;" + std::string(1'000, 'a') + "\r\nb\r\n";
  EXPECT_THAT(read_all({stream}), ElementsAre("payload_too_large"));
}

struct Refusal {
  std::string bytes;
  std::string code;
};

class RefusedRequests : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedRequests, NameTheError) { EXPECT_THAT(read_all({GetParam().bytes}), ElementsAre(GetParam().code)); }

const std::string start = "POST /a HTTP/1.1\r\nHost: a\r\n";
INSTANTIATE_TEST_SUITE_P(
    Forms, RefusedRequests,
    testing::Values(
        Refusal{start + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "bad_request"},
        Refusal{start + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n", "bad_request"},
        Refusal{start + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", "bad_request"},
        Refusal{start + "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", "bad_request"},
        Refusal{start + "Content-Length: 1, 1\r\n\r\na", "bad_request"},
        Refusal{start + "X-A: a\r\n b\r\n\r\n", "bad_request"}, Refusal{start + "X-A:\r\n b\r\n\r\n", "bad_request"},
        Refusal{start + "X-A: \r\n\tb\r\n\r\n", "bad_request"}, Refusal{start + "X-A:\r\n \r\n\r\n", "bad_request"},
        Refusal{start + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", "bad_request"},
        Refusal{start + "Transfer-Encoding: \r\n\r\n", "transfer_coding_not_implemented"},
        Refusal{start + "Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: a\r\n b\r\n\r\n", "bad_request"},
        Refusal{start + "Transfer-Encoding: chunked\r\n\r\n0\r\nX-A:\r\n b\r\n\r\n", "bad_request"},
        Refusal{start + "Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n", "bad_request"},
        Refusal{start + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(5'000, 'a'), "bad_request"},
        Refusal{"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", "bad_request"},
        Refusal{start + "Content-Length: +1\r\n\r\na", "bad_request"},
        Refusal{start + "Content-Length: -1\r\n\r\na", "bad_request"},
        Refusal{start + "Content-Length: 0x1\r\n\r\na", "bad_request"},
        Refusal{start + "Content-Length: 99999999999999999999\r\n\r\na", "bad_request"},
        Refusal{start + "Transfer-Encoding: gzip\r\n\r\n", "transfer_coding_not_implemented"},
        Refusal{start + "Transfer-Encoding: chunked, gzip\r\n\r\n", "transfer_coding_not_implemented"},
        Refusal{start + "Transfer-Encoding: gzip, chunked\r\n\r\n", "transfer_coding_not_implemented"},
        Refusal{start + "Transfer-Encoding : chunked\r\n\r\n", "bad_request"},
        Refusal{start + "Transfer-Encoding: chunked\r\n\r\nx\r\nabc\r\n", "bad_request"},
        Refusal{start + "Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", "bad_request"},
        Refusal{start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "bad_request"},
        Refusal{start + "X-Bidder: a\r\nX-Bidder: b\r\n\r\n", "bad_request"},
        Refusal{start + "Host: b\r\n\r\n", "bad_request"}, Refusal{"GET / HTTP/1.1\r\n\r\n", "bad_request"},
        Refusal{"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "http_version_not_supported"},
        Refusal{"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "http_version_not_supported"},
        Refusal{"GET ?a=b HTTP/1.1\r\nHost: a\r\n\r\n", "bad_request"}, Refusal{"GET /\r\n\r\n", "bad_request"},
        Refusal{"G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n", "bad_request"},
        Refusal{"GET / HTTP/1.1\r\nHost: a\r\nFold: a\r\n b\r\nX-Bidder: a\r\n c\r\n\r\n", "bad_request"},
        Refusal{"GET / HTTP/1.1\r\nHost: a\nX: b\n\n\r\n\r\n", "bad_request"},
        Refusal{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "bad_request"},
        Refusal{"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", "uri_too_long"},
        Refusal{"GET /" + std::string(9000, 'a'), "uri_too_long"},
        Refusal{"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n", "headers_too_large"},
        Refusal{"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'a'), "headers_too_large"},
        Refusal{post(std::string(140'000, 'a')), "payload_too_large"}));

// Headers behind the body are passed over: a proxy has looked for names and addresses before it only.
TEST(HttpReader, TrailersAreNoHeaders) {
  HttpReader reader;
  feed(reader,
       start +
           "Transfer-Encoding: chunked\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n1\r\na\r\n0\r\nAuthorization: Bearer x\r\n"
           "X-Bidder: b\r\nHost: b\r\nIdempotency-Key: k\r\nX-Forwarded-For: 192.0.2.2\r\nExpect: "
           "100-continue\r\n\r\n");
  const auto next = reader.next();
  const auto* request = std::get_if<HttpRequest>(&next);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->field(HttpField::host), "a");
  EXPECT_EQ(request->body, "a");
  for (const auto field :
       {HttpField::authorization, HttpField::x_bidder, HttpField::idempotency_key, HttpField::expect}) {
    EXPECT_FALSE(request->field(field)) << static_cast<int>(field);
  }
  ASSERT_EQ(request->forwarded_for().size(), 1U);
  EXPECT_EQ(request->forwarded_for()[0], "192.0.2.1");
}

// Whether all of it comes at once or byte for byte.
TEST(HttpReader, LimitsAreReachedHoweverTheBytesArrive) {
  const auto both = [](const std::string& stream, HttpLimits limits = {}) {
    std::vector<std::string> bytes;
    for (const char c : stream) bytes.emplace_back(1, c);
    const auto whole = read_all({stream}, limits);
    EXPECT_EQ(read_all(bytes, limits), whole);
    return whole.empty() ? std::string() : whole.front();
  };
  const auto with_header_of = [](std::size_t size) {
    const std::string before = "GET /a HTTP/1.1\r\nHost: a\r\nX: ", after = "\r\n\r\n";
    return before + std::string(size - before.size() - after.size(), 'x') + after;
  };
  EXPECT_EQ(both(with_header_of(1'024), {.header_bytes = 1'024}), "GET /a a - ");
  EXPECT_EQ(both(with_header_of(1'025), {.header_bytes = 1'024}), "headers_too_large");
  EXPECT_EQ(both(with_header_of(1'060), {.header_bytes = 1'024}), "headers_too_large");

  const std::string chunked = start + "Transfer-Encoding: chunked\r\n\r\n";
  const auto with_trailers_of = [&](std::size_t size) {
    return chunked + "1\r\na\r\n0\r\nX: " + std::string(size - 7, 'x') + "\r\n\r\n";
  };
  EXPECT_EQ(both(with_trailers_of(4'096)), "POST /a a - a");
  EXPECT_EQ(both(with_trailers_of(4'097)), "headers_too_large");
  EXPECT_EQ(both(with_trailers_of(20'000)), "headers_too_large");
  std::string tiny = chunked;
  for (int i = 0; i < 40; ++i) tiny += "1;" + std::string(100, 'x') + "\r\na\r\n";
  EXPECT_EQ(both(tiny + "0\r\n\r\n", {.header_bytes = 1'024, .target_bytes = 256, .body_bytes = 512}),
            "payload_too_large");
  for (const std::string before : {"1;", "0;"}) {
    const std::string extension = before + std::string(4'096 - 2, 'x');
    EXPECT_EQ(both(chunked + extension + "\r\n" + (before == "1;" ? "a\r\n0\r\n\r\n" : "\r\n")),
              before == "1;" ? "POST /a a - a" : "POST /a a - ");
    EXPECT_EQ(both(chunked + extension + "x\r\na\r\n0\r\n\r\n"), "bad_request");
    EXPECT_EQ(both(chunked + extension + std::string(20, 'x') + "\r\na\r\n0\r\n\r\n"), "bad_request");
  }
}

TEST(HttpReader, AChunkedBodyOverTheLimitIsRefused) {
  std::string stream = start + "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 140; ++i) stream += "400\r\n" + std::string(1024, 'a') + "\r\n";
  EXPECT_THAT(read_all({stream}), ElementsAre("payload_too_large"));
}

TEST(HttpReader, KeepAliveAndLists) {
  HttpReader reader;
  feed(reader,
       "GET / HTTP/1.1\r\nHost: a\r\nConnection: Foo , Upgrade\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\nConnection: "
       "close\r\n\r\n"
       "GET / HTTP/1.0\r\n\r\n");
  auto first = reader.next();
  EXPECT_TRUE(std::get<HttpRequest>(first).lists(HttpField::connection, "upgrade"));
  EXPECT_FALSE(std::get<HttpRequest>(first).lists(HttpField::connection, "grade"));
  EXPECT_TRUE(std::get<HttpRequest>(first).keep_alive);
  auto second = reader.next();
  EXPECT_FALSE(std::get<HttpRequest>(second).keep_alive);
  auto third = reader.next();
  EXPECT_FALSE(std::get<HttpRequest>(third).keep_alive);
  EXPECT_TRUE(std::get<HttpRequest>(third).http_1_0);
}

TEST(HttpReader, SaysThatTheClientWaitsForContinueOnce) {
  HttpReader reader;
  EXPECT_TRUE(reader.idle());
  feed(reader, start + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_TRUE(std::holds_alternative<HttpReader::NeedMore>(reader.next()));
  EXPECT_TRUE(reader.in_body());
  EXPECT_FALSE(reader.idle());
  EXPECT_TRUE(reader.take_expects_continue());
  EXPECT_FALSE(reader.take_expects_continue());
  feed(reader, "ab");
  EXPECT_EQ(std::get<HttpRequest>(reader.next()).body, "ab");
}

TEST(HttpReader, ALongRequestIsNotPaidForAsLongAsTheConnectionLives) {
  HttpReader reader;
  const std::string body(100'000, 'x');
  feed(reader, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  ASSERT_TRUE(std::holds_alternative<HttpRequest>(reader.next()));
  EXPECT_LT(reader.room().size(), std::size_t{64 * 1024});
  feed(reader, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(std::holds_alternative<HttpRequest>(reader.next()));
}

}  // namespace
}  // namespace flashbid
