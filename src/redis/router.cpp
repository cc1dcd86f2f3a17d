#include "redis/router.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>

#include "redis/backoff.hpp"

namespace flashbid::redis {

namespace asio = boost::asio;

namespace {

// So often a redirected command goes on at once; a cluster that sends it round and round is given pauses.
constexpr unsigned redirections_at_once = 4;

}  // namespace

Client::Router::Router(asio::io_context& io, Options options)
    : io_(io),
      options_(std::move(options)),
      changed_(io),
      sweep_timer_(io),
      retry_timer_(io),
      refresh_timer_(io),
      swept_at_(std::chrono::steady_clock::now()) {}

ConnectionSettings Client::Router::connection_settings() const {
  return {.url = &options_.url,
          .tls = tls_,
          .connect_timeout = options_.connect_timeout,
          .command_timeout = options_.command_timeout};
}

void Client::Router::refuse_later(Done done, std::string why) {
  asio::post(io_, [done = std::move(done), why = std::move(why)]() mutable {
    done(fail(Failure::unavailable, std::move(why)));
  });
}

bool Client::Router::take_in(const Command& command, Done& done) {
  const char* missing = nullptr;
  if (stopped_) {
    missing = "the Redis client has been stopped";
  } else if (kind_ == redis::Kind::unknown) {
    missing = "the Redis client has not been started";
  } else if (in_flight_ >= options_.max_in_flight) {
    missing = "too many commands wait for Redis";
  } else if (queued_bytes_ + command.bytes.size() > options_.max_queued_bytes) {
    missing = "too many bytes wait for Redis";
  }
  if (missing == nullptr) {
    ++in_flight_;
    queued_bytes_ += command.bytes.size();
    return true;
  }
  refuse_later(std::move(done), missing);
  return false;
}

Request Client::Router::make_request(unsigned slot, Command command, Done done) {
  const auto most = command.timeout.count() > 0 ? command.timeout : options_.command_timeout;
  return {.command = std::move(command),
          .done = std::move(done),
          .deadline = std::chrono::steady_clock::now() + most,
          .slot = static_cast<std::uint16_t>(slot)};
}

unsigned Client::Router::slot(std::string_view key) const { return kind_ == redis::Kind::cluster ? slot_of(key) : 0; }

void Client::Router::send(std::string_view key, Command command, Done done) {
  if (!take_in(command, done)) return;
  Request request = make_request(slot(key), std::move(command), std::move(done));
  const auto& link = kind_ == redis::Kind::cluster ? by_slot_[request.slot] : only_;
  if (link != nullptr && link->down_for(options_.retry_for)) {
    asio::post(io_, [self = shared_from_this(), request = std::move(request), why = link->why().detail]() mutable {
      self->finish(std::move(request), fail(Failure::unavailable, std::move(why)));
    });
    return;
  }
  route(std::move(request));
}

void Client::Router::route(Request request) {
  const auto& link = kind_ == redis::Kind::cluster ? by_slot_[request.slot] : only_;
  if (link != nullptr) {
    link->send(std::move(request));
    return;
  }
  want_refresh();
  park(nullptr, std::move(request));
}

void Client::Router::finish(Request request, Result<Reply> result) {
  if (result) result->after_lost_answer = request.maybe_executed;
  --in_flight_;
  queued_bytes_ -= request.command.bytes.size();
  request.done(std::move(result));
}

void Client::Router::answered(Link& link, Request request, Reply reply) {
  if (!reply.is_error()) [[likely]] {
    finish(std::move(request), std::move(reply));
    return;
  }
  const Refusal refusal = refusal_of(reply, link.address());
  if (refusal.meaning == Refusal::Meaning::none) {
    finish(std::move(request), std::move(reply));
    return;
  }
  refused(link, std::move(request), reply, refusal);
}

void Client::Router::refused(Link& link, Request request, const Reply& reply, const Refusal& refusal) {
  using Meaning = Refusal::Meaning;
  const auto now = std::chrono::steady_clock::now();
  if (refusal.meaning == Meaning::hopeless) {
    auto result = unanswered(request, false, describe_refusal(reply, link.address()));
    finish(std::move(request), std::move(result));
    return;
  }
  if (request.give_up == SteadyTime{}) request.give_up = std::min(now + options_.retry_for, request.deadline);
  if (now >= request.give_up) {
    std::string why =
        fmt::format("Redis at {} refused again and again, last with: {}", to_text(link.address()), reply.text());
    if (refusal.meaning == Meaning::no_function && !library_trouble_.empty()) why += "; " + library_trouble_;
    auto result = unanswered(request, false, std::move(why));
    finish(std::move(request), std::move(result));
    return;
  }
  const bool at_once = ++request.redirections <= redirections_at_once;
  if (kind_ != redis::Kind::cluster && (refusal.meaning == Meaning::moved || refusal.meaning == Meaning::ask)) {
    park(&link, std::move(request));
    return;
  }
  // A slot that leaves may come back as another one.
  const bool leaves = refusal.meaning == Meaning::moved || refusal.meaning == Meaning::ask;
  if (leaves || reply.error_code() == "TRYAGAIN") link.not_admitted(request.slot);
  if (refusal.meaning == Meaning::moved) {
    by_slot_[refusal.slot] = link_at(refusal.address);
    want_refresh();
    if (link.purpose().dedicated) link.reconnect("its key has moved");
  } else if (refusal.meaning == Meaning::elsewhere) {
    want_refresh();
    // READONLY, MASTERDOWN: no primary says that. Another one may be known already; if not, this one is asked again.
    if (reply.error_code() != "CLUSTERDOWN") link.reconnect("it is no primary any more");
  } else if (refusal.meaning == Meaning::no_function) {
    if (options_.library_text.empty()) {
      finish(std::move(request), Reply::of_text(std::string(reply.text()), Reply::Kind::error));
      return;
    }
    load_library(link);
    if (at_once) {
      link.send(std::move(request));
      return;
    }
  }
  if (refusal.meaning == Meaning::ask && at_once && !link.purpose().dedicated) {
    request.asking = true;
    link_at(refusal.address)->send(std::move(request));
  } else if (refusal.meaning == Meaning::moved && at_once) {
    go_again(link, std::move(request));
  } else {
    park(&link, std::move(request));
  }
}

void Client::Router::load_library(Link& link) {
  if (link.loading_library) return;
  link.loading_library = true;
  link.send_direct(Command::of({"FUNCTION", "LOAD", options_.library_text}),
                   [self = shared_from_this(), link = link.shared_from_this()](const Result<Reply>& answer) {
                     link->loading_library = false;
                     self->library_trouble_.clear();
                     if (!answer) {
                       self->library_trouble_ = "its function library could not be loaded: " + answer.error().detail;
                     } else if (answer->is_error() && answer->text().find("already exists") == std::string_view::npos) {
                       self->library_trouble_ =
                           fmt::format("its function library could not be loaded: {}", answer->text());
                       self->trouble(fmt::format("Redis at {}: {}", to_text(link->address()), self->library_trouble_));
                     }
                   });
}

void Client::Router::go_again(Link& link, Request request) {
  if (link.purpose().dedicated) {
    link.send(std::move(request));
  } else {
    route(std::move(request));
  }
}

void Client::Router::park(Link* link, Request request) {
  const auto now = std::chrono::steady_clock::now();
  if (request.give_up == SteadyTime{}) request.give_up = std::min(now + options_.retry_for, request.deadline);
  const auto due = now + backoff(request.pauses++);
  request.redirections = 0;
  Parked parked{.request = std::move(request), .dedicated = {}};
  if (link != nullptr && link->purpose().dedicated) {
    parked.dedicated = link->shared_from_this();
    parked.to_dedicated = true;
  }
  parked_.emplace(due, std::move(parked));
  set_retry_timer();
}

void Client::Router::set_retry_timer() {
  if (parked_.empty() || stopped_) return;
  retry_timer_.expires_at(parked_.begin()->first);
  retry_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error && !self->stopped_) self->wake_parked();
  });
}

void Client::Router::wake_parked() {
  const auto now = std::chrono::steady_clock::now();
  while (!parked_.empty() && parked_.begin()->first <= now) {
    Parked parked = std::move(parked_.extract(parked_.begin()).mapped());
    Request& request = parked.request;
    if (parked.to_dedicated) {
      const auto link = parked.dedicated.lock();
      if (link != nullptr) {
        link->send(std::move(request));
      } else {
        auto result = unanswered(request, false, "its connection was dropped");
        finish(std::move(request), std::move(result));
      }
    } else if (now >= request.give_up && kind_ == redis::Kind::cluster && by_slot_[request.slot] == nullptr) {
      auto result = unanswered(request, false, fmt::format("no node of the cluster serves slot {}", request.slot));
      finish(std::move(request), std::move(result));
    } else {
      route(std::move(request));
    }
  }
  set_retry_timer();
}

std::vector<std::shared_ptr<Link>> Client::Router::every_link() const {
  std::vector<std::shared_ptr<Link>> links;
  if (only_ != nullptr) links.push_back(only_);
  for (const auto& [address, link] : nodes_) links.push_back(link);
  links.insert(links.end(), dedicated_.begin(), dedicated_.end());
  links.insert(links.end(), retired_.begin(), retired_.end());
  return links;
}

void Client::Router::set_sweep_timer() {
  const auto pause =
      std::clamp(options_.command_timeout / 8, std::chrono::milliseconds(10), std::chrono::milliseconds(100));
  sweep_timer_.expires_after(pause);
  sweep_timer_.async_wait([self = shared_from_this(), pause](const boost::system::error_code& error) {
    if (error || self->stopped_) return;
    const auto now = std::chrono::steady_clock::now();
    // After the thread was away for long, what has arrived meanwhile is read before anyone is called silent.
    const bool was_away = now - self->swept_at_ > 3 * pause;
    self->swept_at_ = now;
    if (!was_away) self->sweep();
    if (!self->stopped_) self->set_sweep_timer();
  });
}

void Client::Router::sweep() {
  const auto now = std::chrono::steady_clock::now();
  for (const auto& link : every_link()) link->sweep(now);
  std::erase_if(retired_, [](const std::shared_ptr<Link>& link) {
    if (!link->idle()) return false;
    link->stop("it is no primary any more");
    return true;
  });
}

void Client::Router::trouble(const std::string& what) {
  if (options_.on_trouble && !stopped_) options_.on_trouble(what);
}

}  // namespace flashbid::redis
