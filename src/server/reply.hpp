// The answer owed to one request, given exactly once, at once or later, on the session's loop. Small enough to travel
// in a callback without an allocation. Answers to a client that has gone are dropped.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "base/result.hpp"
#include "server/http_session.hpp"
#include "wire/errors.hpp"
#include "wire/http_response.hpp"

namespace flashbid {

class Reply {
 public:
  Reply(std::shared_ptr<HttpSession> session, std::uint32_t number) : session_(std::move(session)), number_(number) {}

  void send(int status, std::string_view content_type, std::string_view body, std::string_view extra_headers = {}) {
    session_->answer(number_, status, content_type, body, extra_headers);
  }
  void json(std::string_view body) { send(200, json_type, body); }
  void refuse(const WireError& error, std::string_view extra_headers = {}) {
    session_->refuse(number_, error, extra_headers);
  }
  // The connection ends with this answer, whatever it will be.
  void end_connection() { session_->end_after(number_); }
  // Headers that the answer has whatever it will be: whole lines.
  void add_headers(std::string_view headers) { session_->add_headers(number_, headers); }
  [[nodiscard]] std::string_view standing_headers() const { return session_->standing_headers(number_); }
  [[nodiscard]] const RequestId& request_id() const { return session_->request_id(number_); }
  // `conflict` is what a conflict means for this request.
  void fail(const Error& error, ErrorCode conflict = ErrorCode::internal) { refuse(to_wire(error, conflict)); }

  [[nodiscard]] LoopServer& server() const { return session_->server(); }

 private:
  std::shared_ptr<HttpSession> session_;
  std::uint32_t number_;
};

}  // namespace flashbid
