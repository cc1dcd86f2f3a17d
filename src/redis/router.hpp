// The inside of a Client: which link a command takes, what is tried again and when, and how much may wait.
// On the client's thread only. It never touches a socket: connections do.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "redis/client.hpp"
#include "redis/link.hpp"
#include "redis/refusal.hpp"
#include "redis/topology.hpp"

namespace flashbid::redis {

class Client::Router final : public LinkOwner, public std::enable_shared_from_this<Client::Router> {
 public:
  using Ready = std::move_only_function<void(Result<void>)>;
  Router(boost::asio::io_context& io, Options options);

  void start(Ready ready);
  void send(std::string_view key, Command command, Done done);
  std::shared_ptr<Link> make_dedicated(std::string_view key, std::function<void(const std::string&)> on_primary);
  // To a link of make_dedicated.
  void send_on(const std::shared_ptr<Link>& link, Command command, Done done);
  void drop(const std::shared_ptr<Link>& link);
  void admit_again(std::string_view key);
  void stop();
  bool ready(std::string* why) const;
  [[nodiscard]] redis::Kind kind() const { return kind_; }
  [[nodiscard]] std::size_t in_flight() const { return in_flight_; }

  [[nodiscard]] const Options& options() const override { return options_; }
  [[nodiscard]] ConnectionSettings connection_settings() const override;
  boost::asio::awaitable<Result<Address>> locate(std::shared_ptr<Link> link) override;
  std::bitset<slots> slots_at(const Address& address) override;
  void answered(Link& link, Request request, Reply reply) override;
  void finish(Request request, Result<Reply> result) override;
  void trouble(const std::string& what) override;
  void changed(Link& link) override;

 private:
  struct Parked {
    Request request;
    std::weak_ptr<Link> dedicated;
    bool to_dedicated = false;
  };

  static boost::asio::awaitable<void> begin(std::shared_ptr<Router> self);
  static boost::asio::awaitable<void> refresh(std::shared_ptr<Router> self);
  boost::asio::awaitable<Result<void>> discover();
  boost::asio::awaitable<Result<void>> connected(SteadyTime until);
  void ready_or_not(Result<void> result);
  void want_refresh();
  void apply(const std::vector<SlotRange>& ranges);
  [[nodiscard]] std::vector<Address> known_nodes() const;
  std::shared_ptr<Link> link_at(const Address& address);
  [[nodiscard]] unsigned slot(std::string_view key) const;
  [[nodiscard]] std::vector<std::shared_ptr<Link>> every_link() const;

  // Takes it into account, or says why not (later, by `done`).
  [[nodiscard]] bool take_in(const Command& command, Done& done);
  void refuse_later(Done done, std::string why);
  Request make_request(unsigned slot, Command command, Done done);
  void route(Request request);
  void refused(Link& link, Request request, const Reply& reply, const Refusal& refusal);
  void load_library(Link& link);
  void go_again(Link& link, Request request);
  void park(Link* link, Request request);
  void wake_parked();
  void set_retry_timer();
  void set_sweep_timer();
  void sweep();

  boost::asio::io_context& io_;
  Options options_;
  TlsContext tls_;
  redis::Kind kind_ = redis::Kind::unknown;
  Ready starting_;  // told once
  boost::asio::steady_timer changed_, sweep_timer_, retry_timer_, refresh_timer_;

  std::shared_ptr<Link> only_;  // outside a cluster
  std::map<Address, std::shared_ptr<Link>> nodes_;
  std::array<std::shared_ptr<Link>, slots> by_slot_;
  std::vector<std::shared_ptr<Link>> dedicated_, retired_;
  std::multimap<SteadyTime, Parked> parked_;
  std::string library_trouble_;
  SteadyTime swept_at_;
  std::size_t in_flight_ = 0;
  std::size_t queued_bytes_ = 0;
  unsigned next_host_ = 0;
  bool refreshing_ = false;
  bool stopped_ = false;
};

}  // namespace flashbid::redis
