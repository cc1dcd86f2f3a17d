// The whole client against a server of this process: from many threads at once, and how its subscriptions end.
#include "flashbid/client.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <vector>

#include "support/live_server.hpp"

namespace flashbid::client {
namespace {

constexpr Milliseconds a_minute{60'000};

class House : public testing::Test {
 protected:
  Client client(std::string name, BidsOver bids_over = BidsOver::websocket) {
    const auto at = live_.address();
    Options options{.urls = {"http://" + at.address().to_string() + ":" + std::to_string(at.port())},
                    .who = DevName{std::move(name)},
                    .bids_over = bids_over,
                    .patience = a_minute};
    return std::move(Client::open(std::move(options)).value());
  }
  static Auction created(Client& by) {
    const Time closes_at =
        std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now()) + std::chrono::hours(1);
    return by.create_auction({.title = "Vase", .currency = "CNY", .opening_price = 100, .closes_at = closes_at})
        .value();
  }
  // The next update there is.
  static Update told(Subscription& by) { return by.next(a_minute).value().value(); }

  test::LiveServer live_;
};

TEST_F(House, ThreadsBidAtOnceAndEveryBidIsSeen) {
  Client house = client("Olga");
  const Auction auction = created(house);
  Subscription every = house.subscribe(auction.id);
  EXPECT_EQ(told(every).kind, Update::Kind::snapshot);
  Client others[] = {client("Alice"), client("Bob", BidsOver::http)};
  std::vector<std::jthread> bidding;
  for (std::int64_t n = 0; n < 4; ++n) {
    bidding.emplace_back([&, n] {
      for (std::int64_t amount = 100 + n; amount < 300; amount += 4) EXPECT_TRUE(others[n % 2].bid(auction.id, amount));
    });
  }
  std::vector<Bid> seen;
  while (seen.empty() || seen.back().amount < 296) {
    const Update update = told(every);
    ASSERT_EQ(update.kind, Update::Kind::event);
    const Event& event = *update.event;
    if (event.kind == EventKind::bid_accepted)
      seen.push_back({event.place.sequence, event.bidder, event.amount, event.at});
  }
  for (std::jthread& thread : bidding) thread.join();
  while (seen.back().amount < 299) {
    const Event event = *told(every).event;
    seen.push_back({event.place.sequence, event.bidder, event.amount, event.at});
  }
  EXPECT_EQ(house.bids(auction.id).value(), seen);
  EXPECT_EQ(house.auction(auction.id)->price, 299);
  EXPECT_EQ(house.auctions({.state = AuctionState::open}).value().auctions.size(), 1U);
}

TEST_F(House, OneKeyIsOneBidOverBothWays) {
  Client house = client("Olga");
  const Auction auction = created(house);
  Client socket = client("Alice");
  Client http = client("Alice", BidsOver::http);
  const std::string key = new_key();
  const BidResult first = socket.bid(auction.id, 100, key).value();
  const BidResult again = http.bid(auction.id, 100, key).value();
  EXPECT_TRUE(first.accepted());
  EXPECT_EQ(first.sequence, again.sequence);
  EXPECT_EQ(socket.bid(auction.id, 101, key).error().code, "idempotency_key_reused");
  EXPECT_EQ(http.bid(auction.id, 101, key).error().status, 422);
  EXPECT_EQ(http.bid(auction.id, 100).value().reason, Reason::amount_below_minimum);
  EXPECT_EQ(http.bid(auction.id, 500, "two words").error().code, "invalid_value");
  EXPECT_EQ(socket.bid(9'999, 100).error().code, "not_found");
  EXPECT_NE(new_key(), new_key());
}

TEST_F(House, ASubscriptionEndsInWords) {
  std::optional<Client> house(client("Olga"));
  const Auction auction = created(*house);
  Subscription of_nothing = house->subscribe(9'999);
  EXPECT_EQ(of_nothing.next(a_minute).error().code, "not_found");
  Subscription first = house->subscribe(auction.id);
  EXPECT_EQ(told(first).auction.id, auction.id);
  Subscription second = house->subscribe(auction.id, Mode::latest);
  EXPECT_EQ(told(second).auction.state, AuctionState::open);
  EXPECT_EQ(first.next(a_minute).error().code, "ended") << "another has taken its place";
  EXPECT_FALSE(second.next(Milliseconds(1)).value()) << "nothing new is no error";
  ASSERT_TRUE(house->cancel_auction(auction.id));
  EXPECT_EQ(told(second).auction.state, AuctionState::cancelled);
  std::jthread waits([&] { EXPECT_EQ(second.next(Milliseconds::max()).error().code, "ended"); });
  house.reset();
}

TEST_F(House, TheServersClockIsMeasured) {
  Client house = client("Olga");
  while (!house.server_time().uncertainty) std::this_thread::sleep_for(Milliseconds(1));
  const auto time = house.server_time();
  const auto apart = time.now - std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
  EXPECT_LE(std::chrono::abs(apart), *time.uncertainty + Milliseconds(1'000)) << "both are this machine's";
  EXPECT_TRUE(house.is_live());
}

TEST(Client, WhatCanNeverSucceedIsRefusedAtOnce) {
  EXPECT_EQ(Client::open({.urls = {}}).error().code, "invalid_value");
  EXPECT_EQ(Client::open({.urls = {"https://house"}}).error().code, "invalid_value");
  EXPECT_EQ(Client::open({.who = Token{"two words"}}).error().code, "invalid_value");
  EXPECT_EQ(Client::open({.who = DevName{"Alice\r\nX-Other: 1"}}).error().code, "invalid_value");
}

TEST(Client, NobodyAtHomeIsUnavailableAndNotUnknown) {
  boost::asio::io_context io;
  const boost::asio::ip::tcp::socket does_not_listen(io, {boost::asio::ip::make_address("127.0.0.1"), 0});
  const std::string url = "http://127.0.0.1:" + std::to_string(does_not_listen.local_endpoint().port());
  for (const BidsOver way : {BidsOver::websocket, BidsOver::http}) {
    Client house = std::move(
        Client::open({.urls = {url}, .who = DevName{"Alice"}, .bids_over = way, .patience = Milliseconds(300)})
            .value());
    EXPECT_EQ(house.bid(1, 100).error().code, "unavailable");
    EXPECT_FALSE(house.is_live());
  }
}

}  // namespace
}  // namespace flashbid::client
