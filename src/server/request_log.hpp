// Log lines about a request carry its name: which one a thread is about to log of, and what is said of every refusal.
#pragma once

#include <string_view>

#include "wire/errors.hpp"
#include "wire/request_id.hpp"

namespace flashbid {

// While it lives, what this thread logs is about this request.
class LogOfRequest {
 public:
  explicit LogOfRequest(const RequestId& request);
  LogOfRequest(const LogOfRequest&) = delete;
  LogOfRequest& operator=(const LogOfRequest&) = delete;
  ~LogOfRequest();

  // For who writes the line, on the thread that logs; empty = it is about no request.
  [[nodiscard]] static std::string_view current();
};

// A fault of this server is an error; all else is said to who asks for `debug`, as clients may cause any number of it.
void log_refusal(const WireError& error, const RequestId& request);

}  // namespace flashbid
