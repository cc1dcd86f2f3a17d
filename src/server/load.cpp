#include "server/load.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <string_view>

#include "ledger/json_text.hpp"

namespace flashbid {
namespace {

constexpr std::array<std::string_view, 5> state_names{"idle", "running", "checking", "finished", "failed"};

std::string number_or_null(std::optional<double> number) { return number ? fmt::format("{:.3f}", *number) : "null"; }

template <class Number>
std::string whole_or_null(std::optional<Number> number) {
  return number ? fmt::format("{}", *number) : "null";
}

void append_text_or_null(std::string_view text, std::string& out) {
  if (text.empty()) {
    out += "null";
  } else {
    json::append_text(text, out);
  }
}

void encode_series(const std::vector<LoadPoint>& series, std::string& out) {
  out += '[';
  for (const LoadPoint& point : series) {
    fmt::format_to(std::back_inserter(out), R"({}{{"at_ms":{},"accepted":{},"rejected":{},"p50_ms":{},"p99_ms":{}}})",
                   out.back() == '[' ? "" : ",", point.at_ms, point.accepted, point.rejected,
                   number_or_null(point.p50_ms), number_or_null(point.p99_ms));
  }
  out += ']';
}

}  // namespace

void encode_load_run(const LoadRun& run, Timestamp now, std::string& out) {
  const auto into = std::back_inserter(out);
  fmt::format_to(into, R"({{"state":"{}",)", state_names[static_cast<std::size_t>(run.state)]);
  if (run.state != LoadState::idle) {
    fmt::format_to(into, R"("auction_id":{},"bots":{},"rate":{},"duration_ms":{},"started_at":"{}",)",
                   run.auction.value(), run.order.bots, whole_or_null(run.order.rate), run.order.duration.ms,
                   to_text(run.started_at));
    fmt::format_to(into, R"("accepted":{},"rejected":{},"refused":{},"unknown":{},"bids_per_second":{:.1f},)",
                   run.accepted, run.rejected, run.refused, run.unknown, run.bids_per_second);
    fmt::format_to(into, R"("latency_ms":{{"p50":{},"p99":{},"max":{}}},"series":)", number_or_null(run.p50_ms),
                   number_or_null(run.p99_ms), number_or_null(run.max_ms));
    encode_series(run.series, out);
    fmt::format_to(into, R"(,"violations":{},"verdict":)", whole_or_null(run.violations));
    append_text_or_null(run.verdict, out);
    out += R"(,"detail":)";
    append_text_or_null(run.detail, out);
    out += ',';
  }
  fmt::format_to(into, R"("server_time":"{}"}})", to_text(now));
}

}  // namespace flashbid
