// One shard's queue in RabbitMQ as a relay's source. Belongs to the relay's thread, which holds the shard's lease.
//
// The broker keeps the place: a message is acknowledged, by itself, once each of its events is stored or buried. What
// is early stays with us, unacknowledged, so that it comes again if we die; the prefetch bounds it. What is no event of
// this shard is buried when it is read. The position only says for people which event was the last.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "relay/amqp/amqp_broker.hpp"
#include "relay/source.hpp"

namespace flashbid {

struct AmqpSourceOptions {
  Duration patience{30'000};       // with events that are early
  std::size_t most_kept = 10'000;  // of them
};

class AmqpSource final : public Source {
 public:
  AmqpSource(std::shared_ptr<AmqpBroker> broker, std::uint64_t shard, AmqpSourceOptions options = {});
  ~AmqpSource() override;
  AmqpSource(const AmqpSource&) = delete;
  AmqpSource& operator=(const AmqpSource&) = delete;

  [[nodiscard]] Result<void> begin(std::string_view position) override;
  // Failure::unavailable also while nothing has ever been published.
  [[nodiscard]] Result<SourceBatch> read(std::size_t max) override;
  [[nodiscard]] Result<void> stored(std::string_view position) override;
  [[nodiscard]] Result<std::uint64_t> refused(std::span<const Refusal> refusals) override;
  // About as many: the broker counts messages, which hold as many events as the last one did.
  [[nodiscard]] Result<Waiting> waiting() override;
  [[nodiscard]] Result<bool> tidy(std::size_t) override { return false; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Letter {  // a message that was delivered
    std::uint64_t tag = 0;
    std::string ledger;
    std::size_t open = 0;  // its events that are neither stored nor buried
  };
  struct Event {
    Record record;
    std::shared_ptr<Letter> letter;
    std::optional<Clock::time_point> early_since;
    bool keep = false;  // refused as early, this time
  };

  [[nodiscard]] Result<void> attach();
  void forget();
  void put_back();
  [[nodiscard]] Result<void> receive();
  // Says why a message is no part of this shard's events.
  [[nodiscard]] Result<void> open(const AmqpBroker::Delivery& delivery);
  [[nodiscard]] Result<void> bury_unreadable();
  void take_kept(std::size_t most, Clock::time_point now);
  void take_ready(std::size_t max);
  [[nodiscard]] amqp::Message obituary(const Event& event, std::string why) const;
  [[nodiscard]] Result<void> count_behind();

  std::shared_ptr<AmqpBroker> broker_;
  std::uint64_t shard_;
  AmqpSourceOptions options_;
  std::uint64_t shards_ = 0;
  std::string position_;
  std::optional<AmqpBroker::Consumer> consumer_;
  std::deque<Event> ready_;                                               // delivered, not given yet
  std::vector<Event> batch_;                                              // given, not told as stored
  std::deque<Event> kept_;                                                // early
  std::vector<std::pair<AmqpBroker::Delivery, std::string>> unreadable_;  // and why
  std::uint64_t buried_ = 0;                                              // messages, since the last batch
  bool progressed_ = false;  // something was stored since the kept ones were given last
  Clock::time_point give_kept_at_, count_at_;
  std::uint64_t events_a_letter_ = 1;
  std::uint64_t behind_ = 0;  // in the queue
};

}  // namespace flashbid
