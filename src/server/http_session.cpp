#include "server/http_session.hpp"

#include <cerrno>
#include <utility>

#include "server/loop_server.hpp"
#include "server/reply.hpp"
#include "server/request_log.hpp"
#include "server/routes.hpp"
#include "wire/http_response.hpp"

namespace flashbid {

HttpSession::HttpSession(LoopServer& server, Channel channel, bool redirects)
    : Connection(server, std::move(channel)), redirects_(redirects), reader_(server.limits().http), slots_(1) {
  server.traffic().http_connections.add();
}

void HttpSession::on_closed() { server().traffic().http_connections.subtract(); }

std::span<char> HttpSession::room() {
  if (paused_ || no_more_) return {};
  return reader_.room();
}

void HttpSession::on_bytes(std::size_t bytes) {
  reader_.received(bytes);
  serve();
}

void HttpSession::on_end(bool broken) {
  no_more_ = true;
  if (broken) return close();
  if (is_quiet()) finish();
}

bool HttpSession::has_room() const {
  const auto& limits = server().limits();
  return next_ - first_ < limits.pipelined && output_.size() - sent_ + held_ < limits.output_bytes;
}

void HttpSession::serve() {
  while (is_open() && !no_more_) {
    if (!has_room() || (parked_ && !is_quiet())) {
      paused_ = true;
      return;
    }
    if (parked_) {
      const HttpRequest request = *std::exchange(parked_, std::nullopt);
      (void)dispatch(request);  // nothing is before it any more
      continue;
    }
    const auto next = reader_.next();
    if (const auto* request = std::get_if<HttpRequest>(&next)) {
      if (!dispatch(*request)) parked_ = *request;
      continue;
    }
    if (const auto* error = std::get_if<WireError>(&next)) return give_up(*error);
    if (reader_.take_expects_continue()) {
      continue_owed_ = true;
      server().loop().flush_later(*this);
    }
    break;
  }
}

std::uint32_t HttpSession::owe(bool last, bool head) {
  if (next_ - first_ == slots_.size()) {
    std::vector<Slot> larger(slots_.size() * 8);
    for (std::uint32_t number = first_; number != next_; ++number) {
      larger[number % larger.size()] = std::move(slot(number));
    }
    slots_ = std::move(larger);
  }
  Slot& owed = slot(next_);
  owed.headers.clear();
  owed.request_id.clear();
  owed.answered = false;
  owed.last = last;
  owed.head = head;
  if (last) no_more_ = true;
  return next_++;
}

bool HttpSession::dispatch(const HttpRequest& request) {
  const routes::Place place = routes::find(request.path, server().shared().offer);
  const routes::Company company = routes::company_of(place.target, request.method);
  if (company == routes::Company::alone ? !is_quiet() : first_ != next_ && company != company_) return false;
  company_ = company;
  server().traffic().http_requests.add();
  const std::uint32_t number = owe(!request.keep_alive || request.http_1_0, request.method == Method::head);
  if (const auto given = request.field(HttpField::x_request_id)) {
    if (const auto id = RequestId::parse(*given)) slot(number).request_id = *id;
  }
  Reply reply(self<HttpSession>(), number);
  if (redirects_) {
    routes::redirect(request, std::move(reply));
  } else {
    routes::serve(*this, place, request, std::move(reply));
  }
  return true;
}

// The request cannot be read, so neither can what follows it.
void HttpSession::give_up(const WireError& error) {
  server().traffic().http_requests.add();
  refuse(owe(true, false), error, {});
}

void HttpSession::end_after(std::uint32_t number) {
  slot(number).last = true;
  no_more_ = true;
}

void HttpSession::add_headers(std::uint32_t number, std::string_view headers) {
  std::string& all = slot(number).headers;
  if (all.empty() && channel().is_tls()) all = server().shared().tls_headers;
  all += headers;
}

std::string_view HttpSession::standing_headers(std::uint32_t number) {
  if (const std::string& own = slot(number).headers; !own.empty()) return own;
  return channel().is_tls() ? std::string_view(server().shared().tls_headers) : std::string_view();
}

std::string& HttpSession::begin_answer(std::uint32_t number) { return number == first_ ? output_ : slot(number).text; }

const RequestId& HttpSession::request_id(std::uint32_t number) {
  RequestId& id = slot(number).request_id;
  if (id.is_none()) id = RequestId::parse(server().new_request_id()).value();
  return id;
}

ResponseOptions HttpSession::options_of(std::uint32_t number, std::string_view extra_headers) {
  const Slot& owed = slot(number);
  const bool ends = owed.last || (no_more_ && number + 1 == next_);
  const std::string_view id = owed.request_id.is_none() ? server().new_request_id() : owed.request_id.view();
  return {!ends, owed.head, extra_headers, standing_headers(number), id};
}

void HttpSession::answer(std::uint32_t number, int status, std::string_view content_type, std::string_view body,
                         std::string_view extra_headers) {
  if (!is_open()) return;
  append_response(begin_answer(number), status, content_type, body, options_of(number, extra_headers));
  end_answer(number, status);
}

void HttpSession::refuse(std::uint32_t number, const WireError& error, std::string_view extra_headers) {
  if (!is_open()) return;
  log_refusal(error, request_id(number));
  append_problem(begin_answer(number), error, options_of(number, extra_headers));
  end_answer(number, entry_of(error.code).http_status);
}

void HttpSession::end_answer(std::uint32_t number, int status) {
  server().traffic().http_responses[static_cast<std::size_t>(status) / 100].add();
  slot(number).answered = true;
  if (number == first_) {
    while (++first_ != next_ && slot(first_).answered) {
      Slot& waiting = slot(first_);
      output_ += waiting.text;
      held_ -= waiting.text.size();
      waiting.text = {};
    }
  } else {
    held_ += slot(number).text.size();
  }
  server().loop().flush_later(*this);
}

void HttpSession::flush() {
  if (!is_open() || waiting_writable()) return;
  // `100 Continue` belongs to the request that is being read: all before it are answered first.
  if (continue_owed_ && first_ == next_) {
    continue_owed_ = false;
    if (!no_more_ && reader_.in_body()) output_ += "HTTP/1.1 100 Continue\r\n\r\n";
  }
  if (!send_output()) return;
  if (no_more_ && first_ == next_) return finish();
  if (paused_ && has_room()) {
    paused_ = false;
    serve();
    if (!paused_) resume_reading();
  }
}

bool HttpSession::send_output() {
  while (sent_ < output_.size()) {
    const ssize_t left = channel().write({output_.data() + sent_, output_.size() - sent_});
    if (left < 0) {
      if (errno == EINTR) continue;
      cannot_send();
      return false;
    }
    sent_ += static_cast<std::size_t>(left);
  }
  if (!channel().flush()) {
    cannot_send();
    return false;
  }
  constexpr std::size_t most_kept = 64 * 1024;
  if (output_.capacity() > most_kept) output_ = {};
  output_.clear();
  sent_ = 0;
  return true;
}

void HttpSession::cannot_send() {
  if (errno == EAGAIN || errno == EWOULDBLOCK) {
    wait_writable();
  } else {
    close();
  }
}

void HttpSession::wind_up() {
  no_more_ = true;
  parked_.reset();
  if (is_quiet()) finish();
}

void HttpSession::check_time(std::int64_t now_ms) {
  const auto& limits = server().limits();
  const bool stalls = !output_.empty() && stalled_since_ms_ >= 0 && seen_sent_ == sent_;
  if (!stalls) stalled_since_ms_ = !output_.empty() ? now_ms : -1;
  seen_sent_ = sent_;
  if (stalls && now_ms - stalled_since_ms_ >= limits.stalled.count()) return close();

  const Waiting waiting = reader_.in_body() ? Waiting::body : reader_.idle() ? Waiting::request : Waiting::header;
  const bool owes = first_ != next_ || !output_.empty() || parked_;
  if (waiting_since_ms_ < 0 || waiting != waiting_ || seen_next_ != next_ || owes) waiting_since_ms_ = now_ms;
  waiting_ = waiting;
  seen_next_ = next_;
  const auto waited = std::chrono::milliseconds(now_ms - waiting_since_ms_);
  if (no_more_) return;
  if (waiting == Waiting::request && waited >= limits.idle) {
    server().traffic().timeouts.add();
    return finish();
  }
  const bool late =
      (waiting == Waiting::header && waited >= limits.header) || (waiting == Waiting::body && waited >= limits.body);
  if (!late) return;
  server().traffic().timeouts.add();
  give_up({ErrorCode::request_timeout, waiting == Waiting::header ? "the request's header did not arrive in time"
                                                                  : "the request's body did not arrive in time"});
}

}  // namespace flashbid
