// Those who bid, create and call off: what they send, under which keys, and whether every answer is one that the
// durable events explain (INV-1, 2, 4 to 8, 12). One thread.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <variant>

#include "simulation/stage.hpp"
#include "support/random.hpp"

namespace flashbid::simulation {

class Requests {
 public:
  explicit Requests(Stage& stage) : stage_(stage) {}

  // One step each; everything else by chance.
  void bid(const Step& step, support::Random& random);
  void create(const Step& step, support::Random& random);
  void cancel(const Step& step, support::Random& random);
  void retry(const Step& step, support::Random& random);
  void reuse_key(const Step& step, support::Random& random);
  // The latest that had a key, once more.
  void retry_all();

  // The process has died: whoever waits knows nothing.
  void lose_all();
  // With nothing left to do, nobody waits.
  void expect_all_answered();
  // Every event was asked for by somebody who was not told that it did not happen (INV-12).
  void expect_all_asked_for();

 private:
  enum class Outcome { waiting, decided, refused, unknown };  // refused: surely no effect
  using Request = std::variant<BidRequest, CreateRequest, CancelRequest>;
  struct Sent {
    Request request;
    std::size_t loop;
    int life;
    bool first_use;  // no earlier request had its key
    Timestamp at;
    Sequence told;  // of its auction, to anybody, when it was sent
    Outcome outcome = Outcome::waiting;
    Sequence sequence{};            // of the accepted bid
    std::int64_t asked_ns = 0;      // of the recording
    Recording::Place recorded = 0;  // of a bid
  };

  void send(Request request, std::size_t loop, bool first_use);
  [[nodiscard]] IdempotencyKey new_key() { return *IdempotencyKey::from("k" + std::to_string(++keys_)); }
  [[nodiscard]] std::string name_of(std::size_t number) const;
  // The one that is answered now; null if that cannot be.
  Sent* answered(std::size_t number);

  void on_bid(std::size_t number, const Result<BidAnswer>& answer);
  void on_created(std::size_t number, const Result<AuctionView>& answer);
  void on_cancelled(std::size_t number, const Result<AuctionView>& answer);

  void on_refused(std::size_t number, Sent& sent, const Truth::Place& place, AuctionId auction,
                  const std::string& fingerprint, const Error& error);
  void expect_conflict(std::size_t number, const Sent& sent, AuctionId auction);
  void expect_decided_by_rules(std::size_t number, const Sent& sent, const BidAnswer& answer);
  void expect_accepted(const std::string& name, const BidAnswer& answer);
  void expect_rejected(const std::string& name, const BidAnswer& answer);
  void expect_in_time(const std::string& name, const Sent& sent, const BidAnswer& answer);
  void expect_same_answer(const std::string& name, const BidRequest& request, const BidAnswer& answer);
  [[nodiscard]] bool may_have_caused(const Sent& sent, AuctionId auction, const Event& event,
                                     const std::optional<KeyUse>& use) const;

  Stage& stage_;
  std::deque<Sent> sent_;
  std::map<IdempotencyKey, std::size_t> uses_;  // of a bid's key: the request that had it first
  std::size_t keys_ = 0;
};

}  // namespace flashbid::simulation
