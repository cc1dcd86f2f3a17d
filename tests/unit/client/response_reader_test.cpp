// The client's reader takes whole responses and nothing else, however they are cut.
#include "client/response_reader.hpp"

#include <gtest/gtest.h>

namespace flashbid::client {
namespace {

TEST(ResponseReader, TakesAResponseWithALengthHoweverItIsCut) {
  const std::string text = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-LENGTH:  5 \r\n\r\nhello";
  Response response;
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(read_response(std::string_view(text).substr(0, size), response), ReadResult::need_more) << size;
  }
  ASSERT_EQ(read_response(text, response), ReadResult::complete);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "hello");
  EXPECT_EQ(response.size, text.size());
  EXPECT_TRUE(response.keep_alive);
}

TEST(ResponseReader, TakesChunksHoweverTheyAreCut) {
  const std::string text =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nc\r\n, \r\n world\r\n\r\n0\r\n\r\n";
  Response response;
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(read_response(std::string_view(text).substr(0, size), response), ReadResult::need_more) << size;
  }
  ASSERT_EQ(read_response(text, response), ReadResult::complete);
  EXPECT_EQ(response.body, "hello, \r\n world\r\n");
  EXPECT_EQ(response.size, text.size());
}

TEST(ResponseReader, SkipsWhatIsOnlyInformation) {
  Response response;
  const std::string text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n";
  ASSERT_EQ(read_response(text, response), ReadResult::complete);
  EXPECT_EQ(response.status, 204);
  EXPECT_EQ(response.size, text.size());
}

TEST(ResponseReader, KnowsWhenTheConnectionEnds) {
  Response response;
  ASSERT_EQ(read_response("HTTP/1.1 503 Busy\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n", response),
            ReadResult::complete);
  EXPECT_FALSE(response.keep_alive);
  ASSERT_EQ(read_response("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", response), ReadResult::complete);
  EXPECT_FALSE(response.keep_alive);
}

TEST(ResponseReader, RefusesWhatIsNoResponse) {
  Response response;
  for (const char* text :
       {"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-OpenSSH and so on\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc"}) {
    EXPECT_EQ(read_response(text, response), ReadResult::malformed) << text;
  }
  EXPECT_EQ(read_response(std::string(100'000, 'x'), response), ReadResult::malformed);
}

TEST(ResponseReader, FindsHeaders) {
  constexpr std::string_view head = "HTTP/1.1 200 OK\r\nA: 1\r\nUpgrade:\tweb socket \r\n";
  EXPECT_EQ(header_value(head, "upgrade"), "web socket");
  EXPECT_EQ(header_value(head, "a"), "1");
  EXPECT_EQ(header_value(head, "b"), "");
}

}  // namespace
}  // namespace flashbid::client
