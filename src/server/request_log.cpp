#include "server/request_log.hpp"

#include <spdlog/spdlog.h>

namespace flashbid {
namespace {

thread_local std::string_view logged_request;

}  // namespace

LogOfRequest::LogOfRequest(const RequestId& request) { logged_request = request.view(); }
LogOfRequest::~LogOfRequest() { logged_request = {}; }
std::string_view LogOfRequest::current() { return logged_request; }

void log_refusal(const WireError& error, const RequestId& request) {
  const auto level = error.code == ErrorCode::internal ? spdlog::level::err : spdlog::level::debug;
  if (!spdlog::should_log(level)) return;
  const LogOfRequest log(request);
  const ErrorEntry& entry = entry_of(error.code);
  // What a caller did wrong is said with words of his, which are not for a log.
  if (error.code == ErrorCode::internal)
    return spdlog::log(level, "failed with {} {}: {}", entry.http_status, entry.name, error.detail);
  spdlog::log(level, "refused with {} {}", entry.http_status, entry.name);
}

}  // namespace flashbid
