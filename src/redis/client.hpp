// The way to Redis: one server, a primary behind Sentinels, or a cluster; the caller sees keys, commands and replies.
//
// One client lives on one io_context that one thread runs: every method is called on that thread and every callback
// comes on it, never from inside the call that asked for it (stop() alone answers what waits before it returns).
// `done` is called exactly once.
//
// Commands of one key reach Redis in the order of send(): one connection a primary, pipelined, one write for all that
// has gathered. A command that is sent again (below) may be overtaken by later ones.
//
// What done says:
//   a Reply            Redis answered; may be an error reply of the command's own (NOSHARD, EPOCH, WRONGTYPE …)
//   unavailable        surely not executed: never written, or refused by Redis before executing (MOVED, ASK, TRYAGAIN,
//                      CLUSTERDOWN, LOADING, MASTERDOWN, READONLY, BUSY, "Function not found": tried again for
//                      retry_for; OOM, MISCONF, NOREPLICAS, NOAUTH, NOPERM: at once), or too much waits already
//   outcome_unknown    written, and the connection died or the deadline passed before the answer. Not for a repeatable
//                      command unless its time is up: that is sent again.
//   invalid            a URL or certificate file that cannot work (start() only)
//
// It never waits, never starts a thread (but for Asio's own resolver), and keeps what it holds bounded.
#pragma once

#include <bitset>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "redis/command.hpp"
#include "redis/keys.hpp"
#include "redis/reply.hpp"
#include "redis/url.hpp"

namespace flashbid::redis {

using Done = std::move_only_function<void(Result<Reply>)>;

// A connection to a primary, and the slots that it is to be admitted for: no command of theirs has been sent there yet.
// Kept by whoever admits it for as long as that takes; of no use once the connection is gone (send() then answers
// unavailable or outcome_unknown).
class Primary {
 public:
  virtual ~Primary() = default;
  // On this very connection, not routed, not tried again.
  virtual void send(Command command, Done done) = 0;
  // A line of what INFO says there: property("redis_version") = "7.0.15"; empty if it is not there.
  [[nodiscard]] virtual std::string_view property(std::string_view name) const = 0;
  // Whether it is to be admitted for that slot, whose keys live there as far as is known now. Always, outside a
  // cluster.
  [[nodiscard]] bool serves(unsigned slot) const { return slots_served.test(slot); }

  Address address;
  std::string run_id;  // of the server process: another one after every restart and on every replica
  std::bitset<slots> slots_served;
};

// Says whether commands may go to that primary, now or later: yes, or why not (it is asked again after a new connect).
// Asked for every new connection, and for one in use before a slot that has come to that primary since is used there.
using Admit = std::function<void(std::shared_ptr<Primary>, std::move_only_function<void(Result<void>)>)>;

struct Options {
  Url url;
  std::chrono::milliseconds connect_timeout{2'000};  // to be connected and known, admission not counted
  std::chrono::milliseconds command_timeout{5'000};
  std::chrono::milliseconds retry_for{3'000};             // how long a refused command is tried again, and start()
  std::size_t max_in_flight = 20'000;                     // commands unanswered, waiting or written
  std::size_t max_queued_bytes = std::size_t{64} << 20U;  // their bytes
  Admit admit;                                            // empty = every primary is admitted
  std::function<void(const std::string&)> on_trouble;     // one line for the log
  std::string library_text;  // FUNCTION LOADed where a primary says "Function not found"; empty = that is an error
};

enum class Kind : std::uint8_t { unknown, single, sentinel, cluster };

// A connection of one's own to the primary of a key, for commands that block (XREAD BLOCK) and would hold up others.
// It follows the key: reconnects, by the same topology and admission, when the connection is lost, the key moves, or a
// failover gives it another primary. Dropping it closes it; what it had not answered is then answered like at stop().
class Dedicated {
 public:
  virtual ~Dedicated() = default;
  // In order; a command blocks those behind it. Give blocking ones a timeout (Command::within) above their own.
  virtual void send(Command command, Done done) = 0;
};

class Client {
 public:
  Client(boost::asio::io_context& io, Options options);
  ~Client();  // stops
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Finds out what stands there and connects to every primary; tries for retry_for, then says why not. After a failure
  // it may be called again.
  void start(std::move_only_function<void(Result<void>)> ready);
  // To the primary of `key`'s slot.
  void send(std::string_view key, Command command, Done done);
  // `on_primary` is told the run id after every connect, before anything is sent there.
  [[nodiscard]] std::shared_ptr<Dedicated> dedicated(std::string_view key,
                                                     std::function<void(const std::string& run_id)> on_primary);
  // Drops the connection to the primary of `key` and connects again, with a new admission: for an owner who was told by
  // a reply (NOSHARD) that what it admitted is not so any more.
  void admit_again(std::string_view key);
  // Answers everything that waits, at once, and closes. Nothing is called back afterwards.
  void stop();

  // Whether every primary is connected and admitted; otherwise one sentence why not.
  [[nodiscard]] bool ready(std::string* why = nullptr) const;
  [[nodiscard]] Kind kind() const;
  [[nodiscard]] std::size_t in_flight() const;

 private:
  class Router;
  std::shared_ptr<Router> router_;
};

}  // namespace flashbid::redis
