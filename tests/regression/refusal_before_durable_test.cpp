// A refusal for another use of a key, or for an auction that is there already, left before that use or that auction was
// durable. When its batch failed, the client had been told of something that never was (INV-2): it gave up on a key, or
// an id, that was free. Found by simulation: "told of another use of its key, which is not durable".
#include <gtest/gtest.h>

#include <chrono>

#include "support/engine_under_test.hpp"

namespace flashbid::test {
namespace {

bool is_ready(auto& future) { return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready; }

class RefusalBeforeDurable : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(under_test.create(open_terms(), AuctionId{1})); }

  std::future<Result<AuctionView>> create_later(AuctionId id, const std::optional<KeyUse>& use = std::nullopt) {
    auto promise = std::make_shared<std::promise<Result<AuctionView>>>();
    under_test.loop().post([this, id, use, promise] {
      under_test.engine().submit(CreateRequest{std::make_shared<const Terms>(open_terms()), id, use, {}},
                                 [promise](Result<AuctionView> made) { promise->set_value(std::move(made)); });
    });
    return promise->get_future();
  }
  std::future<Result<AuctionView>> cancel_later(const std::string& body) {
    auto promise = std::make_shared<std::promise<Result<AuctionView>>>();
    const KeyUse use{Operation::cancel, *BidderId::from("op"), *IdempotencyKey::from("c"), body};
    under_test.loop().post([this, use, promise] {
      under_test.engine().submit(CancelRequest{AuctionId{1}, use, {}},
                                 [promise](Result<AuctionView> made) { promise->set_value(std::move(made)); });
    });
    return promise->get_future();
  }

  // Two requests, of which the second is refused for what the first does, if the disk keeps it.
  template <class Ask>
  void expect_waits(const Ask& ask_first, const Ask& ask_second, Failure refusal) {
    for (const bool has_space : {false, true}) {
      SCOPED_TRACE(has_space ? "with space" : "without space");
      under_test.gate.close();
      under_test.faults.no_space_appends = has_space ? 0 : 1;
      auto first = ask_first();
      under_test.gate.await_arrival();
      auto second = ask_second();
      under_test.settle();
      EXPECT_FALSE(is_ready(second)) << "nothing that it could rest on is durable";
      under_test.gate.open();
      const auto told_first = first.get();
      const auto told_second = second.get();
      EXPECT_EQ(told_first.has_value(), has_space);
      ASSERT_FALSE(told_second);
      EXPECT_EQ(told_second.error().failure, has_space ? refusal : Failure::unavailable);
    }
  }

  EngineUnderTest under_test;
};

TEST_F(RefusalBeforeDurable, ABidUnderAKeyThatIsInFlightWithAnotherAmount) {
  const auto bid = [this](std::int64_t amount) {
    return [this, amount] { return under_test.bid_later(EngineCalls::request(AuctionId{1}, "Alice", amount, "k")); };
  };
  expect_waits(std::function(bid(10'000)), std::function(bid(20'000)), Failure::key_reused);
}

TEST_F(RefusalBeforeDurable, AnAuctionUnderAnIdThatIsBeingCreated) {
  const auto create = [this] { return create_later(AuctionId{2}); };
  expect_waits(std::function(create), std::function(create), Failure::conflict);
}

TEST_F(RefusalBeforeDurable, ACreationUnderAKeyThatIsInFlightWithAnotherBody) {
  const auto create = [this](const char* body) {
    const KeyUse use{Operation::create, *BidderId::from("op"), *IdempotencyKey::from("k"), body};
    return [this, use] { return create_later(AuctionId{2}, use); };
  };
  expect_waits(std::function(create("one")), std::function(create("other")), Failure::key_reused);
}

TEST_F(RefusalBeforeDurable, ACancellationUnderAKeyThatIsInFlightWithAnotherBody) {
  const auto cancel = [this](const char* body) { return [this, body] { return cancel_later(body); }; };
  expect_waits(std::function(cancel("one")), std::function(cancel("other")), Failure::key_reused);
}

}  // namespace
}  // namespace flashbid::test
