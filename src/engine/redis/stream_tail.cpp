#include "engine/redis/stream_tail.hpp"

#include <utility>
#include <vector>

#include "engine/redis/functions.hpp"
#include "redis/keys.hpp"
#include "redis/stream_entry.hpp"

namespace flashbid {
namespace {

constexpr std::string_view most_entries = "1000";
constexpr std::string_view block_ms = "2000";
constexpr std::chrono::milliseconds block_patience{6'000};
constexpr std::chrono::milliseconds gathering{1};  // what follows an entry at once is read together
constexpr std::chrono::milliseconds after_failure{100};

StreamEntry entry_of(const redis::EntryFields& fields) {
  return {AuctionId{to_number(fields.auction)}, Epoch{to_number(fields.epoch)}, Sequence{to_number(fields.sequence)},
          fields.payload};
}

}  // namespace

StreamTail::StreamTail(boost::asio::io_context& io, redis::Client& client, unsigned shard, Callbacks callbacks)
    : client_(client), key_(redis::stream_key(shard)), callbacks_(std::move(callbacks)), timer_(io) {
  connection_ = client_.dedicated(key_, [this, alive = std::weak_ptr(alive_)](const std::string& run_id) {
    if (!alive.expired()) on_primary(run_id);
  });
  position();
}

StreamTail::~StreamTail() = default;

redis::Done StreamTail::guarded(std::function<void(Result<redis::Reply>)> then) {
  return [alive = std::weak_ptr(alive_), then = std::move(then)](Result<redis::Reply> reply) {
    if (!alive.expired()) then(std::move(reply));
  };
}

// Another process than the one that was read: its stream may end earlier, and may give out the same ids anew.
void StreamTail::on_primary(const std::string& run_id) {
  const bool is_another = !run_id_.empty() && run_id_ != run_id;
  run_id_ = run_id;
  if (is_another) last_id_.clear();
}

void StreamTail::position() {
  busy_ = true;
  auto newest = redis::Command::of({"XREVRANGE", key_, "+", "-", "COUNT", "1"});
  connection_->send(std::move(newest), guarded([this](Result<redis::Reply> reply) {
                      busy_ = false;
                      if (!reply || !reply->is_array()) {
                        const std::string why(reply ? reply->text() : reply.error().detail);
                        callbacks_.on_away({Failure::unavailable, "the shard's stream cannot be read now: " + why});
                        return read_later(after_failure);
                      }
                      const auto entries = reply->elements();
                      const bool is_empty = entries.empty() || entries[0].elements().empty();
                      last_id_ = is_empty ? "0-0" : std::string(entries[0].elements()[0].text());
                      callbacks_.on_positioned();
                      read();
                    }));
}

void StreamTail::read() {
  if (busy_) return;
  if (last_id_.empty()) return position();
  busy_ = true;
  auto command = redis::Command::of({"XREAD", "COUNT", most_entries, "BLOCK", block_ms, "STREAMS", key_, last_id_});
  connection_->send(std::move(command).within(block_patience), guarded([this](Result<redis::Reply> reply) {
                      busy_ = false;
                      if (!reply || reply->is_error()) return read_later(after_failure);
                      if (last_id_.empty() || !reply->is_array()) return read();
                      on_reply(*reply);
                      read_later(gathering);
                    }));
}

void StreamTail::read_later(std::chrono::milliseconds pause) {
  if (busy_) return;
  busy_ = true;
  timer_.expires_after(pause);
  timer_.async_wait([this, alive = std::weak_ptr(alive_)](const boost::system::error_code&) {
    if (alive.expired()) return;
    busy_ = false;
    read();
  });
}

// [[stream, [[id, [field, value, …]], …]]]
void StreamTail::on_reply(const redis::Reply& reply) {
  std::vector<StreamEntry> entries;
  for (const redis::Reply& stream : reply.elements()) {
    if (stream.elements().size() != 2) continue;
    for (const redis::Reply& stored : stream.elements()[1].elements()) {
      if (stored.elements().size() != 2) continue;
      const redis::EntryFields fields = redis::entry_fields(stored);
      last_id_ = std::string(fields.id);
      entries.push_back(entry_of(fields));
    }
  }
  if (!entries.empty()) callbacks_.on_entries(entries);
}

}  // namespace flashbid
