#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>

#include "support/served_loop.hpp"

namespace flashbid::test {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr unsigned text = 1;
constexpr unsigned close_opcode = 8;
constexpr unsigned ping = 9;
constexpr unsigned pong = 10;

std::uint64_t sequence_of(const std::string& json) {
  const std::size_t found = json.find("\"sequence\":");
  return found == std::string::npos ? 0 : std::stoull(json.substr(found + 11));
}

unsigned close_code(const WireClient::Frame& frame) {
  if (frame.opcode != close_opcode || frame.payload.size() < 2) return 0;
  return static_cast<unsigned>(static_cast<unsigned char>(frame.payload[0])) << 8U |
         static_cast<unsigned char>(frame.payload[1]);
}

WireClient open_stream(const ServedLoop& served, int receive_buffer = 0) {
  WireClient client = served.connect(receive_buffer);
  client.send(upgrade());
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  return client;
}

WireClient watch(const ServedLoop& served, const std::string& more = "", int receive_buffer = 0) {
  WireClient client = open_stream(served, receive_buffer);
  client.send_frame(text, R"({"type":"subscribe","auction_id":1)" + more + "}");
  EXPECT_THAT(client.frame().payload, StartsWith(R"({"type":"snapshot")"));
  return client;
}

TEST(Stream, EveryWatcherGetsEveryEventInOrder) {
  ServedLoop served;
  std::deque<WireClient> watchers;
  for (int i = 0; i < 20; ++i) watchers.push_back(watch(served));
  WireClient feed = served.connect();
  feed.send(get("/v1/auctions/1/events", "Accept: text/event-stream\r\n"));
  EXPECT_THAT(feed.read_until("\r\n\r\n"), HasSubstr("text/event-stream"));
  EXPECT_THAT(feed.read_until("\n\n"), HasSubstr("event: snapshot"));
  const auto first = served.run_here([](FakeEngine& engine) {
    engine.publish(3);
    for (int i = 0; i < 97; ++i) engine.publish(1);
    return engine.attached;
  });
  EXPECT_EQ(first, 21U);
  for (WireClient& watcher : watchers) {
    for (std::uint64_t sequence = 3; sequence <= 102; ++sequence) {
      const std::string event = watcher.frame().payload;
      ASSERT_THAT(event, StartsWith(R"({"type":"event","auction_id":1)"));
      ASSERT_EQ(sequence_of(event), sequence);
    }
  }
  for (std::uint64_t sequence = 3; sequence <= 102; ++sequence) {
    const std::string event = feed.read_until("\n\n");
    ASSERT_THAT(event, StartsWith("id: 1-" + std::to_string(sequence) + "\ndata: {"));
  }
}

TEST(Stream, ASlowReaderIsClosedWithoutAGapAndDelaysNobody) {
  ServerLimits limits = quick_limits();
  limits.outbox = {.bytes = 64 * 1024, .frames = 1'000};
  limits.stream_buffer_bytes = 8 * 1024;
  ServedLoop served(limits);
  WireClient slow = watch(served, "", 4'096);
  WireClient quick = watch(served);
  served.run_here([](FakeEngine& engine) { engine.padding = 1'000; });
  std::uint64_t sequence = 2;
  while (served.run_here([](FakeEngine& engine) { return engine.attached; }) == 2) {
    served.run_here([](FakeEngine& engine) { engine.publish(1); });
    ASSERT_EQ(sequence_of(quick.frame().payload), ++sequence);
    ASSERT_LT(sequence, 10'000U) << "the slow reader was never closed";
  }
  // What it had been sent is a beginning without a gap, then the close frame.
  std::uint64_t last = 2;
  WireClient::Frame frame = slow.frame();
  for (; frame.opcode == text; frame = slow.frame()) {
    ASSERT_EQ(sequence_of(frame.payload), last + 1);
    ++last;
  }
  EXPECT_EQ(close_code(frame), 1013U);
  EXPECT_EQ(frame.payload.substr(2), "slow_reader");
  EXPECT_LT(last, sequence);
  EXPECT_TRUE(slow.ended());
  served.run_here([](FakeEngine& engine) { engine.publish(1); });
  EXPECT_EQ(sequence_of(quick.frame().payload), sequence + 1);
  EXPECT_EQ(served.metric("flashbid_slow_readers_total"), 1);
}

TEST(Stream, LatestIsConflatedAndNeverLate) {
  ServerLimits limits = quick_limits();
  limits.outbox = {.bytes = 16 * 1024, .frames = 1'000};
  limits.stream_buffer_bytes = 8 * 1024;
  ServedLoop served(limits);
  WireClient watcher = watch(served, R"(,"mode":"latest")", 4'096);
  constexpr std::uint64_t count = 5'000;
  for (std::uint64_t i = 0; i < count; ++i) served.run_here([](FakeEngine& engine) { engine.publish(1); });
  std::uint64_t last = 2;
  std::uint64_t frames = 0;
  while (last < count + 2) {
    const std::string state = watcher.frame().payload;
    ASSERT_THAT(state, StartsWith(R"({"type":"state")"));
    ASSERT_GT(sequence_of(state), last);
    last = sequence_of(state);
    ++frames;
  }
  EXPECT_LT(frames, count / 2) << "nothing was conflated";
  EXPECT_EQ(served.run_here([](FakeEngine& engine) { return engine.attached; }), 1U);
}

TEST(Stream, BidsNeedABidderAndCarryTheirId) {
  ServedLoop served;
  WireClient client = open_stream(served);
  client.send_frame(text, R"({"type":"bid","id":"a","auction_id":1,"amount":5})");
  EXPECT_THAT(client.frame().payload, HasSubstr(R"("id":"a","auction_id":1,"code":"unauthenticated")"));
  client.send_frame(text, R"({"type":"auth","bidder":"Bob"})");
  client.send_frame(text, R"({"type":"bid","id":"b","auction_id":1,"amount":5})");
  const std::string result = client.frame().payload;
  EXPECT_THAT(result, StartsWith(R"({"type":"bid_result","id":"b","verdict":"rejected")"));
  EXPECT_THAT(result, HasSubstr(R"("bidder":"Bob")"));
}

TEST(Stream, ReadsNoMoreWhileTooManyBidsAreInFlight) {
  ServerLimits limits = quick_limits();
  limits.bids_in_flight = 4;
  ServedLoop served(limits);
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  WireClient client = open_stream(served);
  client.send_frame(text, R"({"type":"auth","bidder":"Bob"})");
  constexpr int count = 1'000;
  for (int i = 0; i < count; ++i) client.send_frame(text, R"({"type":"bid","auction_id":1,"amount":5})");
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() >= 4; }));
  std::this_thread::sleep_for(milliseconds{30});
  EXPECT_LT(served.run_here([](FakeEngine& engine) { return engine.bids; }), 200U);
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return !engine.waiting.empty(); }));
    served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
    ASSERT_THAT(client.frame().payload, StartsWith(R"({"type":"bid_result")")) << i;
  }
}

TEST(Stream, SilenceIsAskedAboutAndThenEnded) {
  ServerLimits limits = quick_limits();
  limits.heartbeat = milliseconds{60};
  ServedLoop served(limits);
  WireClient silent = watch(served);
  EXPECT_EQ(silent.frame().opcode, ping);
  EXPECT_EQ(silent.frame().opcode, ping);
  EXPECT_TRUE(silent.ended());
  EXPECT_EQ(served.run_here([](FakeEngine& engine) { return engine.attached; }), 0U);
}

TEST(Stream, WhoAnswersPingsStays) {
  ServerLimits limits = quick_limits();
  limits.heartbeat = milliseconds{40};
  ServedLoop served(limits);
  WireClient client = watch(served);
  for (int i = 0; i < 8; ++i) {
    ASSERT_EQ(client.frame().opcode, ping);
    client.send_frame(pong, "");
  }
  EXPECT_EQ(served.run_here([](FakeEngine& engine) { return engine.attached; }), 1U);
}

TEST(Stream, PingsAreAnsweredInTheirPlace) {
  ServedLoop served;
  WireClient client = open_stream(served);
  client.send_frame(ping, "one");
  client.send_frame(text, R"({"type":"time","id":"t"})");
  client.send_frame(ping, "two");
  EXPECT_EQ(client.frame().payload, "one");
  EXPECT_THAT(client.frame().payload, StartsWith(R"({"type":"time","id":"t")"));
  EXPECT_EQ(client.frame().payload, "two");
}

TEST(Stream, StoppingSaysGoodbyeBehindTheLastEvents) {
  ServedLoop served;
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  WireClient watcher = watch(served);
  WireClient bidder = open_stream(served);
  bidder.send_frame(text, R"({"type":"auth","bidder":"Bob"})");
  bidder.send_frame(text, R"({"type":"bid","id":"b","auction_id":1,"amount":5})");
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 1; }));
  served.run_here([](FakeEngine& engine) { engine.publish(2); });
  std::thread stopper([&] { EXPECT_TRUE(served.server().stop(std::chrono::seconds{5})); });
  EXPECT_EQ(sequence_of(watcher.frame().payload), 3U);
  EXPECT_EQ(sequence_of(watcher.frame().payload), 4U);
  EXPECT_EQ(close_code(watcher.frame()), 1001U);
  EXPECT_TRUE(watcher.ended());
  served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
  EXPECT_THAT(bidder.frame().payload, StartsWith(R"({"type":"bid_result","id":"b")"));
  EXPECT_EQ(close_code(bidder.frame()), 1001U);
  watcher.close();
  bidder.close();
  stopper.join();
}

TEST(Stream, TheCloseCanBeReadWhileTheClientStillSends) {
  ServedLoop served;
  WireClient client = open_stream(served);
  client.send("\x81\x01x" + std::string(8 * 1024, 'x'));  // not masked
  std::this_thread::sleep_for(milliseconds{50});
  EXPECT_TRUE(client.send(std::string(16 * 1024, 'x')));
  std::this_thread::sleep_for(milliseconds{50});
  EXPECT_EQ(close_code(client.frame()), 1002U);
  EXPECT_TRUE(client.ended()) << "the end must come in order, not as a reset";
}

TEST(Stream, AWatcherThatGoesIsUnsubscribed) {
  ServedLoop served;
  {
    WireClient watcher = watch(served);
    WireClient feed = served.connect();
    feed.send(get("/v1/auctions/1/events", "Accept: text/event-stream\r\n"));
    ASSERT_THAT(feed.read_until("\n\n"), HasSubstr("text/event-stream"));
    ASSERT_EQ(served.run_here([](FakeEngine& engine) { return engine.attached; }), 2U);
  }
  EXPECT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.attached == 0; }));
}

TEST(Stream, BehindUnansweredRequestsTheUpgradeWaits) {
  ServedLoop served;
  served.run_here([](FakeEngine& engine) { engine.answer_at_once = false; });
  WireClient client = served.connect();
  client.send(post_bid(9) + upgrade());
  ASSERT_TRUE(served.wait_until([](FakeEngine& engine) { return engine.waiting.size() == 1; }));
  served.run_here([](FakeEngine& engine) { engine.answer_bid(0); });
  EXPECT_THAT(client.response().body, HasSubstr("\"amount\":9"));
  EXPECT_THAT(client.read_until("\r\n\r\n"), StartsWith("HTTP/1.1 101"));
  client.send_frame(text, R"({"type":"time"})");
  EXPECT_THAT(client.frame().payload, StartsWith(R"({"type":"time")"));
}

}  // namespace
}  // namespace flashbid::test
