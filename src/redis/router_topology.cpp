// What stands there: the part of the router that finds primaries and follows them.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "redis/backoff.hpp"
#include "redis/router.hpp"

namespace flashbid::redis {

namespace asio = boost::asio;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);
constexpr std::chrono::milliseconds refresh_pause{50};
constexpr std::chrono::milliseconds look_again{100};

}  // namespace

void Client::Router::start(Ready ready) {
  starting_ = std::move(ready);
  set_sweep_timer();
  asio::co_spawn(io_, begin(shared_from_this()), asio::detached);
}

void Client::Router::ready_or_not(Result<void> result) {
  if (auto tell = std::exchange(starting_, nullptr); tell) tell(std::move(result));
}

asio::awaitable<void> Client::Router::begin(std::shared_ptr<Router> self) {
  const auto until = std::chrono::steady_clock::now() + self->options_.retry_for;
  auto tls = make_tls_context(self->options_.url);
  if (!tls) {
    self->ready_or_not(std::unexpected(tls.error()));
    co_return;
  }
  self->tls_ = *tls;
  Result<void> found;
  for (unsigned attempt = 0; !self->stopped_; ++attempt) {
    found = co_await self->discover();
    if (found || found.error().failure == Failure::invalid || std::chrono::steady_clock::now() >= until) break;
    self->refresh_timer_.expires_after(backoff(attempt));
    co_await self->refresh_timer_.async_wait(quietly);
  }
  if (found && !self->stopped_) found = co_await self->connected(until);
  if (self->stopped_) co_return;
  if (!found) {
    // Another start() begins anew.
    for (const auto& link : self->every_link()) link->stop("the start failed");
    self->only_ = nullptr;
    self->nodes_.clear();
    self->by_slot_.fill(nullptr);
    self->kind_ = redis::Kind::unknown;
    self->sweep_timer_.cancel();
  }
  self->ready_or_not(std::move(found));
}

asio::awaitable<Result<void>> Client::Router::discover() {
  auto kind = redis::Kind::sentinel;
  std::vector<SlotRange> ranges;
  if (options_.url.sentinel_name.empty()) {
    Result<std::string> about = fail(Failure::invalid, "the Redis URL names no host");
    Address host;
    for (const Address& each : options_.url.hosts) {
      host = each;
      const auto connection = std::make_shared<Connection>(io_, connection_settings(), each);
      const auto opened = co_await connection->open(false);
      about = opened ? co_await ask_about_itself(connection) : Result<std::string>(std::unexpected(opened.error()));
      connection->close("asked");
      if (about || stopped_) break;
    }
    if (!about) co_return std::unexpected(about.error());
    kind = property_of(*about, "cluster_enabled") == "1" ? redis::Kind::cluster : redis::Kind::single;
    if (kind == redis::Kind::cluster) {
      auto answer = co_await ask_for_slots(io_, connection_settings(), {host});
      if (!answer) co_return std::unexpected(answer.error());
      ranges = std::move(*answer);
    }
  }
  if (stopped_) co_return fail(Failure::unavailable, "stopped");
  kind_ = kind;
  if (kind == redis::Kind::cluster) {
    apply(ranges);
  } else {
    only_ = std::make_shared<Link>(io_, shared_from_this(), Link::Purpose{});
    only_->start();
  }
  co_return Result<void>();
}

asio::awaitable<Result<void>> Client::Router::connected(SteadyTime until) {
  // Whoever admits may take as long as that takes: an empty Redis may be rebuilt meanwhile.
  until = std::max(until, std::chrono::steady_clock::now() + options_.connect_timeout);
  while (!stopped_) {
    std::string why;
    if (ready(&why)) co_return Result<void>();
    bool being_admitted = false;
    for (const auto& link : every_link()) {
      if (!link->ready() && link->why().failure == Failure::invalid) co_return std::unexpected(link->why());
      being_admitted = being_admitted || link->being_admitted();
    }
    const auto now = std::chrono::steady_clock::now();
    if (now >= until && !being_admitted) co_return fail(Failure::unavailable, why);
    changed_.expires_at(being_admitted ? std::max(until, now + look_again) : until);
    co_await changed_.async_wait(quietly);
  }
  co_return fail(Failure::unavailable, "stopped");
}

asio::awaitable<Result<Address>> Client::Router::locate(std::shared_ptr<Link> link) {
  if (kind_ == redis::Kind::sentinel) co_return co_await ask_sentinels(io_, connection_settings());
  if (kind_ == redis::Kind::cluster) {
    const auto& node = by_slot_[link->purpose().slot];
    if (node != nullptr && node->purpose().fixed) co_return *node->purpose().fixed;
    want_refresh();
    co_return fail(Failure::unavailable, fmt::format("no node of the cluster serves slot {}", link->purpose().slot));
  }
  // Several hosts outside a cluster: whichever is the primary.
  const auto& hosts = options_.url.hosts;
  if (link->down_for(std::chrono::milliseconds(0)) && hosts.size() > 1) ++next_host_;
  co_return hosts[next_host_ % hosts.size()];
}

std::bitset<slots> Client::Router::slots_at(const Address& address) {
  std::bitset<slots> served;
  if (kind_ != redis::Kind::cluster) return served.set();
  for (unsigned slot = 0; slot < slots; ++slot) {
    const auto& node = by_slot_[slot];
    if (node != nullptr && node->purpose().fixed == address) served.set(slot);
  }
  return served;
}

void Client::Router::changed(Link& link) {
  changed_.cancel();
  if (!link.ready() && kind_ == redis::Kind::cluster) want_refresh();
}

std::shared_ptr<Link> Client::Router::link_at(const Address& address) {
  auto& link = nodes_[address];
  if (link == nullptr) {
    link = std::make_shared<Link>(io_, shared_from_this(), Link::Purpose{.fixed = address});
    link->start();
  }
  return link;
}

std::vector<Address> Client::Router::known_nodes() const {
  std::vector<Address> known;
  for (const bool connected : {true, false}) {
    for (const auto& [address, link] : nodes_) {
      if (link->ready() == connected) known.push_back(address);
    }
  }
  for (const Address& host : options_.url.hosts) {
    if (std::ranges::find(known, host) == known.end()) known.push_back(host);
  }
  return known;
}

void Client::Router::want_refresh() {
  if (refreshing_ || stopped_ || kind_ != redis::Kind::cluster) return;
  refreshing_ = true;
  asio::co_spawn(io_, refresh(shared_from_this()), asio::detached);
}

asio::awaitable<void> Client::Router::refresh(std::shared_ptr<Router> self) {
  // A moment first: what asked for it comes in numbers, and the cluster may be in the middle of it.
  self->refresh_timer_.expires_after(refresh_pause / 2 + backoff(1));
  co_await self->refresh_timer_.async_wait(quietly);
  if (!self->stopped_) {
    const auto ranges = co_await ask_for_slots(self->io_, self->connection_settings(), self->known_nodes());
    if (ranges && !self->stopped_) self->apply(*ranges);
    if (!ranges && !self->stopped_) self->trouble(ranges.error().detail);
  }
  self->refreshing_ = false;
}

void Client::Router::apply(const std::vector<SlotRange>& ranges) {
  by_slot_.fill(nullptr);
  std::map<Address, std::bitset<slots>> serving;
  for (const SlotRange& range : ranges) {
    const auto link = link_at(range.primary);
    auto& served = serving[range.primary];
    for (unsigned slot = range.first; slot <= range.last; ++slot) {
      by_slot_[slot] = link;
      served.set(slot);
    }
  }
  std::vector<Request> homeless;
  std::erase_if(nodes_, [&](const auto& entry) {
    const auto& [address, link] = entry;
    const auto served = serving.find(address);
    const bool serves = served != serving.end();
    link->admitted_only(serves ? served->second : std::bitset<slots>());
    // What waits for a node that is gone goes where its slot is now.
    if (!link->ready()) std::ranges::move(link->take_waiting(), std::back_inserter(homeless));
    if (!serves) retired_.push_back(link);
    return !serves;
  });
  for (Request& request : homeless) route(std::move(request));
}

}  // namespace flashbid::redis
