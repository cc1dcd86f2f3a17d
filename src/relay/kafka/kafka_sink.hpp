// A Sink that is a topic of Kafka: one message an event, its key the auction, its partition the shard. Belongs to the
// relay's thread.
//
// Nothing counts as stored before all replicas in step have confirmed all of a batch. What is stored again after a
// failure lies there twice, under the same ids, behind what was there: whoever reads ignores what it has.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "relay/kafka/producer.hpp"
#include "relay/sink.hpp"

namespace flashbid {

struct KafkaSinkOptions {
  std::string ledger;        // its kind
  std::uint64_t shards = 1;  // the ledger's; the topic has at least as many partitions
  bool secrets = false;      // whether what the public may not see goes along, in a header
  int replication = -1;      // copies of each partition if the topic has to be made; -1 = as the servers have it
  Duration timeout{10'000};  // for one batch
};

class KafkaSink final : public Sink {
 public:
  // Waits for no connection. Failure::invalid if a setting is wrong.
  [[nodiscard]] static Result<std::unique_ptr<KafkaSink>> open(KafkaUrl url, KafkaSettings settings,
                                                               KafkaSinkOptions options);

  // Makes the topic if there is none; store() does so too, once. Failure::invalid if it has fewer partitions than there
  // are shards.
  [[nodiscard]] Result<void> prepare() override;
  [[nodiscard]] Result<Stored> store(const ShardLease& lease, const SourceBatch& batch) override;

 private:
  KafkaSink(KafkaUrl url, KafkaSettings settings, KafkaSinkOptions options, kafka::Producer producer);

  KafkaUrl url_;
  KafkaSettings settings_;
  KafkaSinkOptions options_;
  kafka::Producer producer_;
  bool prepared_ = false;
};

}  // namespace flashbid
