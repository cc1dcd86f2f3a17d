// One connection to one server: connects, says who we are, writes what has gathered in one write, and hands each answer
// to the request that it belongs to (first in, first out). It does not reconnect, route or try again: a Link does.
// On the client's thread only.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "redis/reply.hpp"
#include "redis/request.hpp"
#include "redis/tls.hpp"

namespace flashbid::redis {

// Who hears what becomes of requests that are not direct.
class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void answered(Request request, Reply reply) = 0;
  // Its time is up; the connection may be well.
  virtual void overdue(Request request) = 0;
  // Once, at the end: what was written and not answered, then what was never written, each in order.
  virtual void lost(std::deque<Request> unanswered, std::deque<Request> unwritten, const std::string& why) = 0;
};

struct ConnectionSettings {
  const Url* url = nullptr;
  TlsContext tls;
  std::chrono::milliseconds connect_timeout{0};
  std::chrono::milliseconds command_timeout{0};
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::io_context& io, ConnectionSettings settings, Address address);
  ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Connects and logs in. `of_sentinel`: no database there, and a login only if it is asked for.
  boost::asio::awaitable<Result<void>> open(bool of_sentinel);
  // One thing at a time, before it serves: the answer, whatever it is, or, within connect_timeout, the failure to get
  // one.
  boost::asio::awaitable<Result<Reply>> ask(Command command);
  void send_direct(Command command, Done done);
  // From now on requests that are not direct may come.
  void serve(std::shared_ptr<ConnectionOwner> owner) { owner_ = std::move(owner); }
  void send(Request request);
  // Looks after deadlines and a server that has fallen silent; called several times a second.
  void sweep(SteadyTime now);
  void close(const std::string& why);

  [[nodiscard]] bool is_open() const { return open_; }
  [[nodiscard]] bool idle() const { return sent_.empty() && waiting_.empty(); }
  [[nodiscard]] const Address& address() const { return address_; }

 private:
  boost::asio::awaitable<Result<void>> connect();
  boost::asio::awaitable<Result<void>> log_in(bool of_sentinel);
  boost::asio::awaitable<Result<void>> authenticate();
  [[nodiscard]] std::unexpected<Error> cannot(const std::string& why, Failure failure = Failure::unavailable) const;
  void flush();
  void written(const boost::system::error_code& error, std::size_t bytes);
  void read();
  void received(std::size_t bytes);
  void take(Reply reply);
  void expire(SteadyTime now);

  boost::asio::io_context& io_;
  ConnectionSettings settings_;
  Address address_;
  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<TlsStream> tls_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::steady_timer opening_, asking_;
  std::shared_ptr<ConnectionOwner> owner_;

  std::deque<Request> waiting_, sent_;
  std::string out_;  // the write under way
  ReplyReader reader_;
  std::vector<char> in_;
  SteadyTime heard_at_;
  SteadyTime next_deadline_ = SteadyTime::max();  // no request of sent_ is due earlier
  std::string closed_because_;
  bool open_ = false;
  bool closed_ = false;
  bool writing_ = false;
  bool flush_posted_ = false;
};

}  // namespace flashbid::redis
