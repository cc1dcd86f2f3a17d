// A lasting way to one primary: connects, has it admitted, sends what waits, and does so again after each loss, with
// growing pauses. Which primary, and what a refusal means, its owner says. On the client's thread only.
//
// A primary is admitted for slots: those that it serves when it is connected, and each other one that commands are sent
// to later, before the first of them leaves. Such a slot had another primary before, and came here by a failover, which
// may have lost something, or by resharding, which does not: from here the two look alike, also by the epoch that is
// stored with the data, so that both are admitted.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "redis/connection.hpp"

namespace flashbid::redis {

class Link;

class LinkOwner {
 public:
  virtual ~LinkOwner() = default;
  [[nodiscard]] virtual const Options& options() const = 0;
  [[nodiscard]] virtual ConnectionSettings connection_settings() const = 0;
  // Where the link leads now.
  virtual boost::asio::awaitable<Result<Address>> locate(std::shared_ptr<Link> link) = 0;
  virtual std::bitset<slots> slots_at(const Address& address) = 0;
  virtual void answered(Link& link, Request request, Reply reply) = 0;
  virtual void finish(Request request, Result<Reply> result) = 0;
  virtual void trouble(const std::string& what) = 0;
  // It was admitted, or is without a connection: `ready` and `why` have changed.
  virtual void changed(Link& link) = 0;
};

class Link final : public ConnectionOwner, public std::enable_shared_from_this<Link> {
 public:
  struct Purpose {
    std::optional<Address> fixed;  // a cluster's node; otherwise the owner locates it
    bool dedicated = false;
    std::uint16_t slot = 0;                                   // of a dedicated one's key
    std::function<void(const std::string&)> on_primary = {};  // of a dedicated one
  };
  Link(boost::asio::io_context& io, std::shared_ptr<LinkOwner> owner, Purpose purpose);

  void start();
  // Answers what it holds and ends.
  void stop(const std::string& why);
  void send(Request request);
  // On the connection as it is, or unavailable.
  void send_direct(Command command, Done done);
  // Closes the connection, if there is one, and connects anew at once.
  void reconnect(const std::string& why);
  [[nodiscard]] std::deque<Request> take_waiting() { return std::exchange(waiting_, {}); }
  void sweep(SteadyTime now);

  [[nodiscard]] bool ready() const { return ready_; }
  [[nodiscard]] bool idle() const { return waiting_.empty() && (connection_ == nullptr || connection_->idle()); }
  [[nodiscard]] bool down_for(std::chrono::milliseconds time) const {
    return !ready_ && std::chrono::steady_clock::now() - down_since_ > time;
  }
  [[nodiscard]] bool being_admitted() const { return admissions_ > 0; }
  // It may have lost these slots since it was admitted: they are admitted again before they are used again.
  void not_admitted(unsigned slot) { admitted_.reset(slot); }
  void admitted_only(const std::bitset<slots>& served) { admitted_ &= served; }
  // Why it is not ready, in one sentence.
  [[nodiscard]] const Error& why() const { return why_; }
  [[nodiscard]] const Purpose& purpose() const { return purpose_; }
  [[nodiscard]] Address address() const { return connection_ == nullptr ? Address{} : connection_->address(); }
  // A library is on its way to this primary: the commands behind it find it there.
  bool loading_library = false;

  void answered(Request request, Reply reply) override;
  void overdue(Request request) override;
  void lost(std::deque<Request> unanswered, std::deque<Request> unwritten, const std::string& why) override;

 private:
  static boost::asio::awaitable<void> run(std::shared_ptr<Link> self);
  boost::asio::awaitable<Result<void>> bring_up();
  // For all slots that it serves or is asked for, and was not yet admitted for.
  boost::asio::awaitable<Result<void>> admit();
  static boost::asio::awaitable<void> admit_more(std::shared_ptr<Link> self);
  boost::asio::awaitable<void> pause();
  void down(Error why);

  boost::asio::io_context& io_;
  std::shared_ptr<LinkOwner> owner_;
  Purpose purpose_;
  boost::asio::steady_timer wake_;
  std::shared_ptr<Connection> connection_;
  std::string about_;  // what the primary said of itself
  std::bitset<slots> admitted_;
  std::deque<Request> waiting_;
  Error why_{Failure::unavailable, "not connected yet"};
  std::string told_;  // the trouble that the log has heard of
  SteadyTime down_since_;
  unsigned failures_ = 0;    // in a row
  unsigned admissions_ = 0;  // under way
  bool ready_ = false;
  bool admitting_more_ = false;  // on this connection
  bool stopped_ = false;
};

}  // namespace flashbid::redis
