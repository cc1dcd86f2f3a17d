#include "server/websocket_session.hpp"

#include <algorithm>
#include <utility>

#include "server/admission.hpp"
#include "server/loop_server.hpp"
#include "wire/encode.hpp"

namespace flashbid {
namespace {

// A few dozen frames: as many bids as are taken before their answers are waited for.
constexpr std::size_t most_read_at_once = 4 * 1024;

}  // namespace

WebSocketSession::WebSocketSession(LoopServer& server, Channel channel, const Caller& caller, std::string token,
                                   const IpAddress& address)
    : Connection(server, std::move(channel)),
      outbox_(server.limits().outbox),
      caller_(caller),
      token_(std::move(token)),
      address_(address),
      reader_({[this](std::string_view text) { return on_text(text); },
               [this](std::string_view payload) { send(encode_pong_frame(payload)); }, [] {},
               [this](CloseCode answer) { say_goodbye(answer); }},
              server.limits().message_bytes) {
  server.traffic().websocket_connections.add();
  bound_send_buffer(server.limits().stream_buffer_bytes);
}

void WebSocketSession::start(SharedBytes handshake, std::string_view received) {
  outbox_.push_beyond_bounds(std::move(handshake));
  server().loop().flush_later(*this);
  if (!received.empty()) take(received);
  begin();
}

void WebSocketSession::on_closed() {
  server().traffic().websocket_connections.subtract();
  unsubscribe_all();
}

void WebSocketSession::unsubscribe_all() {
  for (const AuctionId auction : std::exchange(subscriptions_, {})) server().engine().hub().unsubscribe(*this, auction);
  newer_.clear();
}

std::span<char> WebSocketSession::room() {
  if (leaving_ || bids_in_flight_ >= server().limits().bids_in_flight) return {};
  return server().discarded().first(most_read_at_once);
}

void WebSocketSession::on_bytes(std::size_t bytes) {
  heard_ = true;
  take({server().discarded().data(), bytes});
}

void WebSocketSession::on_end(bool) { close(); }

void WebSocketSession::on_writable() { server().loop().flush_in_turn(*this); }

void WebSocketSession::take(std::string_view received) {
  if (leaving_) return;
  const CloseCode failure = reader_.read(received);
  if (failure != CloseCode::normal) say_goodbye(failure);
}

bool WebSocketSession::on_text(std::string_view text) {
  server().traffic().frames_received.add();
  if (is_expired()) {
    say_goodbye(CloseCode::token_expired);
    return false;
  }
  const auto frame = decode_frame(text);
  if (!frame) {
    send_error(frame.error().id, std::nullopt, frame.error().error);
  } else {
    std::visit([this](const auto& known) { carry_out(known); }, *frame);
  }
  return !leaving_;
}

bool WebSocketSession::is_expired() {
  return !caller_.bidder.empty() && !server().access().still_counts(caller_, token_, server().engine().now());
}

// A later one takes the earlier one's place: who has a new token need not connect again.
void WebSocketSession::carry_out(const AuthFrame& frame) {
  Access& access = server().access();
  if (!frame.token.empty() && access.takes_tokens()) {
    const auto caller = access.holder(frame.token, address_, server().engine().now());
    if (caller) {
      caller_ = *caller;
      token_ = frame.token;
    } else {
      send_error({}, std::nullopt, caller.error());
      if (caller.error().code == ErrorCode::rate_limited) say_goodbye(CloseCode::rate_limited);
    }
    return;
  }
  if (frame.bidder && access.is_dev()) {
    caller_ = Caller{.bidder = *frame.bidder};
    return;
  }
  send_error({}, std::nullopt,
             {ErrorCode::unauthenticated, access.is_dev() ? R"(with --dev say {"type":"auth","bidder":"NAME"})"
                                                          : R"(say {"type":"auth","token":"TOKEN"})"});
}

void WebSocketSession::carry_out(const SubscribeFrame& frame) {
  if (const auto refused = server().access().may_read(caller_)) return send_error({}, frame.auction, *refused);
  const bool known = std::ranges::find(subscriptions_, frame.auction) != subscriptions_.end();
  if (!known && subscriptions_.size() >= server().limits().subscriptions) {
    return send_error({}, frame.auction,
                      {ErrorCode::rate_limited,
                       "one socket has room for " + std::to_string(server().limits().subscriptions) + " auctions"});
  }
  if (!known) subscriptions_.push_back(frame.auction);
  std::erase(newer_, frame.auction);
  server().engine().hub().subscribe(*this, frame.auction, frame.mode, frame.from);
}

void WebSocketSession::carry_out(const UnsubscribeFrame& frame) {
  if (std::erase(subscriptions_, frame.auction) == 0) {
    return send_error({}, frame.auction, {ErrorCode::not_found, "this auction is not subscribed to"});
  }
  std::erase(newer_, frame.auction);
  server().engine().hub().unsubscribe(*this, frame.auction);
}

void WebSocketSession::carry_out(const BidFrame& frame) {
  if (server().access().may_bid(caller_)) {
    return send_error(frame.id, frame.auction,
                      {ErrorCode::unauthenticated, server().access().is_dev()
                                                       ? R"(say who bids first: {"type":"auth","bidder":"NAME"})"
                                                       : R"(say who bids first: {"type":"auth","token":"TOKEN"})"});
  }
  if (const auto refused = check_room(server())) return send_error(frame.id, frame.auction, *refused);
  ++bids_in_flight_;
  const Claim claim{.bidder = caller_.bidder,
                    .address = address_,
                    .auction = frame.auction,
                    .is_operator = caller_.role == access::Role::operator_};
  const BidRequest bid{frame.auction, {caller_.bidder, frame.amount}, frame.key};
  when_admitted(server(), claim,
                [session = self<WebSocketSession>(), id = frame.id, bid,
                 waiting = QueuedBid(server())](const std::optional<WireError>& refused) mutable {
                  if (refused) return session->refuse_bid(id, bid.auction, *refused);
                  session->submit(id, bid, std::move(waiting));
                });
}

void WebSocketSession::submit(const std::string& id, BidRequest bid, QueuedBid waiting) {
  refused_in_a_row_ = 0;
  bid.submitted_at = waiting.submitted(server());
  server().engine().submit(bid, [session = self<WebSocketSession>(), id, auction = bid.auction,
                                 waiting = std::move(waiting)](const Result<BidAnswer>& answer) {
    session->answer_bid(id, auction, answer);
    if (answer) waiting.answered(session->server());
  });
}

// Who goes on all the same is sent away.
void WebSocketSession::refuse_bid(const std::string& id, AuctionId auction, const WireError& error) {
  --bids_in_flight_;
  if (!is_open() || leaving_) return;
  send_error(id, auction, error);
  if (error.code == ErrorCode::rate_limited && ++refused_in_a_row_ >= server().limits().refusals_in_a_row) {
    say_goodbye(CloseCode::rate_limited);
  }
  server().loop().flush_later(*this);
}

void WebSocketSession::answer_bid(const std::string& id, AuctionId auction, const Result<BidAnswer>& answer) {
  --bids_in_flight_;
  if (!is_open() || leaving_) return;
  if (answer) {
    std::string& text = server().scratch();
    encode_bid_result(id, *answer, server().access().bidders_for(caller_), text);
    send(encode_text_frame(text));
  } else {
    send_error(id, auction, to_wire(answer.error()));
  }
  // Reading stopped for want of answers goes on once this round's are out.
  server().loop().flush_later(*this);
}

void WebSocketSession::carry_out(const TimeFrame& frame) {
  std::string& text = server().scratch();
  encode_time(frame.id, server().engine().now(), text);
  send(encode_text_frame(text));
}

void WebSocketSession::on_snapshot(const Snapshot& snapshot) {
  std::string& text = server().scratch();
  encode_snapshot(snapshot, server().engine().now(), server().access().public_bidders(), text);
  push(encode_text_frame(text));
}

void WebSocketSession::on_events(AuctionId, Epoch, std::span<PublishedEvent> events) {
  if (!events.empty() && events.size() <= JoinedFrames::most_joined) {
    push(server().joined_frames().of(events));
  } else {
    const BidderNames names = server().access().public_bidders();
    for (PublishedEvent& event : events) push(websocket_frame_of(event, names));
  }
  server().traffic().events_pushed.add(events.size());
}

void WebSocketSession::on_missed(AuctionId, Epoch, std::span<PublishedEvent> events) {
  if (leaving_ || overflowed_ || !is_open()) return;
  std::vector<SharedBytes> backlog;
  backlog.reserve(events.size());
  const BidderNames names = server().access().public_bidders();
  for (PublishedEvent& event : events) backlog.push_back(websocket_frame_of(event, names));
  if (!outbox_.push_backlog(backlog)) overflowed_ = true;
  server().traffic().events_pushed.add(events.size());
  server().loop().flush_in_turn(*this);
}

void WebSocketSession::on_newer_state(AuctionId auction) {
  if (leaving_ || std::ranges::find(newer_, auction) != newer_.end()) return;
  newer_.push_back(auction);
  server().loop().flush_in_turn(*this);
}

void WebSocketSession::on_refused(AuctionId auction, const Error& error) {
  std::erase(subscriptions_, auction);
  send_error({}, auction, to_wire(error));
}

void WebSocketSession::send_error(std::string_view id, std::optional<AuctionId> auction, const WireError& error) {
  std::string& text = server().scratch();
  encode_error(id, auction, error, text);
  send(encode_text_frame(text));
}

void WebSocketSession::send(SharedBytes frame) {
  if (enqueue(std::move(frame))) server().loop().flush_later(*this);
}

void WebSocketSession::push(SharedBytes frame) {
  if (enqueue(std::move(frame))) server().loop().flush_in_turn(*this);
}

// Never unsubscribes or closes here: the hub may be walking its watchers. The flush does.
bool WebSocketSession::enqueue(SharedBytes frame) {
  if (leaving_ || overflowed_ || !is_open()) return false;
  if (!outbox_.push(std::move(frame))) overflowed_ = true;
  return true;
}

void WebSocketSession::say_goodbye(CloseCode code) {
  if (leaving_) return;
  leaving_ = true;
  outbox_.push_beyond_bounds(encode_close_frame(code, to_text(code)));
  server().loop().flush_later(*this);
}

void WebSocketSession::push_newest_states() {
  for (const AuctionId auction : std::exchange(newer_, {})) {
    StateUpdate* newest = server().engine().hub().newest(auction);
    if (newest == nullptr) continue;
    outbox_.push_beyond_bounds(
        websocket_frame_of(*newest, server().engine().now(), server().access().public_bidders()));
    server().traffic().events_pushed.add();
  }
}

void WebSocketSession::flush() {
  if (!is_open()) return;
  if (overflowed_ && !leaving_) {
    // What has not begun to leave is given up: the client resumes from what it has.
    server().traffic().slow_readers.add();
    outbox_.drop_unsent();
    say_goodbye(CloseCode::slow_reader);
  }
  if (leaving_ && !subscriptions_.empty()) unsubscribe_all();
  if (winding_up_ && !leaving_ && bids_in_flight_ == 0) say_goodbye(CloseCode::going_away);
  if (waiting_writable()) return;
  Outbox::Sent sent = outbox_.send(channel());
  if (sent == Outbox::Sent::all && !newer_.empty() && !leaving_) {
    push_newest_states();
    sent = outbox_.send(channel());
  }
  switch (sent) {
    case Outbox::Sent::failed:
      return close();
    case Outbox::Sent::blocked:
      wait_writable();
      break;
    case Outbox::Sent::all:
      if (leaving_) return finish();
      break;
  }
  resume_reading();
}

void WebSocketSession::wind_up() {
  winding_up_ = true;
  server().loop().flush_later(*this);
}

void WebSocketSession::check_time(std::int64_t now_ms) {
  const auto& limits = server().limits();
  if (!leaving_ && is_expired()) say_goodbye(CloseCode::token_expired);
  if (leaving_) {
    if (leaving_since_ms_ < 0) leaving_since_ms_ = now_ms;
    if (now_ms - leaving_since_ms_ >= (winding_up_ ? limits.last_farewell : limits.farewell).count()) close();
    return;
  }
  if (std::exchange(heard_, false) || silent_since_ms_ < 0) {
    silent_since_ms_ = now_ms;
    missed_pings_ = 0;
    return;
  }
  if (now_ms - silent_since_ms_ < limits.heartbeat.count() * (missed_pings_ + 1)) return;
  if (missed_pings_ == limits.missed_pings) {
    server().traffic().timeouts.add();
    return close();
  }
  ++missed_pings_;
  send(encode_ping_frame());
}

}  // namespace flashbid
