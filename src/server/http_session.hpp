// One HTTP/1.1 connection: parses all requests that have arrived, hands each to the routes, and sends their answers in
// the order of the requests, all that are ready in one write at the end of the round. An answer may come later and out
// of order; it waits in a ring. Lives on its loop's thread. Reads no more while too much is unanswered or unsent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/connection.hpp"
#include "server/targets.hpp"
#include "wire/http_reader.hpp"
#include "wire/http_response.hpp"
#include "wire/request_id.hpp"

namespace flashbid {

class HttpSession final : public Connection {
 public:
  // `redirects`: it sends every request on to TLS.
  HttpSession(LoopServer& server, Channel channel, bool redirects = false);

  void start() { begin(); }
  void flush() override;
  void wind_up() override;

  // For Reply: the answer to request `number`.
  void answer(std::uint32_t number, int status, std::string_view content_type, std::string_view body,
              std::string_view extra_headers);
  void refuse(std::uint32_t number, const WireError& error, std::string_view extra_headers);

  // Nothing is served after request `number`: the connection ends with its answer.
  void end_after(std::uint32_t number);
  // Headers that the answer to request `number` has whatever it will be.
  void add_headers(std::uint32_t number, std::string_view headers);
  // Those of the connection and those; good until the next call for this request.
  [[nodiscard]] std::string_view standing_headers(std::uint32_t number);
  // What it calls itself; one that does not is given a name.
  [[nodiscard]] const RequestId& request_id(std::uint32_t number);

  // For the routes, while they are given a request that has the connection for itself: what came behind that request,
  // and the channel; nothing was answered to it here.
  [[nodiscard]] std::string_view rest() const { return reader_.rest(); }
  [[nodiscard]] Channel hand_over() { return release(); }
  // Header lines that every answer on this connection has.

 private:
  struct Slot {
    std::string text;      // of an answer that waits for earlier ones
    std::string headers;   // of this answer, whatever it is: whole lines
    RequestId request_id;  // none = nobody has asked for it yet
    bool answered = false;
    bool last = false;  // the connection ends after it
    bool head = false;  // to a HEAD: no body
  };
  enum class Waiting : std::uint8_t { request, header, body };

  std::span<char> room() override;
  void on_bytes(std::size_t bytes) override;
  void on_end(bool broken) override;
  void on_closed() override;
  void check_time(std::int64_t now_ms) override;

  void serve();
  // False if it must wait for earlier ones: nothing was done.
  [[nodiscard]] bool dispatch(const HttpRequest& request);
  void give_up(const WireError& error);
  [[nodiscard]] std::uint32_t owe(bool last, bool head);
  [[nodiscard]] bool is_quiet() const { return first_ == next_ && output_.empty(); }
  [[nodiscard]] bool has_room() const;
  [[nodiscard]] Slot& slot(std::uint32_t number) { return slots_[number % slots_.size()]; }
  [[nodiscard]] ResponseOptions options_of(std::uint32_t number, std::string_view extra_headers);
  [[nodiscard]] std::string& begin_answer(std::uint32_t number);
  void end_answer(std::uint32_t number, int status);
  // False if the socket takes no more for now, or is broken.
  [[nodiscard]] bool send_output();
  void cannot_send();

  const bool redirects_;
  HttpReader reader_;
  std::string output_;                                // answers in order
  std::size_t sent_ = 0;                              // of output_
  std::size_t held_ = 0;                              // bytes in slots
  std::uint32_t first_ = 0;                           // the oldest request without an answer in output_
  std::uint32_t next_ = 0;                            // the next request's number
  std::vector<Slot> slots_;                           // a ring of [first_, next_)
  routes::Company company_ = routes::Company::reads;  // of the unanswered ones
  std::optional<HttpRequest> parked_;                 // waits until it has the connection for itself
  bool paused_ = false;                               // no room: goes on after a flush
  bool no_more_ = false;                              // no further request is served
  bool continue_owed_ = false;

  // As the last sweep saw it.
  Waiting waiting_ = Waiting::request;
  std::uint32_t seen_next_ = 0;
  std::size_t seen_sent_ = 0;
  std::int64_t waiting_since_ms_ = -1;
  std::int64_t stalled_since_ms_ = -1;
};

}  // namespace flashbid
