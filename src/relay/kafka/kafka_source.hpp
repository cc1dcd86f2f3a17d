// A Source that is one partition of a topic of Kafka. Belongs to the relay's thread.
//
// Its position, `kafka:OFFSET`, is the message to go on with. That of a batch lies before the batch's own events, and
// before every event that is kept because one before it is missing: whether one has to be kept is known only once the
// batch has been stored. So a last batch, without events, moves it behind the last of them, and a crash has one batch
// read twice.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "relay/envelope.hpp"
#include "relay/kafka/kafka_broker.hpp"
#include "relay/kafka/producer.hpp"
#include "relay/source.hpp"

namespace flashbid {

class KafkaSource final : public Source {
 public:
  KafkaSource(std::shared_ptr<KafkaBroker> broker, std::uint64_t shard, std::uint64_t shards);
  ~KafkaSource() override;
  KafkaSource(const KafkaSource&) = delete;
  KafkaSource& operator=(const KafkaSource&) = delete;

  // A position of another kind, or none, is the first message that Kafka keeps.
  [[nodiscard]] Result<void> begin(std::string_view position) override;
  // Failure::corrupt also if Kafka no longer keeps what comes next. Waits only for dead letters to be written.
  [[nodiscard]] Result<SourceBatch> read(std::size_t max) override;
  [[nodiscard]] Result<void> stored(std::string_view /*position*/) override { return {}; }
  [[nodiscard]] Result<std::uint64_t> refused(std::span<const Refusal> refusals) override;
  [[nodiscard]] Result<Waiting> waiting() override;
  // Kafka forgets by itself (retention.ms).
  [[nodiscard]] Result<bool> tidy(std::size_t /*events*/) override { return false; }

 private:
  // An event that has been read.
  struct Item {
    std::int64_t offset = 0;  // of its message
    Origin origin;
    Record record;
    std::optional<std::int64_t> kept_since_ms;
  };

  [[nodiscard]] Result<void> fetch(std::size_t max);
  void open(const rd_kafka_message_t& message);
  [[nodiscard]] Result<void> fetch_failed(const rd_kafka_message_t& message);
  [[nodiscard]] Result<void> bury_malformed();
  void settle(bool progress);
  void give_kept(std::size_t max);
  void give_new(std::size_t max);
  void give(std::deque<Item>& from);
  [[nodiscard]] bool may_give(const std::deque<Item>& from, std::size_t max) const;
  [[nodiscard]] bool is_kept(const Item& item, std::size_t kept) const;
  [[nodiscard]] std::string position() const;
  void stop();

  std::shared_ptr<KafkaBroker> broker_;
  std::uint64_t shard_;
  std::uint64_t shards_;
  std::string begun_at_;
  std::optional<std::int64_t> next_;  // the offset behind the last message read; none = the first one that is kept
  bool started_ = false;
  std::deque<Item> read_;                  // and not given yet
  std::vector<Item> given_;                // the last batch
  std::deque<Item> kept_;                  // refused as early
  std::size_t untried_ = 0;                // of those that are kept: since anything was stored
  std::int64_t try_kept_at_ = 0;           // all of them again
  std::vector<kafka::Message> malformed_;  // and not buried yet
  std::uint64_t buried_ = 0;               // messages, since the last batch
};

}  // namespace flashbid
