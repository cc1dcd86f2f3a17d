#include "redis/client.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "redis/router.hpp"

namespace flashbid::redis {

std::shared_ptr<Link> Client::Router::make_dedicated(std::string_view key,
                                                     std::function<void(const std::string&)> on_primary) {
  const auto link = std::make_shared<Link>(
      io_, shared_from_this(),
      Link::Purpose{
          .dedicated = true, .slot = static_cast<std::uint16_t>(slot(key)), .on_primary = std::move(on_primary)});
  dedicated_.push_back(link);
  link->start();
  return link;
}

void Client::Router::send_on(const std::shared_ptr<Link>& link, Command command, Done done) {
  if (!take_in(command, done)) return;
  link->send(make_request(link->purpose().slot, std::move(command), std::move(done)));
}

void Client::Router::drop(const std::shared_ptr<Link>& link) {
  std::erase(dedicated_, link);
  link->stop("its connection was dropped");
}

void Client::Router::admit_again(std::string_view key) {
  const auto link = kind_ == redis::Kind::cluster ? by_slot_[slot(key)] : only_;
  if (link == nullptr) return;
  boost::asio::post(io_, [link] { link->reconnect("it is to be admitted again"); });
}

bool Client::Router::ready(std::string* why) const {
  const auto no = [why](std::string_view what) {
    if (why != nullptr) *why = what;
    return false;
  };
  if (stopped_) return no("the Redis client has been stopped");
  if (kind_ == redis::Kind::unknown) return no("the Redis client has not been started");
  if (only_ != nullptr && !only_->ready()) return no(only_->why().detail);
  for (const auto& [address, link] : nodes_) {
    if (!link->ready()) return no(link->why().detail);
  }
  if (kind_ == redis::Kind::cluster && std::ranges::find(by_slot_, nullptr) != by_slot_.end()) {
    return no("some slots of the Redis cluster are served by no node");
  }
  return true;
}

void Client::Router::stop() {
  if (stopped_) return;
  const auto self = shared_from_this();
  stopped_ = true;
  for (auto* timer : {&changed_, &sweep_timer_, &retry_timer_, &refresh_timer_}) timer->cancel();
  const std::string why = "the Redis client has been stopped";
  for (auto& [due, parked] : std::exchange(parked_, {})) {
    auto result = unanswered(parked.request, false, why);
    finish(std::move(parked.request), std::move(result));
  }
  for (const auto& link : every_link()) link->stop(why);
  only_ = nullptr;
  nodes_.clear();
  by_slot_.fill(nullptr);
  dedicated_.clear();
  retired_.clear();
  ready_or_not(fail(Failure::unavailable, why));
}

namespace {

template <class Router>
class DedicatedLink final : public Dedicated {
 public:
  DedicatedLink(std::shared_ptr<Router> router, std::shared_ptr<Link> link)
      : router_(std::move(router)), link_(std::move(link)) {}
  ~DedicatedLink() override { router_->drop(link_); }
  DedicatedLink(const DedicatedLink&) = delete;
  DedicatedLink& operator=(const DedicatedLink&) = delete;
  void send(Command command, Done done) override { router_->send_on(link_, std::move(command), std::move(done)); }

 private:
  std::shared_ptr<Router> router_;
  std::shared_ptr<Link> link_;
};

}  // namespace

Client::Client(boost::asio::io_context& io, Options options)
    : router_(std::make_shared<Router>(io, std::move(options))) {}
Client::~Client() { router_->stop(); }
void Client::start(std::move_only_function<void(Result<void>)> ready) { router_->start(std::move(ready)); }
void Client::send(std::string_view key, Command command, Done done) {
  router_->send(key, std::move(command), std::move(done));
}
std::shared_ptr<Dedicated> Client::dedicated(std::string_view key,
                                             std::function<void(const std::string& run_id)> on_primary) {
  return std::make_shared<DedicatedLink<Router>>(router_, router_->make_dedicated(key, std::move(on_primary)));
}
void Client::admit_again(std::string_view key) { router_->admit_again(key); }
void Client::stop() { router_->stop(); }
bool Client::ready(std::string* why) const { return router_->ready(why); }
Kind Client::kind() const { return router_->kind(); }
std::size_t Client::in_flight() const { return router_->in_flight(); }

}  // namespace flashbid::redis
