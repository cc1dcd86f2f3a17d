#include "relay/kafka/kafka_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/system_clock.hpp"
#include "base/whole_number.hpp"
#include "relay/kafka/event_message.hpp"

namespace flashbid {
namespace {

constexpr std::string_view position_prefix = "kafka:";
// What is missing may come from elsewhere, too.
constexpr std::int64_t try_kept_every_ms = 1'000;

std::string_view value_of(const rd_kafka_message_t& message) {
  return {static_cast<const char*>(message.payload), message.len};
}

// All of a message's headers, the last of a name counts.
std::vector<std::pair<std::string, std::string>> headers_of(const rd_kafka_message_t& message) {
  std::vector<std::pair<std::string, std::string>> found;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return found;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  for (std::size_t k = 0; rd_kafka_header_get_all(headers, k, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
       ++k) {
    found.emplace_back(name, std::string(static_cast<const char*>(value), value == nullptr ? 0 : size));
  }
  return found;
}

std::optional<std::string_view> secrets_of(const std::vector<std::pair<std::string, std::string>>& headers) {
  std::optional<std::string_view> secrets;
  for (const auto& [name, value] : headers) {
    if (name == secrets_header) secrets = value;
  }
  return secrets;
}

}  // namespace

KafkaSource::KafkaSource(std::shared_ptr<KafkaBroker> broker, std::uint64_t shard, std::uint64_t shards)
    : broker_(std::move(broker)), shard_(shard), shards_(shards) {}

KafkaSource::~KafkaSource() { stop(); }

void KafkaSource::stop() {
  if (started_) broker_->stop(shard_);
  started_ = false;
}

Result<void> KafkaSource::begin(std::string_view position) {
  stop();
  begun_at_ = position;
  next_.reset();
  read_.clear();
  given_.clear();
  kept_.clear();
  malformed_.clear();
  untried_ = 0;
  if (!position.starts_with(position_prefix)) return {};
  const auto offset = whole_number(position.substr(position_prefix.size()));
  if (!offset) return fail(Failure::corrupt, fmt::format("shard {}: \"{}\" is no position", shard_, position));
  next_ = static_cast<std::int64_t>(*offset);
  return {};
}

std::string KafkaSource::position() const {
  if (!next_) return begun_at_;
  std::int64_t first = *next_;
  for (const Item& item : given_) first = std::min(first, item.offset);
  for (const Item& item : kept_) first = std::min(first, item.offset);
  if (!read_.empty()) first = std::min(first, read_.front().offset);
  return fmt::format("{}{}", position_prefix, first);
}

Result<SourceBatch> KafkaSource::read(std::size_t max) {
  if (!given_.empty()) settle(true);
  if (read_.size() < max) {
    if (auto fetched = fetch(max - read_.size()); !fetched) return std::unexpected(std::move(fetched.error()));
  }
  if (auto buried = bury_malformed(); !buried) return std::unexpected(std::move(buried.error()));
  give_kept(read_.empty() ? max : (max + 1) / 2);
  give_new(max);
  SourceBatch batch;
  batch.queued = true;
  batch.dead_letters = std::exchange(buried_, 0);
  batch.position = position();
  if (!given_.empty()) {
    batch.ledger = given_.front().origin.ledger;
    batch.shards = given_.front().origin.shards;
  }
  for (const Item& item : given_) batch.records.push_back(item.record);
  batch.behind = read_.size();
  const std::int64_t high = broker_->known_extent(shard_).high;
  if (next_ && high > *next_) batch.behind += static_cast<std::uint64_t>(high - *next_);
  return batch;
}

Result<void> KafkaSource::fetch(std::size_t max) {
  if (!started_) {
    if (auto started = broker_->start(shard_, next_.value_or(RD_KAFKA_OFFSET_BEGINNING)); !started) return started;
    started_ = true;
  }
  const auto messages = broker_->take(shard_, max);
  if (!messages) return std::unexpected(messages.error());
  for (const auto& message : *messages) {
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) continue;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) return fetch_failed(*message);
    open(*message);
    next_ = message->offset + 1;
  }
  return {};
}

// What came with it, behind it, is read again.
Result<void> KafkaSource::fetch_failed(const rd_kafka_message_t& message) {
  stop();
  const auto unavailable = [&] {
    return broker_->failed(Failure::unavailable,
                           fmt::format("shard {} cannot be read: {}", shard_, rd_kafka_message_errstr(&message)));
  };
  if (message.err != RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET || !next_) return unavailable();
  const auto extent = broker_->extent(shard_);
  if (!extent) return std::unexpected(extent.error());
  if (*next_ < extent->low) {
    return broker_->failed(Failure::corrupt,
                           fmt::format("shard {}: {} messages that nobody has stored, from offset {} on, are no longer "
                                       "kept; give the topic a longer retention, and bring them in from the ledger",
                                       shard_, extent->low - *next_, *next_));
  }
  if (*next_ > extent->high) {
    return broker_->failed(Failure::corrupt,
                           fmt::format("shard {}: the partition ends at offset {}, before {}, where it "
                                       "was read last: it has lost messages, or is another topic",
                                       shard_, extent->high, *next_));
  }
  return unavailable();
}

void KafkaSource::open(const rd_kafka_message_t& message) {
  auto headers = headers_of(message);
  auto opened = open_archivable(value_of(message), secrets_of(headers));
  std::string why;
  if (!opened) {
    why = std::move(opened.error().detail);
  } else if (opened->origin.shard != shard_ || opened->origin.shards > shards_) {
    why = fmt::format("it is of shard {} of {}, and this is partition {} of {}", opened->origin.shard,
                      opened->origin.shards, shard_, shards_);
  } else {
    for (Record& record : opened->records) read_.push_back({message.offset, opened->origin, std::move(record), {}});
    return;
  }
  headers.emplace_back(reason_header, std::move(why));
  malformed_.push_back({.partition = message.partition,
                        .key = std::string(static_cast<const char*>(message.key), message.key_len),
                        .value = std::string(value_of(message)),
                        .headers = std::move(headers)});
}

// Before any position behind them is told.
Result<void> KafkaSource::bury_malformed() {
  if (malformed_.empty()) return {};
  if (auto buried = broker_->bury(malformed_); !buried) return buried;
  buried_ += malformed_.size();
  malformed_.clear();
  return {};
}

// The last batch is done. If anything of it was stored, what was missing may have been among it.
void KafkaSource::settle(bool progress) {
  given_.clear();
  if (progress) untried_ = kept_.size();
}

void KafkaSource::give_kept(std::size_t max) {
  if (untried_ == 0 && !kept_.empty() && steady_ms() >= try_kept_at_) {
    untried_ = kept_.size();
    try_kept_at_ = steady_ms() + try_kept_every_ms;
  }
  for (; untried_ > 0 && may_give(kept_, max); --untried_) give(kept_);
}

void KafkaSource::give_new(std::size_t max) {
  while (may_give(read_, max)) give(read_);
}

void KafkaSource::give(std::deque<Item>& from) {
  given_.push_back(std::move(from.front()));
  from.pop_front();
}

// A batch is of one ledger.
bool KafkaSource::may_give(const std::deque<Item>& from, std::size_t max) const {
  if (from.empty() || given_.size() >= max) return false;
  return given_.empty() || given_.front().origin == from.front().origin;
}

bool KafkaSource::is_kept(const Item& item, std::size_t kept) const {
  const KafkaSourceOptions& options = broker_->options();
  const std::int64_t now = steady_ms();
  return kept < options.most_early && now - item.kept_since_ms.value_or(now) < options.patience.ms;
}

// May be told again, of the same batch, as long as it fails.
Result<std::uint64_t> KafkaSource::refused(std::span<const Refusal> refusals) {
  std::vector<Item> early;
  std::vector<kafka::Message> letters;
  for (const Refusal& refusal : refusals) {
    const Item& item = given_.at(refusal.record);
    if (refusal.early && is_kept(item, kept_.size() + early.size())) {
      early.push_back(item);
      if (!item.kept_since_ms) early.back().kept_since_ms = steady_ms();
    } else {
      letters.push_back(kafka::message_of(item.origin, item.record, !item.record.secret.empty()));
      letters.back().headers.emplace_back(reason_header, refusal.why);
    }
  }
  const std::uint64_t dead = letters.size();
  if (auto buried = broker_->bury(std::move(letters)); !buried) return std::unexpected(std::move(buried.error()));
  const bool progress = refusals.size() < given_.size();
  kept_.insert(kept_.end(), std::make_move_iterator(early.begin()), std::make_move_iterator(early.end()));
  settle(progress);
  return dead;
}

Result<Waiting> KafkaSource::waiting() {
  const auto extent = broker_->extent(shard_);
  if (!extent) return std::unexpected(extent.error());
  const std::int64_t from = std::max(next_.value_or(extent->low), extent->low);
  return Waiting{read_.size() + static_cast<std::uint64_t>(std::max<std::int64_t>(extent->high - from, 0)), {}};
}

}  // namespace flashbid
