#include "redis/connection.hpp"

#include <fmt/format.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace flashbid::redis {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t max_write_bytes = 256U << 10U;
constexpr std::size_t read_bytes = 64U << 10U;
// hiredis moves what is left of what it was fed each time it has used up 1 kB.
constexpr std::size_t feed_bytes = 8U << 10U;
constexpr std::chrono::seconds ping_after{1};
constexpr std::string_view asking_bytes = "*1\r\n$6\r\nASKING\r\n";

}  // namespace

Connection::Connection(asio::io_context& io, ConnectionSettings settings, Address address)
    : io_(io),
      settings_(std::move(settings)),
      address_(std::move(address)),
      socket_(io),
      resolver_(io),
      opening_(io),
      asking_(io),
      in_(read_bytes) {}

std::unexpected<Error> Connection::cannot(const std::string& why, Failure failure) const {
  return fail(failure,
              fmt::format("Redis at {}: {}", to_text(address_), closed_because_.empty() ? why : closed_because_));
}

asio::awaitable<Result<void>> Connection::open(bool of_sentinel) {
  const auto self = shared_from_this();
  opening_.expires_after(settings_.connect_timeout);
  opening_.async_wait([self, most = settings_.connect_timeout](const boost::system::error_code& error) {
    if (!error) self->close(fmt::format("not connected within {} ms", most.count()));
  });
  Result<void> opened = co_await connect();
  if (opened) opened = co_await log_in(of_sentinel);
  opening_.cancel();
  if (opened && closed_) opened = cannot("closed");
  if (!opened) close(opened.error().detail);
  co_return opened;
}

asio::awaitable<Result<void>> Connection::connect() {
  boost::system::error_code error;
  const auto literal = asio::ip::make_address(address_.host, error);
  if (!error) {
    const auto [failed] = co_await socket_.async_connect(tcp::endpoint(literal, address_.port), quietly);
    error = failed;
  } else {
    auto [unresolved, found] = co_await resolver_.async_resolve(address_.host, std::to_string(address_.port), quietly);
    if (unresolved || closed_) co_return cannot("its name has no address: " + unresolved.message());
    const auto [failed, endpoint] = co_await asio::async_connect(socket_, found, quietly);
    error = failed;
  }
  if (error || closed_) co_return cannot(error.message());
  socket_.set_option(tcp::no_delay(true), error);
  socket_.set_option(asio::socket_base::keep_alive(true), error);
  if (settings_.tls != nullptr) {
    tls_ = make_tls_stream(socket_, *settings_.tls, address_.host);
    const auto [failed] = co_await tls_->async_handshake(asio::ssl::stream_base::client, quietly);
    if (failed || closed_) {
      const bool refused = SSL_get_verify_result(tls_->native_handle()) != X509_V_OK;
      co_return cannot("TLS: " + why_handshake_failed(*tls_, failed),
                       refused ? Failure::invalid : Failure::unavailable);
    }
  }
  open_ = true;
  heard_at_ = std::chrono::steady_clock::now();
  read();
  co_return Result<void>();
}

asio::awaitable<Result<void>> Connection::authenticate() {
  const Url& url = *settings_.url;
  const auto answer = co_await ask(url.user.empty() ? Command::of({"AUTH", url.password})
                                                    : Command::of({"AUTH", url.user, url.password}));
  if (!answer) co_return std::unexpected(answer.error());
  if (!answer->is_error()) co_return Result<void>();
  co_return cannot(fmt::format("it refuses the user and password of the URL: {}", answer->text()),
                   answer->error_code() == "WRONGPASS" ? Failure::invalid : Failure::unavailable);
}

asio::awaitable<Result<void>> Connection::log_in(bool of_sentinel) {
  const Url& url = *settings_.url;
  const bool has_login = !url.password.empty();
  if (has_login && !of_sentinel) {
    if (auto done = co_await authenticate(); !done) co_return done;
  }
  auto answer = co_await ask(Command::of({"PING"}));
  if (answer && answer->error_code() == "NOAUTH" && has_login && of_sentinel) {
    if (auto done = co_await authenticate(); !done) co_return done;
    answer = co_await ask(Command::of({"PING"}));
  }
  if (!answer) co_return std::unexpected(answer.error());
  const std::string_view refusal = answer->error_code();
  if (refusal == "NOAUTH") co_return cannot("it wants a password; write it in the URL", Failure::invalid);
  // Protected mode, too many clients: nobody is let in. Others speak of the server's state (LOADING, MISCONF).
  if (refusal == "DENIED" || refusal == "ERR") co_return cannot(std::string(answer->text()));
  if (of_sentinel || url.database == 0) co_return Result<void>();
  answer = co_await ask(Command::of({"SELECT", std::to_string(url.database)}));
  if (!answer) co_return std::unexpected(answer.error());
  if (answer->is_error()) {
    co_return cannot(fmt::format("it refuses database {}: {}", url.database, answer->text()), Failure::invalid);
  }
  co_return Result<void>();
}

void Connection::send_direct(Command command, Done done) {
  const auto most = command.timeout.count() > 0 ? command.timeout : settings_.command_timeout;
  if (closed_) {
    asio::post(io_, [done = std::move(done), failure = cannot("closed")]() mutable { done(std::move(failure)); });
    return;
  }
  send({.command = std::move(command),
        .done = std::move(done),
        .deadline = std::chrono::steady_clock::now() + most,
        .direct = true});
}

asio::awaitable<Result<Reply>> Connection::ask(Command command) {
  const auto self = shared_from_this();
  const auto most = settings_.connect_timeout;
  asking_.expires_after(most);
  asking_.async_wait([self, most](const boost::system::error_code& error) {
    // It may have been on its way here when the answer came.
    if (error || self->asking_.expiry() > std::chrono::steady_clock::now()) return;
    self->close(fmt::format("no answer within {} ms", most.count()));
  });
  auto answer = co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<Reply>)>(
      [self](auto handler, Command asked) { self->send_direct(std::move(asked), Done(std::move(handler))); },
      asio::use_awaitable, std::move(command));
  asking_.expires_at(SteadyTime::max());
  // What is asked here changes nothing.
  if (!answer) answer.error().failure = Failure::unavailable;
  co_return answer;
}

void Connection::send(Request request) {
  waiting_.push_back(std::move(request));
  if (flush_posted_ || writing_) return;
  flush_posted_ = true;
  asio::post(io_, [self = shared_from_this()] {
    self->flush_posted_ = false;
    self->flush();
  });
}

void Connection::flush() {
  if (!open_ || writing_ || waiting_.empty()) return;
  out_.clear();
  const auto now = std::chrono::steady_clock::now();
  while (!waiting_.empty() && out_.size() < max_write_bytes) {
    Request& next = waiting_.front();
    if (next.asking) out_ += asking_bytes;
    out_ += next.command.bytes;
    next.written_at = now;
    next.batch_end = out_.size();
    next_deadline_ = std::min(next_deadline_, next.deadline);
    sent_.push_back(std::move(next));
    waiting_.pop_front();
  }
  writing_ = true;
  const auto handler = [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
    self->written(error, bytes);
  };
  if (tls_ != nullptr) {
    asio::async_write(*tls_, asio::buffer(out_), handler);
  } else {
    asio::async_write(socket_, asio::buffer(out_), handler);
  }
}

void Connection::written(const boost::system::error_code& error, std::size_t bytes) {
  writing_ = false;
  if (closed_) return;
  if (!error) {
    for (auto request = sent_.rbegin(); request != sent_.rend() && request->batch_end != 0; ++request) {
      request->batch_end = 0;
    }
    flush();
    return;
  }
  // What the kernel did not take whole, Redis cannot have executed. (TLS counts otherwise.)
  while (tls_ == nullptr && !sent_.empty() && sent_.back().batch_end > bytes) {
    waiting_.push_front(std::move(sent_.back()));
    sent_.pop_back();
  }
  close(error.message());
}

void Connection::read() {
  const auto handler = [self = shared_from_this()](const boost::system::error_code& error, std::size_t bytes) {
    if (self->closed_) return;
    if (error) {
      self->close(error == asio::error::eof ? "it closed the connection" : error.message());
      return;
    }
    self->received(bytes);
  };
  if (tls_ != nullptr) {
    tls_->async_read_some(asio::buffer(in_), handler);
  } else {
    socket_.async_read_some(asio::buffer(in_), handler);
  }
}

void Connection::received(std::size_t bytes) {
  heard_at_ = std::chrono::steady_clock::now();
  std::string_view left(in_.data(), bytes);
  while (!left.empty() && !closed_) {
    reader_.feed(left.substr(0, feed_bytes));
    left.remove_prefix(std::min(left.size(), feed_bytes));
    while (!closed_) {
      auto reply = reader_.next();
      if (!reply) {
        close(reply.error().detail);
      } else if (*reply) {
        take(std::move(**reply));
      } else {
        break;
      }
    }
  }
  if (!closed_) read();
}

void Connection::take(Reply reply) {
  if (sent_.empty()) {
    close(reply.is_error() ? std::string(reply.text()) : "it answered what nobody had asked");
    return;
  }
  if (sent_.front().asking) {
    sent_.front().asking = false;
    return;
  }
  Request request = std::move(sent_.front());
  sent_.pop_front();
  if (!request.done) return;
  if (request.direct || owner_ == nullptr) {
    request.done(std::move(reply));
    return;
  }
  const auto owner = owner_;
  owner->answered(std::move(request), std::move(reply));
}

void Connection::expire(SteadyTime now) {
  const auto owner = owner_;
  const std::string why = fmt::format("Redis at {} did not answer in time", to_text(address_));
  next_deadline_ = SteadyTime::max();
  std::vector<Request> due;
  for (Request& request : sent_) {
    if (!request.done) continue;
    if (request.deadline > now) {
      next_deadline_ = std::min(next_deadline_, request.deadline);
      continue;
    }
    // Its place stays: the answer may still come, and is then dropped.
    due.push_back({.command = std::move(request.command),
                   .done = std::exchange(request.done, nullptr),
                   .maybe_executed = true,
                   .direct = request.direct});
  }
  for (Request& request : due) {
    if (request.direct || owner == nullptr) {
      request.done(unanswered(request, true, why));
    } else {
      owner->overdue(std::move(request));
    }
  }
}

void Connection::sweep(SteadyTime now) {
  if (!open_ || closed_) return;
  const auto self = shared_from_this();
  if (now >= next_deadline_) expire(now);
  if (closed_) return;
  if (!sent_.empty()) {
    const auto& first = sent_.front();
    const auto silent_since = std::max(first.written_at, heard_at_);
    const auto patience = std::max(first.command.timeout, settings_.command_timeout);
    if (now - silent_since > patience) close(fmt::format("no answer within {} ms", patience.count()));
  } else if (waiting_.empty() && now - heard_at_ > ping_after) {
    send_direct(Command::of({"PING"}), [](const Result<Reply>&) {});
  }
}

void Connection::close(const std::string& why) {
  if (closed_) return;
  const auto self = shared_from_this();
  closed_ = true;
  open_ = false;
  closed_because_ = why;
  opening_.cancel();
  resolver_.cancel();
  boost::system::error_code ignored;
  socket_.close(ignored);
  std::deque<Request> for_owner[2];
  std::vector<std::pair<Request, bool>> direct;
  for (auto* queue : {&sent_, &waiting_}) {
    for (Request& request : std::exchange(*queue, {})) {
      if (!request.done) continue;
      const bool was_sent = queue == &sent_;
      if (request.direct || owner_ == nullptr) {
        direct.emplace_back(std::move(request), was_sent);
      } else {
        for_owner[was_sent ? 0 : 1].push_back(std::move(request));
      }
    }
  }
  const auto owner = std::exchange(owner_, nullptr);
  for (auto& [request, was_sent] : direct) {
    request.done(unanswered(request, was_sent, fmt::format("Redis at {}: {}", to_text(address_), why)));
  }
  if (owner != nullptr) owner->lost(std::move(for_owner[0]), std::move(for_owner[1]), why);
}

}  // namespace flashbid::redis
