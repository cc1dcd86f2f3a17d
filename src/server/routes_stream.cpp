// What takes the socket over from the HTTP session: the WebSocket handshake, the SSE feed, a history as a file.
#include <memory>
#include <string>
#include <utility>

#include "server/download_session.hpp"
#include "server/loop_server.hpp"
#include "server/routes.hpp"
#include "server/sse_session.hpp"
#include "server/websocket_session.hpp"
#include "wire/decode.hpp"
#include "wire/websocket.hpp"

namespace flashbid::routes {
namespace {

constexpr std::string_view version_header = "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n";

// What is wrong with a handshake; nullopt if nothing is.
std::optional<WireError> check_handshake(const HttpRequest& request) {
  const bool upgrades = request.method == Method::get && !request.http_1_0 &&
                        request.lists(HttpField::upgrade, "websocket") &&
                        request.lists(HttpField::connection, "upgrade");
  if (!upgrades) return WireError{ErrorCode::upgrade_required, "this route speaks WebSocket: send an upgrade"};
  if (request.field(HttpField::websocket_version) != "13") {
    return WireError{ErrorCode::upgrade_required, "Sec-WebSocket-Version must be 13"};
  }
  return std::nullopt;
}

}  // namespace

void open_stream(HttpSession& session, const Asker& asker, const HttpRequest& request, Reply reply) {
  if (const auto wrong = check_handshake(request)) return reply.refuse(*wrong, version_header);
  const std::string accept = accept_key(request.field(HttpField::websocket_key).value_or(""));
  if (accept.empty()) {
    return reply.refuse({ErrorCode::bad_request, "Sec-WebSocket-Key must be 16 bytes in base64"});
  }
  LoopServer& server = session.server();
  auto answer = std::make_shared<std::string>(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ");
  *answer += accept;
  *answer += "\r\n";
  *answer += reply.standing_headers();
  append_request_id(*answer, reply.request_id().view());
  // A client that offers only protocols we do not know gets none, and may fail the connection (RFC 6455, 4.2.2).
  if (request.lists(HttpField::websocket_protocol, websocket_protocol)) {
    *answer += "Sec-WebSocket-Protocol: ";
    *answer += websocket_protocol;
    *answer += "\r\n";
  }
  *answer += "\r\n";
  const std::string received(session.rest());
  std::string token(server.access().token_of(request));
  server.traffic().http_responses[1].add();
  const auto stream =
      std::make_shared<WebSocketSession>(server, session.hand_over(), asker.caller, std::move(token), asker.address);
  server.hold(stream);
  stream->start(std::move(answer), received);
}

void follow_events(AuctionId auction, HttpSession& session, const Asker& asker, const HttpRequest& request,
                   Reply reply) {
  std::optional<ResumePoint> from;
  const auto query = decode_page_query(request.query);
  if (!query) return reply.refuse(query.error());
  if (const auto last = request.field(HttpField::last_event_id)) {
    from = parse_event_id(*last);
    if (!from) return reply.refuse({ErrorCode::invalid_value, "Last-Event-ID: EPOCH-SEQUENCE"});
  } else if (request.query.find("after_sequence=") != std::string_view::npos) {
    from = ResumePoint{std::nullopt, query->after};
  }
  LoopServer& server = session.server();
  std::string standing_headers(reply.standing_headers());
  std::string token(server.access().token_of(request));
  const auto feed = std::make_shared<SseSession>(server, session.hand_over(), auction, asker.caller, std::move(token),
                                                 std::move(standing_headers), reply.request_id());
  server.hold(feed);
  feed->start(from);
}

void download_bids(AuctionId auction, HttpSession& session, const Asker& asker, const HttpRequest& request,
                   Reply reply) {
  LoopServer& server = session.server();
  const DownloadSession::Asked asked{.auction = auction,
                                     .names = server.access().bidders_for(asker.caller),
                                     .only_head = request.method == Method::head,
                                     .is_chunked = !request.http_1_0};
  std::string standing_headers(reply.standing_headers());
  const auto download = std::make_shared<DownloadSession>(server, session.hand_over(), asked,
                                                          std::move(standing_headers), reply.request_id());
  server.hold(download);
  download->start();
}

}  // namespace flashbid::routes
