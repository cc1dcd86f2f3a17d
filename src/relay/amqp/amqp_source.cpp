#include "relay/amqp/amqp_source.hpp"
#include "base/system_clock.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "relay/envelope.hpp"

namespace flashbid {
namespace {

// Without anything new, what is early is tried again this often.
constexpr std::chrono::seconds give_kept_every{1};
constexpr std::chrono::seconds count_every{1};

// Room for the others in the frame that holds all headers.
std::string short_reason(std::string why) {
  constexpr std::size_t longest = 1'000;
  if (why.size() > longest) why.resize(longest);
  return why;
}

amqp::Message unreadable_message(const AmqpBroker::Delivery& delivery, std::string why) {
  amqp::Message message{.routing_key = {},
                        .content_type = delivery.content_type,
                        .id = delivery.id,
                        .at = SystemClock().now(),
                        .headers = {{std::string(reason_header), short_reason(std::move(why))}},
                        .body = delivery.body};
  if (delivery.secrets) message.headers.emplace_back(secrets_header, *delivery.secrets);
  return message;
}

}  // namespace

AmqpSource::AmqpSource(std::shared_ptr<AmqpBroker> broker, std::uint64_t shard, AmqpSourceOptions options)
    : broker_(std::move(broker)), shard_(shard), options_(options) {}

AmqpSource::~AmqpSource() {
  if (consumer_) broker_->let_go(*consumer_);
}

Result<void> AmqpSource::begin(std::string_view position) {
  position_ = position;
  return {};
}

// What came on a connection that is gone is the broker's again.
void AmqpSource::forget() {
  consumer_.reset();
  ready_.clear();
  batch_.clear();
  kept_.clear();
  unreadable_.clear();
}

Result<void> AmqpSource::attach() {
  if (consumer_ && broker_->is_current(*consumer_)) return {};
  forget();
  const auto shards = broker_->count_shards();
  if (!shards) return std::unexpected(shards.error());
  shards_ = *shards;
  auto consumer = broker_->consume(shard_);
  if (!consumer) return std::unexpected(std::move(consumer.error()));
  consumer_ = *consumer;
  return {};
}

Result<SourceBatch> AmqpSource::read(std::size_t max) {
  if (auto attached = attach(); !attached) return std::unexpected(std::move(attached.error()));
  put_back();
  if (auto received = receive(); !received) return std::unexpected(std::move(received.error()));
  if (auto counted = count_behind(); !counted) return std::unexpected(std::move(counted.error()));
  const auto now = Clock::now();
  if (!kept_.empty() && (!ready_.empty() || progressed_ || now >= give_kept_at_)) take_kept(max, now);
  take_ready(max);
  SourceBatch batch;
  batch.queued = true;
  batch.dead_letters = std::exchange(buried_, 0);
  for (const Event& event : batch_) batch.records.push_back(event.record);
  if (!batch_.empty()) {
    position_ = event_id(batch_.back().record);
    batch.ledger = batch_.front().letter->ledger;
    batch.shards = shards_;
  }
  batch.position = position_;
  batch.behind = behind_ + ready_.size() + kept_.size();
  return batch;
}

// A batch that was given and never told of.
void AmqpSource::put_back() {
  ready_.insert(ready_.begin(), std::make_move_iterator(batch_.begin()), std::make_move_iterator(batch_.end()));
  batch_.clear();
}

Result<void> AmqpSource::receive() {
  auto deliveries = broker_->take(*consumer_);
  if (!deliveries) return std::unexpected(std::move(deliveries.error()));
  for (AmqpBroker::Delivery& delivery : *deliveries) {
    if (auto opened = open(delivery); !opened) {
      unreadable_.emplace_back(std::move(delivery), std::move(opened.error().detail));
    }
  }
  return bury_unreadable();
}

Result<void> AmqpSource::open(const AmqpBroker::Delivery& delivery) {
  auto opened = open_archivable(delivery.body, delivery.secrets);
  if (!opened) return std::unexpected(std::move(opened.error()));
  const Origin& origin = opened->origin;
  if (origin.shard != shard_ || origin.shards != shards_) {
    return fail(Failure::invalid, fmt::format("it is of shard {} of {}, and lay in the queue of shard {} of {}",
                                              origin.shard, origin.shards, shard_, shards_));
  }
  events_a_letter_ = opened->records.size();
  const auto letter =
      std::make_shared<Letter>(Letter{.tag = delivery.tag, .ledger = origin.ledger, .open = opened->records.size()});
  for (Record& record : opened->records) ready_.push_back({std::move(record), letter, std::nullopt, false});
  return {};
}

// Acknowledged only once they lie among the dead letters; if that fails it is tried again.
Result<void> AmqpSource::bury_unreadable() {
  if (unreadable_.empty()) return {};
  std::vector<amqp::Message> messages;
  std::vector<std::uint64_t> tags;
  for (const auto& [delivery, why] : unreadable_) {
    messages.push_back(unreadable_message(delivery, why));
    tags.push_back(delivery.tag);
  }
  if (auto buried = broker_->bury(messages); !buried) return buried;
  buried_ += unreadable_.size();
  unreadable_.clear();
  return broker_->acknowledge(*consumer_, tags);
}

// At most half a batch, so that what they wait for finds room behind them; another half the next time.
void AmqpSource::take_kept(std::size_t max, Clock::time_point now) {
  progressed_ = false;
  give_kept_at_ = now + give_kept_every;
  const std::size_t most = std::max<std::size_t>(max / 2, 1);
  const std::string ledger = kept_.front().letter->ledger;
  while (!kept_.empty() && batch_.size() < most && kept_.front().letter->ledger == ledger) {
    batch_.push_back(std::move(kept_.front()));
    kept_.pop_front();
  }
  std::ranges::sort(batch_, {},
                    [](const Event& event) { return std::pair(event.record.auction, event.record.sequence); });
}

// A batch is of one ledger.
void AmqpSource::take_ready(std::size_t max) {
  while (!ready_.empty() && batch_.size() < max &&
         (batch_.empty() || batch_.front().letter->ledger == ready_.front().letter->ledger)) {
    batch_.push_back(std::move(ready_.front()));
    ready_.pop_front();
  }
}

Result<void> AmqpSource::count_behind() {
  const auto now = Clock::now();
  if (now < count_at_) return {};
  count_at_ = now + count_every;
  const auto messages = broker_->count_waiting(shard_);
  if (!messages) return std::unexpected(messages.error());
  behind_ = *messages * events_a_letter_;
  return {};
}

Result<Waiting> AmqpSource::waiting() {
  const auto messages = broker_->count_waiting(shard_);
  if (!messages) return std::unexpected(messages.error());
  return Waiting{*messages * events_a_letter_ + ready_.size() + kept_.size(), std::nullopt};
}

amqp::Message AmqpSource::obituary(const Event& event, std::string why) const {
  amqp::Message message;
  message.content_type = envelope_type;
  message.id = event_id(event.record);
  message.at = SystemClock().now();
  message.headers.emplace_back(reason_header, short_reason(std::move(why)));
  if (!event.record.secret.empty()) {
    message.headers.emplace_back(secrets_header, encode_secrets(std::span(&event.record, 1)));
  }
  encode_envelope(Origin{event.letter->ledger, shards_, shard_}, event.record, message.body);
  return message;
}

// What is kept already needs no second copy: a writer that repeats itself would fill the prefetch with them.
Result<std::uint64_t> AmqpSource::refused(std::span<const Refusal> refusals) {
  if (batch_.empty()) return 0;  // forgotten: it comes again
  const auto now = Clock::now();
  std::unordered_set<std::string_view> kept;
  for (const Event& event : kept_) kept.insert(*event.record.payload);
  std::vector<amqp::Message> dead;
  std::vector<std::size_t> keep;
  for (const Refusal& refusal : refusals) {
    require(refusal.record < batch_.size(), "what is refused was given");
    Event& event = batch_[refusal.record];
    if (refusal.early) {
      if (!event.early_since) event.early_since = now;
      const bool waits = now - *event.early_since < std::chrono::milliseconds{options_.patience.ms};
      if (kept.contains(*event.record.payload)) continue;
      if (waits && kept_.size() + keep.size() < options_.most_kept) {
        kept.insert(*event.record.payload);
        keep.push_back(refusal.record);
        continue;
      }
    }
    dead.push_back(obituary(event, refusal.why));
  }
  if (auto buried = broker_->bury(dead); !buried) return std::unexpected(std::move(buried.error()));
  for (const std::size_t record : keep) batch_[record].keep = true;
  return std::uint64_t{dead.size()};
}

Result<void> AmqpSource::stored(std::string_view) {
  if (!consumer_ || !broker_->is_current(*consumer_)) {
    forget();
    return fail(Failure::unavailable, fmt::format("the connection to RabbitMQ on which shard {} was read is gone: what "
                                                  "is stored comes once more",
                                                  shard_));
  }
  std::vector<std::uint64_t> tags;
  for (Event& event : batch_) {
    if (std::exchange(event.keep, false)) {
      kept_.push_back(std::move(event));
      continue;
    }
    progressed_ = true;
    if (--event.letter->open == 0) tags.push_back(event.letter->tag);
  }
  batch_.clear();
  return broker_->acknowledge(*consumer_, tags);
}

}  // namespace flashbid
