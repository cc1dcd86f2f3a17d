// The server inside TLS, over real sockets: what is agreed on, that every byte arrives, and how connections end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>

#include "support/certificates.hpp"
#include "support/served_loop.hpp"
#include "support/tls_client.hpp"

namespace flashbid::test {
namespace {

using std::chrono::milliseconds;
using ::testing::AnyOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr unsigned text = 1;
constexpr unsigned close_opcode = 8;

class Tls : public ::testing::Test {
 protected:
  static ServerOptions options() {
    ServerOptions made;
    made.certificate = Certificate::load({certificates->file("server.pem"), certificates->file("server.key")}).value();
    made.hsts = std::chrono::seconds{1'000};
    return made;
  }
  static void SetUpTestSuite() { certificates = new flashbid::testing::Certificates(); }
  static void TearDownTestSuite() { delete std::exchange(certificates, nullptr); }

  static TlsClient connect(const ServedLoop& served, TlsClient::Wishes wishes = {}) {
    wishes.authority = certificates->file("ca.pem");
    TlsClient client(served.port(), wishes);
    EXPECT_TRUE(client.connected()) << client.why_not();
    return client;
  }
  static TlsClient::Response ask(const ServedLoop& served, std::string_view path) {
    TlsClient client = connect(served);
    client.send(get(path, "Connection: close\r\n"));
    return client.response();
  }
  static double metric(const ServedLoop& served, const std::string& sample) {
    const std::string body = ask(served, "/metrics").body;
    const std::size_t found = body.find("\n" + sample + " ");
    return found == std::string::npos ? -1 : std::stod(body.substr(found + sample.size() + 2));
  }

  static flashbid::testing::Certificates* certificates;
};
flashbid::testing::Certificates* Tls::certificates = nullptr;

TEST_F(Tls, RequestsAndAnswersAreThoseOfPlainHttp) {
  const ServedLoop served(quick_limits(), options());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client = connect(served, {.version = version});
    EXPECT_EQ(SSL_version(client.ssl()), version);
    client.send(get("/v1/auctions/1") + post_bid(100) + get("/nothing"));
    const auto read = client.response();
    EXPECT_EQ(read.status, 200);
    EXPECT_THAT(read.body, HasSubstr(R"("id":1)"));
    EXPECT_THAT(client.response().body, HasSubstr(R"("verdict":"rejected")"));
    const auto missing = client.response();
    EXPECT_EQ(missing.status, 404);
    for (const auto& answer : {read, missing}) {
      EXPECT_THAT(answer.head, HasSubstr("Strict-Transport-Security: max-age=1000\r\n"));
    }
  }
}

TEST_F(Tls, WithoutHstsNothingIsSaidOfIt) {
  ServerOptions quiet = options();
  quiet.hsts = std::chrono::seconds{0};
  const ServedLoop served(quick_limits(), quiet);
  EXPECT_THAT(ask(served, "/healthz").head, Not(HasSubstr("Strict-Transport")));
}

TEST_F(Tls, RecordsMayArriveByteByByte) {
  const ServedLoop served(quick_limits(), options());
  TlsClient client = connect(served, {.byte_by_byte = true});
  for (int i = 0; i < 3; ++i) {
    client.send(post_bid(100 + i));
    EXPECT_EQ(client.response().status, 200);
  }
}

TEST_F(Tls, WhatCameInOneReadIsServedThoughTheLoopTellsNoMore) {
  ServerLimits limits = quick_limits();
  limits.pipelined = 1;  // serving stops and goes on while OpenSSL holds what is next
  ServedLoop served(limits, options());
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  TlsClient client = connect(served);
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += post_bid(1'000 + i, "X-Padding: " + std::string(1'000, 'x') + "\r\n");
  std::thread sender([&] { client.send(requests); });
  for (int i = 0; i < 200; ++i) {
    if (!served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 1; })) break;
    served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
  }
  sender.join();
  for (int i = 0; i < 200; ++i) {
    ASSERT_THAT(client.response().body, HasSubstr("\"amount\":" + std::to_string(1'000 + i))) << i;
  }
}

TEST_F(Tls, ASlowReaderGetsALongAnswerWhole) {
  ServedLoop served(quick_limits(), options());
  const std::string description(3'000'000, 'd');
  served.run_here([&](FakeEngine& engine) { engine.description = description; });
  TlsClient client = connect(served, {.receive_buffer = 4'096});
  for (int i = 0; i < 2; ++i) client.send(get("/v1/auctions/1"));
  std::this_thread::sleep_for(milliseconds{50});
  for (int i = 0; i < 2; ++i) EXPECT_NE(client.response().body.find(description), std::string::npos);
}

TEST_F(Tls, WhatIsTakenLeavesBeforeTheConnectionEnds) {
  ServedLoop served(quick_limits(), options());
  const std::string description(3'000'000, 'd');
  served.run_here([&](FakeEngine& engine) { engine.description = description; });
  TlsClient client = connect(served, {.receive_buffer = 4'096});
  client.send(get("/v1/auctions/1", "Connection: close\r\n"));
  std::this_thread::sleep_for(milliseconds{50});
  EXPECT_NE(client.response().body.find(description), std::string::npos);
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(client.said_goodbye());
}

TEST_F(Tls, AStalledReaderIsGivenUp) {
  ServerLimits limits = quick_limits();
  limits.stalled = milliseconds{100};
  ServedLoop served(limits, options());
  served.run_here([](FakeEngine& engine) { engine.description = std::string(8'000'000, 'd'); });
  TlsClient client = connect(served, {.receive_buffer = 4'096});
  client.send(get("/v1/auctions/1"));
  EXPECT_TRUE(served.wait_until([&](FakeEngine&) { return served.server().open_connections() == 0; }));
}

TEST_F(Tls, AGoodbyeIsAnsweredByOne) {
  const ServedLoop served(quick_limits(), options());
  TlsClient client = connect(served);
  client.send(get("/healthz"));
  EXPECT_EQ(client.response().status, 200);
  client.say_goodbye();
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(client.said_goodbye());
}

TEST_F(Tls, AnEndWithoutGoodbyeIsAnEnd) {
  ServedLoop served(quick_limits(), options());
  TlsClient client = connect(served);
  client.send(get("/healthz"));
  client.half_close();
  EXPECT_EQ(client.response().status, 200);
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(client.said_goodbye());
}

TEST_F(Tls, WebSocketsSpeakInsideIt) {
  ServerLimits limits = quick_limits();
  limits.outbox = {.bytes = 16 * 1024 * 1024, .frames = 10'000};
  ServedLoop served(limits, options());
  TlsClient client = connect(served);
  client.send(upgrade());
  const std::string head = client.read_until("\r\n\r\n");
  EXPECT_THAT(head, StartsWith("HTTP/1.1 101"));
  EXPECT_THAT(head, HasSubstr("Strict-Transport-Security: max-age=1000\r\n"));
  client.send_frame(text, R"({"type":"subscribe","auction_id":1})");
  EXPECT_THAT(client.frame().payload, StartsWith(R"({"type":"snapshot")"));
  served.run_here([](FakeEngine& engine) {
    engine.padding = 3'000;
    for (int i = 0; i < 500; ++i) engine.publish(3);
  });
  for (std::uint64_t sequence = 3; sequence < 1'503; ++sequence) {
    ASSERT_THAT(client.frame().payload, HasSubstr("\"sequence\":" + std::to_string(sequence) + ","));
  }
  client.send_frame(close_opcode, std::string("\x03\xe8", 2));
  EXPECT_EQ(client.frame().opcode, close_opcode);
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(client.said_goodbye());
}

TEST_F(Tls, AFrameThatCameRightBehindTheHandshakeIsRead) {
  const ServedLoop served(quick_limits(), options());
  for (const bool corked : {true, false}) {
    TlsClient client = connect(served);
    client.cork(corked);  // several records in one segment: one read of the server takes them all
    client.send(upgrade());
    client.send_frame(text, R"({"type":"time","id":"t"})");
    client.cork(false);
    EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 101"));
    EXPECT_THAT(client.frame().payload, StartsWith(R"({"type":"time")"));
  }
}

TEST_F(Tls, ASlowWatcherIsToldWhyItIsClosed) {
  ServerLimits limits = quick_limits();
  limits.outbox = {.bytes = 64 * 1024, .frames = 1'000};
  limits.stream_buffer_bytes = 8 * 1024;
  ServedLoop served(limits, options());
  TlsClient slow = connect(served, {.receive_buffer = 4'096});
  slow.send(upgrade());
  EXPECT_THAT(slow.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  slow.send_frame(text, R"({"type":"subscribe","auction_id":1})");
  EXPECT_THAT(slow.frame().payload, StartsWith(R"({"type":"snapshot")"));
  served.run_here([](FakeEngine& engine) { engine.padding = 700; });
  for (int i = 0; i < 1'000; ++i) served.run_here([](FakeEngine& engine) { engine.publish(1); });
  // What it got is whole frames in sequence, though the rest was dropped where a record was half-way out.
  std::uint64_t expected = 3;
  WireClient::Frame frame = slow.frame();
  for (; frame.opcode == text; frame = slow.frame(), ++expected) {
    ASSERT_THAT(frame.payload, HasSubstr("\"sequence\":" + std::to_string(expected) + ","));
  }
  EXPECT_GT(expected, 3U);
  ASSERT_EQ(frame.opcode, close_opcode);
  EXPECT_THAT(frame.payload, StartsWith("\x03\xf5"));  // 1013
}

TEST_F(Tls, TheEndOfABurstLeavesThoughNothingFollows) {
  ServerLimits limits = quick_limits();
  limits.stream_buffer_bytes = 4 * 1024;  // less than a record
  ServedLoop served(limits, options());
  TlsClient watcher = connect(served, {.receive_buffer = 4'096});
  watcher.send(upgrade());
  EXPECT_THAT(watcher.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  watcher.send_frame(text, R"({"type":"subscribe","auction_id":1})");
  EXPECT_THAT(watcher.frame().payload, StartsWith(R"({"type":"snapshot")"));
  served.run_here([](FakeEngine& engine) {
    engine.padding = 1'000;
    for (int i = 0; i < 60; ++i) engine.publish(1);
  });
  for (int sequence = 3; sequence < 63; ++sequence) {
    ASSERT_THAT(watcher.frame().payload, HasSubstr("\"sequence\":" + std::to_string(sequence) + ","));
  }
}

TEST_F(Tls, FeedsOfServerSentEventsLeaveInsideIt) {
  ServedLoop served(quick_limits(), options());
  TlsClient feed = connect(served);
  feed.send(get("/v1/auctions/1/events", "Accept: text/event-stream\r\n"));
  EXPECT_THAT(feed.read_until("\r\n\r\n"), HasSubstr("Strict-Transport-Security: max-age=1000\r\n"));
  EXPECT_THAT(feed.read_until("\n\n"), HasSubstr("event: snapshot"));
  served.run_here([](FakeEngine& engine) {
    for (int i = 0; i < 100; ++i) engine.publish(1);
  });
  for (int sequence = 3; sequence <= 102; ++sequence) {
    ASSERT_THAT(feed.read_until("\n\n"), StartsWith("id: 1-" + std::to_string(sequence) + "\n"));
  }
  TlsClient missing = connect(served);
  missing.send(get("/v1/auctions/2/events", "Accept: text/event-stream\r\n"));
  const auto refused = missing.response();
  EXPECT_EQ(refused.status, 404);
  EXPECT_THAT(refused.head, HasSubstr("Strict-Transport-Security: max-age=1000\r\n"));
}

TEST_F(Tls, OldVersionsAndWeakSuitesAreRefused) {
  const ServedLoop served(quick_limits(), options());
  for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
    const TlsClient old(served.port(), {.version = version});
    EXPECT_FALSE(old.connected());
    EXPECT_THAT(old.why_not(), HasSubstr("alert protocol version"));
  }
  for (const char* suite : {"ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "AES128-GCM-SHA256"}) {
    const TlsClient weak(served.port(), {.version = TLS1_2_VERSION, .ciphers = suite});
    EXPECT_FALSE(weak.connected()) << suite;
    EXPECT_THAT(weak.why_not(), HasSubstr("alert handshake failure")) << suite;
  }
  for (const char* suite : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    const TlsClient strong(served.port(), {.version = TLS1_2_VERSION, .ciphers = suite});
    EXPECT_TRUE(strong.connected()) << suite << ": " << strong.why_not();
  }
  EXPECT_EQ(metric(served, "flashbid_tls_handshakes_total{outcome=\"failed\"}"), 5);
  EXPECT_EQ(metric(served, "flashbid_tls_handshakes_total{outcome=\"done\"}"), 4) << "two and those that ask";
}

TEST_F(Tls, OnlyHttp11IsAgreedOn) {
  const ServedLoop served(quick_limits(), options());
  const std::string h2("\x02h2"), http("\x08http/1.1");
  const TlsClient both(served.port(), {.protocols = h2 + http});
  ASSERT_TRUE(both.connected()) << both.why_not();
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(both.ssl(), &chosen, &size);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(chosen), size), "http/1.1");
  const TlsClient newer(served.port(), {.protocols = h2});
  EXPECT_FALSE(newer.connected());
  EXPECT_THAT(newer.why_not(), HasSubstr("no application protocol"));
}

TEST_F(Tls, ATicketShortensTheNextHandshake) {
  const ServedLoop served(quick_limits(), options());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient first = connect(served, {.version = version});
    first.send(get("/healthz"));
    EXPECT_EQ(first.response().status, 200);
    SSL_SESSION* session = SSL_get1_session(first.ssl());
    TlsClient second = connect(served, {.version = version, .resume = session});
    SSL_SESSION_free(session);
    EXPECT_EQ(SSL_session_reused(second.ssl()), 1) << version;
    second.send(get("/healthz"));
    EXPECT_EQ(second.response().status, 200);
  }
}

TEST_F(Tls, NobodyRenegotiates) {
  const ServedLoop served(quick_limits(), options());
  TlsClient client = connect(served, {.version = TLS1_2_VERSION});
  SSL_renegotiate(client.ssl());
  EXPECT_NE(SSL_do_handshake(client.ssl()), 1);
}

TEST_F(Tls, PlainHttpIsToldToUseTls) {
  const ServedLoop served(quick_limits(), options());
  WireClient plain = served.connect();
  plain.send("GET / HTTP/1.1\r\nHost: localhost:8443\r\n\r\n");
  const auto answer = plain.response();
  EXPECT_EQ(answer.status, 400);
  EXPECT_THAT(answer.head, HasSubstr("application/problem+json"));
  EXPECT_THAT(answer.head, Not(HasSubstr("Strict-Transport")));
  EXPECT_THAT(answer.body, HasSubstr("this port speaks TLS: use https://localhost:8443\""));
  EXPECT_TRUE(plain.ended());
  WireClient rude = served.connect();
  rude.send("POST / HTTP/1.1\r\nHost: a\"b/<c>\r\n\r\n");
  EXPECT_THAT(rude.response().body, HasSubstr("use https://HOST:PORT\""));
}

TEST_F(Tls, WhatIsNoHandshakeGetsAnAlertOrTheHintAndTheServerGoesOn) {
  const ServedLoop served(quick_limits(), options());
  for (const std::string& begin :
       {std::string("\x16\x03\x01\xff\xff", 5), std::string("\x16GET / HTTP/1.1\r\n\r\n"), std::string(300, '\x16'),
        std::string("\x80\x2e\x01\x03\x01", 5), std::string(70'000, '\0')}) {
    WireClient odd = served.connect();
    odd.send(begin);
    odd.half_close();
    (void)odd.read(100'000);
  }
  EXPECT_EQ(ask(served, "/healthz").status, 200);
}

TEST_F(Tls, AHandshakeHasTheTimeOfAHeader) {
  ServerLimits limits = quick_limits();
  limits.header = milliseconds{100};
  const ServedLoop served(limits, options());
  WireClient silent = served.connect();
  WireClient halting = served.connect();
  halting.send(std::string("\x16\x03\x01", 3));
  EXPECT_TRUE(silent.ended());
  EXPECT_EQ(halting.read(1), "");
  EXPECT_FALSE(halting.timed_out());
  EXPECT_EQ(metric(served, "flashbid_tls_handshakes_total{outcome=\"failed\"}"), 2);
}

TEST_F(Tls, AnErrorInsideEndsThatConnectionOnly) {
  const ServedLoop served(quick_limits(), options());
  TlsClient broken = connect(served);
  TlsClient other = connect(served);
  const std::string rubbish = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x');
  ::send(broken.descriptor(), rubbish.data(), rubbish.size(), MSG_NOSIGNAL);
  EXPECT_EQ(broken.read(1), "");
  EXPECT_FALSE(broken.timed_out());
  other.send(get("/healthz"));
  EXPECT_EQ(other.response().status, 200);
}

TEST_F(Tls, PagesOfTheServerItselfAreHttps) {
  const ServedLoop served(quick_limits(), options());
  TlsClient client = connect(served);
  client.send(get("/healthz", "Origin: https://127.0.0.1\r\n") + get("/healthz", "Origin: http://127.0.0.1\r\n"));
  EXPECT_EQ(client.response().status, 200);
  EXPECT_EQ(client.response().status, 403);
}

TEST_F(Tls, ThePlainPortSendsOnToTls) {
  ServerOptions both = options();
  both.redirect_listen = boost::asio::ip::tcp::endpoint{boost::asio::ip::make_address("127.0.0.1"), 0};
  ServedLoop served(quick_limits(), both);
  const auto ask_plain = [&](const std::string& request) {
    WireClient client(served.server().redirect_address().port());
    client.send(request);
    return client.response();
  };
  const std::string https = "Location: https://127.0.0.1:" + std::to_string(served.port());
  const auto found = ask_plain(get("/v1/auctions/1?a=b"));
  EXPECT_EQ(found.status, 308);
  EXPECT_THAT(found.head, HasSubstr(https + "/v1/auctions/1?a=b\r\n"));
  EXPECT_THAT(found.head, Not(HasSubstr("Strict-Transport")));
  EXPECT_THAT(ask_plain(post_bid(100)).head, HasSubstr(https + "/v1/auctions/1/bids\r\n"));
  EXPECT_THAT(ask_plain(get("//elsewhere.example/")).head, HasSubstr(https + "//elsewhere.example/\r\n"));
  EXPECT_THAT(ask_plain("GET / HTTP/1.1\r\nHost: localhost:1\r\n\r\n").head,
              HasSubstr("Location: https://localhost:" + std::to_string(served.port()) + "/\r\n"));
  for (const char* host : {"elsewhere.example", "", "127.0.0.1@elsewhere.example", "localhost:1/x", "127.0.0.2",
                           "localhost:1:2", "[::1", "[::1]"}) {
    EXPECT_THAT(ask_plain("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n").status, AnyOf(400, 403)) << host;
  }
  EXPECT_THAT(ask_plain("GET http://elsewhere.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").status, AnyOf(400, 403));
}

}  // namespace
}  // namespace flashbid::test
