#include "app/log.hpp"

#include <spdlog/formatter.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <simdjson.h>
#include <CLI/Validators.hpp>
#include <algorithm>
#include <chrono>
#include <memory>
#include <string_view>

#include "app/terminal.hpp"
#include "ledger/json_text.hpp"
#include "server/request_log.hpp"

namespace flashbid {
namespace {

// A library's message may be in any encoding: then its letters beyond ASCII are lost rather than the line.
std::string utf8(std::string_view text) {
  std::string kept(text);
  if (!simdjson::validate_utf8(kept)) {
    std::ranges::replace_if(kept, [](char each) { return static_cast<unsigned char>(each) >= 0x80; }, '?');
  }
  return kept;
}

class JsonLines final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const auto since_1970 = std::chrono::duration_cast<std::chrono::milliseconds>(message.time.time_since_epoch());
    const auto level = spdlog::level::to_string_view(message.level);
    std::string line = "{\"at\":";
    json::append_time(Timestamp{since_1970.count()}, line);
    line += ",\"level\":";
    json::append_text({level.data(), level.size()}, line);
    line += ",\"text\":";
    json::append_text(utf8({message.payload.data(), message.payload.size()}), line);
    if (const std::string_view request = LogOfRequest::current(); !request.empty()) {
      line += ",\"request_id\":";
      json::append_text(request, line);
    }
    line += "}\n";
    out.append(line.data(), line.data() + line.size());
  }
  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonLines>(); }
};

class RequestAtTheEnd final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    const std::string_view request = LogOfRequest::current();
    if (request.empty()) return;
    constexpr std::string_view opening = " [request ";
    out.append(opening.data(), opening.data() + opening.size());
    out.append(request.data(), request.data() + request.size());
    out.push_back(']');
  }
  [[nodiscard]] std::unique_ptr<spdlog::custom_flag_formatter> clone() const override {
    return std::make_unique<RequestAtTheEnd>();
  }
};

std::unique_ptr<spdlog::formatter> text_lines() {
  auto lines = std::make_unique<spdlog::pattern_formatter>();
  lines->add_flag<RequestAtTheEnd>('*').set_pattern("%+%*");
  return lines;
}

}  // namespace

void add_log_flags(CLI::App& command, LogFlags& flags) {
  command.add_option("--log-level", flags.level, "how much to say on stderr")
      ->check(CLI::IsMember({"trace", "debug", "info", "warning", "error", "critical", "off"}))
      ->capture_default_str();
  command
      .add_option("--log-format", flags.format,
                  "text for people; json: an object a line, {\"at\",\"level\",\"text\",…}")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

void start_log(const LogFlags& flags) {
  if (flags.format == "json") {
    spdlog::set_default_logger(spdlog::stderr_logger_mt("flashbid"));
    spdlog::set_formatter(std::make_unique<JsonLines>());
  } else {
    spdlog::set_default_logger(spdlog::stderr_color_mt(
        "flashbid", stderr_takes_colours() ? spdlog::color_mode::automatic : spdlog::color_mode::never));
    spdlog::set_formatter(text_lines());
  }
  spdlog::set_level(spdlog::level::from_str(flags.level));
}

}  // namespace flashbid
