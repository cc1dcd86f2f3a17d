#include "server/download_session.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "server/loop_server.hpp"
#include "server/request_log.hpp"
#include "wire/csv.hpp"
#include "wire/http_response.hpp"

namespace flashbid {
namespace {

constexpr std::size_t page_size = 1000;

}  // namespace

DownloadSession::DownloadSession(LoopServer& server, Channel channel, const Asked& asked, std::string standing_headers,
                                 const RequestId& request_id)
    : Connection(server, std::move(channel)),
      asked_(asked),
      standing_headers_(std::move(standing_headers)),
      request_id_(request_id),
      outbox_(server.limits().outbox) {
  server.traffic().http_connections.add();
  bound_send_buffer(server.limits().stream_buffer_bytes);
}

void DownloadSession::start() {
  begin();
  if (!is_open()) return;
  asking_ = true;
  server().engine().read(asked_.auction, [download = self<DownloadSession>()](const Result<AuctionView>& view) mutable {
    download->asking_ = false;
    if (!download->is_open()) return;
    if (!view) return download->refuse(view.error());
    download->begin_file(*view);
  });
}

void DownloadSession::on_closed() { server().traffic().http_connections.subtract(); }

// What a client sends behind its request is thrown away: the answer said that the connection ends.
std::span<char> DownloadSession::room() { return server().discarded(); }
void DownloadSession::on_bytes(std::size_t) {}

// A client that has sent all it will may still read; one that is gone shows when something is sent to it.
void DownloadSession::on_end(bool broken) {
  if (broken) close();
}

void DownloadSession::begin_file(const AuctionView& view) {
  currency_ = view.auction.terms->currency;
  last_ = view.auction.sequence;
  std::string head;
  append_download_head(head, csv_type, fmt::format("auction-{}-bids.csv", asked_.auction.value()), asked_.is_chunked,
                       {.standing_headers = standing_headers_, .request_id = request_id_.view()});
  server().traffic().http_responses[2].add();
  send(std::move(head));
  if (asked_.only_head) {
    ended_ = true;
    return;
  }
  std::string columns;
  append_bids_csv_header(columns);
  send_chunk(columns);
}

void DownloadSession::ask() {
  asking_ = true;
  server().engine().events({asked_.auction, after_, page_size, true},
                           [download = self<DownloadSession>()](const Result<EventsPage>& page) mutable {
                             download->asking_ = false;
                             if (!download->is_open()) return;
                             if (!page) return download->close();
                             download->take(*page);
                           });
}

void DownloadSession::take(const EventsPage& page) {
  std::string lines;
  if (!append_bids_csv(page, last_, currency_, asked_.names, lines)) return close();
  after_ = page.last;
  if (!lines.empty()) send_chunk(lines);
  if (page.events.empty() || after_ >= last_) send_end();
}

void DownloadSession::refuse(const Error& error) {
  const WireError refusal = error.failure == Failure::not_found
                                ? WireError{ErrorCode::not_found, "there is no such auction"}
                                : to_wire(error);
  std::string answer;
  log_refusal(refusal, request_id_);
  append_problem(answer, refusal,
                 {.keep_alive = false,
                  .without_body = asked_.only_head,
                  .extra_headers = {},
                  .standing_headers = standing_headers_,
                  .request_id = request_id_.view()});
  server().traffic().http_responses[static_cast<std::size_t>(entry_of(refusal.code).http_status) / 100].add();
  ended_ = true;
  send(std::move(answer));
}

// RFC 9112, 7.1.
void DownloadSession::send_chunk(std::string_view bytes) {
  send(asked_.is_chunked ? fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes) : std::string(bytes));
}

void DownloadSession::send_end() {
  ended_ = true;
  send(asked_.is_chunked ? "0\r\n\r\n" : "");
}

void DownloadSession::send(std::string bytes) {
  if (!bytes.empty()) outbox_.push_beyond_bounds(std::make_shared<const std::string>(std::move(bytes)));
  server().loop().flush_later(*this);
}

void DownloadSession::flush() {
  if (!is_open() || waiting_writable()) return;
  switch (outbox_.send(channel())) {
    case Outbox::Sent::failed:
      return close();
    case Outbox::Sent::blocked:
      return wait_writable();
    case Outbox::Sent::all:
      if (ended_) return finish();
      if (!asking_) ask();
  }
}

// The rest leaves while the server still waits; a reader that has stalled is not waited for long.
void DownloadSession::wind_up() { leaving_ = true; }

void DownloadSession::check_time(std::int64_t now_ms) {
  const auto& limits = server().limits();
  const bool moves = std::exchange(waiting_bytes_, outbox_.bytes()) != outbox_.bytes();
  if (moves || outbox_.empty() || stalled_since_ms_ < 0) stalled_since_ms_ = now_ms;
  if (now_ms - stalled_since_ms_ >= (leaving_ ? limits.last_farewell : limits.stalled).count()) close();
}

}  // namespace flashbid
