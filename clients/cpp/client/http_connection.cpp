#include "client/http_connection.hpp"

namespace flashbid::client {

Awaitable<bool> HttpConnection::ready() {
  if (line_.is_open()) co_return true;
  co_return co_await line_.connect(servers_, at_);
}

Awaitable<Exchanged> HttpConnection::exchange(std::string_view request, std::int64_t timeout_ns) {
  buffer_.clear();
  response_ = {};
  if (!co_await ready()) co_return Exchanged::not_sent;
  sent_ns_ = now_ns();
  line_.set_deadline(sent_ns_ + timeout_ns);
  if (!co_await line_.send(request)) co_return Exchanged::lost;
  for (;;) {
    if (!co_await line_.read_some(buffer_)) co_return Exchanged::lost;
    const ReadResult result = read_response(buffer_, response_);
    if (result == ReadResult::need_more) continue;
    answered_ns_ = now_ns();
    line_.set_deadline(0);
    const bool is_whole = result == ReadResult::complete && response_.size == buffer_.size();
    if (!is_whole || !response_.keep_alive) line_.close();
    co_return is_whole ? Exchanged::answered : Exchanged::malformed;
  }
}

}  // namespace flashbid::client
