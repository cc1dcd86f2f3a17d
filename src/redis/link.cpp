#include "redis/link.hpp"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>

#include "redis/backoff.hpp"
#include "redis/topology.hpp"

namespace flashbid::redis {

namespace asio = boost::asio;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

class AdmittedPrimary final : public Primary {
 public:
  AdmittedPrimary(std::shared_ptr<Connection> connection, std::string about)
      : connection_(std::move(connection)), about_(std::move(about)) {
    address = connection_->address();
    run_id = property_of(about_, "run_id");
  }
  void send(Command command, Done done) override { connection_->send_direct(std::move(command), std::move(done)); }
  [[nodiscard]] std::string_view property(std::string_view name) const override { return property_of(about_, name); }
  [[nodiscard]] const std::shared_ptr<Connection>& connection() const { return connection_; }

 private:
  std::shared_ptr<Connection> connection_;
  std::string about_;
};

// The answer of whoever admits: comes once, also if it is thrown away.
class Verdict {
 public:
  explicit Verdict(std::move_only_function<void(Result<void>)> tell) : tell_(std::move(tell)) {}
  Verdict(Verdict&& other) noexcept : tell_(std::exchange(other.tell_, nullptr)) {}
  Verdict& operator=(Verdict&&) = delete;
  Verdict(const Verdict&) = delete;
  Verdict& operator=(const Verdict&) = delete;
  ~Verdict() { (*this)(fail(Failure::unavailable, "its admission was given up")); }
  void operator()(Result<void> result) {
    if (auto tell = std::exchange(tell_, nullptr); tell) tell(std::move(result));
  }

 private:
  std::move_only_function<void(Result<void>)> tell_;
};

}  // namespace

Link::Link(asio::io_context& io, std::shared_ptr<LinkOwner> owner, Purpose purpose)
    : io_(io),
      owner_(std::move(owner)),
      purpose_(std::move(purpose)),
      wake_(io),
      down_since_(std::chrono::steady_clock::now()) {}

void Link::start() { asio::co_spawn(io_, run(shared_from_this()), asio::detached); }

asio::awaitable<void> Link::run(std::shared_ptr<Link> self) {
  while (!self->stopped_) {
    const Result<void> up = co_await self->bring_up();
    if (self->stopped_) break;
    if (up) {
      self->failures_ = 0;
      self->told_.clear();
      self->owner_->changed(*self);
      while (self->ready_ && !self->stopped_) {
        self->wake_.expires_at(SteadyTime::max());
        co_await self->wake_.async_wait(quietly);
      }
    } else {
      self->down(up.error());
      ++self->failures_;
    }
    if (!self->stopped_) co_await self->pause();
  }
  if (self->connection_ != nullptr) self->connection_->close("stopped");
  self->owner_.reset();
}

asio::awaitable<void> Link::pause() {
  wake_.expires_after(failures_ == 0 ? std::chrono::milliseconds(1) : backoff(failures_));
  co_await wake_.async_wait(quietly);
}

void Link::down(Error why) {
  ready_ = false;
  loading_library = false;
  why_ = std::move(why);
  if (connection_ != nullptr) connection_->close(why_.detail);
  if (told_ != why_.detail) {
    told_ = why_.detail;
    owner_->trouble(why_.detail);
  }
  owner_->changed(*this);
}

asio::awaitable<Result<void>> Link::bring_up() {
  const auto address = purpose_.fixed ? Result<Address>(*purpose_.fixed) : co_await owner_->locate(shared_from_this());
  if (!address) co_return std::unexpected(address.error());
  if (stopped_) co_return fail(Failure::unavailable, "stopped");
  const auto connection = std::make_shared<Connection>(io_, owner_->connection_settings(), *address);
  connection_ = connection;
  admitted_.reset();
  admitting_more_ = false;
  if (auto opened = co_await connection->open(false); !opened) co_return opened;
  auto about = co_await ask_about_itself(connection);
  if (!about) co_return std::unexpected(about.error());
  about_ = std::move(*about);
  if (property_of(about_, "role") != "master") {
    co_return fail(Failure::unavailable, fmt::format("Redis at {} is a replica, not a primary", to_text(*address)));
  }
  if (auto admitted = co_await admit(); !admitted) co_return admitted;
  if (stopped_ || !connection->is_open()) {
    co_return fail(Failure::unavailable, fmt::format("Redis at {}: lost while it was admitted", to_text(*address)));
  }
  if (purpose_.on_primary) purpose_.on_primary(std::string(property_of(about_, "run_id")));
  connection->serve(shared_from_this());
  ready_ = true;
  for (Request& request : take_waiting()) send(std::move(request));
  co_return Result<void>();
}

asio::awaitable<void> Link::admit_more(std::shared_ptr<Link> self) {
  const auto connection = self->connection_;
  if (!self->ready_) co_return;
  const Result<void> admitted = co_await self->admit();
  if (self->connection_ != connection || !self->ready_) co_return;
  self->admitting_more_ = false;
  if (admitted) {
    for (Request& request : self->take_waiting()) self->send(std::move(request));
  } else {
    connection->close(admitted.error().detail);  // lost() does the rest
  }
}

asio::awaitable<Result<void>> Link::admit() {
  auto primary = std::make_shared<AdmittedPrimary>(connection_, about_);
  primary->slots_served = owner_->slots_at(primary->address);
  for (const Request& request : waiting_) {
    if (!request.asking) primary->slots_served.set(request.slot);  // what is asked for once is served elsewhere
  }
  primary->slots_served &= ~admitted_;
  const Admit& admit = owner_->options().admit;
  if (!admit) primary->slots_served.set();
  Result<void> verdict;
  if (admit) {
    ++admissions_;
    verdict = co_await asio::async_initiate<decltype(asio::use_awaitable), void(Result<void>)>(
        [this, &admit, &primary](auto handler) {
          // Posted: the owner may answer within the call.
          Verdict answer([this, handler = std::move(handler)](Result<void> result) mutable {
            asio::post(io_, [handler = std::move(handler), result = std::move(result)]() mutable {
              handler(std::move(result));
            });
          });
          admit(primary, std::move(answer));
        },
        asio::use_awaitable);
    --admissions_;
  }
  if (!verdict) {
    co_return fail(verdict.error().failure,
                   fmt::format("Redis at {} is not admitted: {}", to_text(primary->address), verdict.error().detail));
  }
  if (connection_ == primary->connection()) admitted_ |= primary->slots_served;
  co_return Result<void>();
}

void Link::send(Request request) {
  if (stopped_) {
    owner_->finish(std::move(request), fail(Failure::unavailable, why_.detail));
  } else if (ready_ && (request.asking || admitted_.test(request.slot))) {
    connection_->send(std::move(request));
  } else {
    waiting_.push_back(std::move(request));
    if (!ready_ || admitting_more_) return;
    admitting_more_ = true;
    asio::co_spawn(io_, admit_more(shared_from_this()), asio::detached);
  }
}

void Link::send_direct(Command command, Done done) {
  if (connection_ != nullptr && ready_) {
    connection_->send_direct(std::move(command), std::move(done));
    return;
  }
  asio::post(io_, [done = std::move(done), why = why_.detail]() mutable { done(fail(Failure::unavailable, why)); });
}

void Link::reconnect(const std::string& why) {
  if (ready_) {
    connection_->close(why);  // lost() does the rest
  } else {
    failures_ = 0;
    wake_.cancel();
  }
}

void Link::answered(Request request, Reply reply) {
  const auto owner = owner_;
  if (owner != nullptr) owner->answered(*this, std::move(request), std::move(reply));
}

void Link::overdue(Request request) {
  const auto owner = owner_;
  if (owner == nullptr) return;
  auto result = unanswered(request, true, fmt::format("Redis at {} did not answer in time", to_text(address())));
  owner->finish(std::move(request), std::move(result));
}

void Link::lost(std::deque<Request> unanswered_ones, std::deque<Request> unwritten, const std::string& why) {
  if (owner_ == nullptr) return;
  const auto self = shared_from_this();
  const auto owner = owner_;
  const std::string sentence = fmt::format("Redis at {}: {}", to_text(address()), why);
  ready_ = false;
  down_since_ = std::chrono::steady_clock::now();
  // What had been written goes again first, so that the order stays.
  std::deque<Request> again;
  std::vector<Request> unknown;
  for (Request& request : unanswered_ones) {
    if (request.command.repeatable) {
      request.maybe_executed = true;
      again.push_back(std::move(request));
    } else {
      unknown.push_back(std::move(request));
    }
  }
  std::ranges::move(unwritten, std::back_inserter(again));
  std::ranges::move(waiting_, std::back_inserter(again));
  waiting_ = std::move(again);
  if (!stopped_) down({Failure::unavailable, sentence});
  wake_.cancel();
  for (Request& request : unknown) {
    owner->finish(std::move(request), fail(Failure::outcome_unknown, sentence + "; whether it was done is not known"));
  }
}

void Link::sweep(SteadyTime now) {
  const auto self = shared_from_this();
  if (connection_ != nullptr) connection_->sweep(now);
  const auto owner = owner_;
  while (owner != nullptr && !waiting_.empty() && waiting_.front().deadline <= now) {
    Request request = std::move(waiting_.front());
    waiting_.pop_front();
    auto result = unanswered(request, false, why_.detail);
    owner->finish(std::move(request), std::move(result));
  }
}

void Link::stop(const std::string& why) {
  if (stopped_) return;
  const auto self = shared_from_this();
  const auto owner = owner_;
  stopped_ = true;
  ready_ = false;
  why_ = {Failure::unavailable, why};
  std::deque<Request> held;
  wake_.cancel();
  if (connection_ != nullptr) connection_->close(why);  // puts back into waiting_ what it can
  held = take_waiting();
  for (Request& request : held) {
    auto result = unanswered(request, false, why);
    owner->finish(std::move(request), std::move(result));
  }
}

}  // namespace flashbid::redis
