// A topic of Kafka whose partitions are the shards: one handle, and its connections, for all that this thread reads.
// Nobody is a group's member: the relay's leases say who reads which partition, and where to go on is stored with the
// data behind. Belongs to the relay's thread; sources keep it alive.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "relay/kafka/client.hpp"
#include "relay/kafka/dead_letters.hpp"
#include "relay/source.hpp"

namespace flashbid {

struct KafkaSourceOptions {
  Duration patience{30'000};        // how long an event waits for those before it
  std::size_t most_early = 10'000;  // how many of a shard do
  int replication = -1;             // of the dead letters' topic if it has to be made; -1 = as the servers have it
  Duration timeout{10'000};         // for dead letters
};

class KafkaBroker : public std::enable_shared_from_this<KafkaBroker> {
 public:
  // Waits for no connection. Failure::invalid if a setting is wrong.
  [[nodiscard]] static Result<std::shared_ptr<KafkaBroker>> open(KafkaUrl url, KafkaSettings settings,
                                                                 KafkaSourceOptions options = {});

  // How many partitions the topic has. Failure::unavailable also while there is no such topic.
  [[nodiscard]] Result<std::uint64_t> count_shards();
  // One at a time reads a shard.
  [[nodiscard]] Result<std::unique_ptr<Source>> source(std::uint64_t shard);

  // For its sources.

  // They go before the broker does.
  using Messages = std::vector<std::unique_ptr<rd_kafka_message_t, Releasing<rd_kafka_message_destroy>>>;
  [[nodiscard]] Result<void> start(std::uint64_t shard, std::int64_t offset);
  void stop(std::uint64_t shard);
  // The next messages of a shard that was started, at most `max`; waits for none.
  [[nodiscard]] Result<Messages> take(std::uint64_t shard, std::size_t max);
  // The offsets of the first message that is kept and behind the last one.
  struct Extent {
    std::int64_t low = 0, high = 0;
  };
  [[nodiscard]] Result<Extent> extent(std::uint64_t shard);
  // As far as is known without asking.
  [[nodiscard]] Extent known_extent(std::uint64_t shard) const;
  [[nodiscard]] Result<void> bury(std::vector<kafka::Message> letters);
  [[nodiscard]] const KafkaSourceOptions& options() const { return options_; }
  [[nodiscard]] std::unexpected<Error> failed(Failure failure, std::string_view what) const {
    return client_->failed(failure, what);
  }

 private:
  KafkaBroker(KafkaUrl url, KafkaSourceOptions options, std::unique_ptr<kafka::Client> client, kafka::Topic topic,
              kafka::DeadLetters dead_letters);
  [[nodiscard]] Result<void> look(std::uint64_t shard);
  [[nodiscard]] Result<std::int64_t> ask_offset(std::uint64_t shard, std::int64_t which, Duration wait);

  KafkaUrl url_;
  KafkaSourceOptions options_;
  std::unique_ptr<kafka::Client> client_;
  kafka::Topic topic_;
  kafka::DeadLetters dead_letters_;
  std::uint64_t shards_ = 0;         // 0 = not known
  std::set<std::uint64_t> reading_;  // shards
  std::set<std::uint64_t> suspect_;  // of these: nobody knows whether they can be read
  std::int64_t look_at_ = 0;
};

}  // namespace flashbid
