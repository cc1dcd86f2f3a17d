#include "server/sse_session.hpp"

#include <utility>

#include "server/loop_server.hpp"
#include "server/request_log.hpp"
#include "wire/encode.hpp"
#include "wire/http_response.hpp"

namespace flashbid {

SseSession::SseSession(LoopServer& server, Channel channel, AuctionId auction, const Caller& caller, std::string token,
                       std::string standing_headers, const RequestId& request_id)
    : Connection(server, std::move(channel)),
      auction_(auction),
      caller_(caller),
      token_(std::move(token)),
      standing_headers_(std::move(standing_headers)),
      request_id_(request_id),
      outbox_(server.limits().outbox) {
  server.traffic().sse_connections.add();
  bound_send_buffer(server.limits().stream_buffer_bytes);
}

void SseSession::start(std::optional<ResumePoint> from) {
  begin();
  if (!is_open()) return;
  server().engine().hub().subscribe(*this, auction_, WatchMode::every, from);
}

void SseSession::on_closed() {
  server().traffic().sse_connections.subtract();
  server().engine().hub().unsubscribe(*this, auction_);
}

// What a client sends on a feed is thrown away.
std::span<char> SseSession::room() { return server().discarded(); }
void SseSession::on_bytes(std::size_t) {}

void SseSession::on_end(bool) { close(); }

void SseSession::on_writable() { server().loop().flush_in_turn(*this); }

void SseSession::send_head() {
  if (has_head_) return;
  has_head_ = true;
  auto head = std::make_shared<std::string>();
  append_stream_head(*head, "text/event-stream",
                     {.standing_headers = standing_headers_, .request_id = request_id_.view()});
  server().traffic().http_responses[2].add();
  outbox_.push_beyond_bounds(std::move(head));
  server().loop().flush_in_turn(*this);
}

void SseSession::on_snapshot(const Snapshot& snapshot) {
  send_head();
  auto text = std::make_shared<std::string>();
  encode_sse_snapshot(snapshot, server().engine().now(), server().access().public_bidders(), *text);
  send(std::move(text));
}

void SseSession::on_events(AuctionId, Epoch epoch, std::span<PublishedEvent> events) {
  send_head();
  const BidderNames names = server().access().public_bidders();
  for (PublishedEvent& event : events) send(sse_frame_of(event, epoch, names));
  server().traffic().events_pushed.add(events.size());
}

void SseSession::on_missed(AuctionId, Epoch epoch, std::span<PublishedEvent> events) {
  send_head();
  if (leaving_ || overflowed_ || !is_open()) return;
  std::vector<SharedBytes> backlog;
  backlog.reserve(events.size());
  const BidderNames names = server().access().public_bidders();
  for (PublishedEvent& event : events) backlog.push_back(sse_frame_of(event, epoch, names));
  if (!outbox_.push_backlog(backlog)) overflowed_ = true;
  server().traffic().events_pushed.add(events.size());
  server().loop().flush_in_turn(*this);
}

void SseSession::on_newer_state(AuctionId) {}

void SseSession::on_refused(AuctionId, const Error& error) {
  auto answer = std::make_shared<std::string>();
  const WireError refusal = to_wire(error);
  log_refusal(refusal, request_id_);
  append_problem(*answer, refusal,
                 {.keep_alive = false,
                  .without_body = false,
                  .extra_headers = {},
                  .standing_headers = standing_headers_,
                  .request_id = request_id_.view()});
  server().traffic().http_responses[static_cast<std::size_t>(entry_of(refusal.code).http_status) / 100].add();
  outbox_.push_beyond_bounds(std::move(answer));
  leaving_ = true;
  server().loop().flush_in_turn(*this);
}

// Never unsubscribes or closes here: the hub may be walking its watchers. The flush does.
void SseSession::send(SharedBytes bytes) {
  if (leaving_ || overflowed_ || !is_open()) return;
  if (!outbox_.push(std::move(bytes))) overflowed_ = true;
  server().loop().flush_in_turn(*this);
}

void SseSession::flush() {
  if (!is_open()) return;
  if (overflowed_) {
    server().traffic().slow_readers.add();
    return close();
  }
  if (waiting_writable()) return;
  switch (outbox_.send(channel())) {
    case Outbox::Sent::failed:
      return close();
    case Outbox::Sent::blocked:
      return wait_writable();
    case Outbox::Sent::all:
      if (leaving_) finish();
  }
}

void SseSession::wind_up() {
  leaving_ = true;
  server().loop().flush_in_turn(*this);
}

void SseSession::check_time(std::int64_t now_ms) {
  const auto& limits = server().limits();
  if (server().access().is_private() && !server().access().still_counts(caller_, token_, server().engine().now()))
    return close();
  const bool moves = std::exchange(waiting_bytes_, outbox_.bytes()) != outbox_.bytes();
  if (moves || quiet_since_ms_ < 0) quiet_since_ms_ = now_ms;
  const std::int64_t quiet_ms = now_ms - quiet_since_ms_;
  if (!outbox_.empty()) {
    if (quiet_ms >= (leaving_ ? limits.last_farewell : limits.stalled * 3).count()) close();
    return;
  }
  if (quiet_ms < limits.heartbeat.count() || !has_head_) return;
  // A comment: keeps proxies from giving up, and finds out whether the client is still there.
  quiet_since_ms_ = now_ms;
  send(std::make_shared<const std::string>(":\n\n"));
}

}  // namespace flashbid
