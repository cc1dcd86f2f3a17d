#include "redis/topology.hpp"

#include <fmt/format.h>

#include <charconv>

namespace flashbid::redis {

namespace asio = boost::asio;

std::string_view property_of(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ':') {
      return line.substr(name.size() + 1);
    }
  }
  return {};
}

Result<std::vector<SlotRange>> parse_slots(const Reply& reply, const Address& from) {
  const auto unreadable = [&from] {
    return fail(Failure::unavailable,
                fmt::format("Redis at {}: CLUSTER SLOTS answered what it should not", to_text(from)));
  };
  if (!reply.is_array()) return unreadable();
  std::vector<SlotRange> ranges;
  for (const Reply& range : reply.elements()) {
    const auto parts = range.elements();
    if (parts.size() < 3 || parts[2].elements().size() < 2) return unreadable();
    const auto node = parts[2].elements();
    const std::int64_t first = parts[0].integer();
    const std::int64_t last = parts[1].integer();
    const std::int64_t port = node[1].integer();
    if (first < 0 || last < first || last >= slots || port <= 0 || port > 65'535) return unreadable();
    std::string host(node[0].text());
    if (host.empty() || host == "?") host = from.host;
    ranges.push_back({.first = static_cast<unsigned>(first),
                      .last = static_cast<unsigned>(last),
                      .primary = {.host = std::move(host), .port = static_cast<std::uint16_t>(port)}});
  }
  if (ranges.empty()) {
    return fail(Failure::unavailable, fmt::format("the cluster node at {} knows no slots yet", to_text(from)));
  }
  return ranges;
}

asio::awaitable<Result<std::string>> ask_about_itself(std::shared_ptr<Connection> connection) {
  const auto answer = co_await connection->ask(Command::of({"INFO"}));
  if (!answer) co_return std::unexpected(answer.error());
  const auto refuse = [&connection](std::string_view what) {
    return fail(Failure::unavailable, fmt::format("Redis at {} {}", to_text(connection->address()), what));
  };
  if (answer->is_error()) co_return refuse(fmt::format("refuses INFO: {}", answer->text()));
  if (property_of(answer->text(), "run_id").empty()) co_return refuse("does not say in INFO who it is");
  if (property_of(answer->text(), "loading") == "1") co_return refuse("is still loading its data");
  co_return std::string(answer->text());
}

asio::awaitable<Result<std::vector<SlotRange>>> ask_for_slots(asio::io_context& io, ConnectionSettings settings,
                                                              std::vector<Address> nodes) {
  Error last{Failure::unavailable, "no node of the cluster is known"};
  for (const Address& node : nodes) {
    const auto connection = std::make_shared<Connection>(io, settings, node);
    if (auto opened = co_await connection->open(false); !opened) {
      last = opened.error();
      continue;
    }
    auto answer = co_await connection->ask(Command::of({"CLUSTER", "SLOTS"}));
    connection->close("asked");
    if (!answer) {
      last = answer.error();
      continue;
    }
    auto ranges = parse_slots(*answer, node);
    if (ranges) co_return ranges;
    last = ranges.error();
  }
  co_return std::unexpected(last);
}

asio::awaitable<Result<Address>> ask_sentinels(asio::io_context& io, ConnectionSettings settings) {
  const std::string& name = settings.url->sentinel_name;
  Error last{Failure::unavailable, fmt::format("no Sentinel knows a primary named {}", name)};
  for (const Address& sentinel : settings.url->hosts) {
    const auto connection = std::make_shared<Connection>(io, settings, sentinel);
    if (auto opened = co_await connection->open(true); !opened) {
      last = opened.error();
      continue;
    }
    auto answer = co_await connection->ask(Command::of({"SENTINEL", "get-master-addr-by-name", name}));
    connection->close("asked");
    if (!answer) {
      last = answer.error();
      continue;
    }
    const auto parts = answer->elements();
    std::uint16_t port = 0;
    if (parts.size() == 2) {
      const std::string_view digits = parts[1].text();
      std::from_chars(digits.data(), digits.data() + digits.size(), port);
    }
    if (port != 0 && !parts[0].text().empty()) co_return Address{.host = std::string(parts[0].text()), .port = port};
    last.detail = fmt::format("the Sentinel at {} knows no primary named {}", to_text(sentinel), name);
  }
  co_return std::unexpected(last);
}

}  // namespace flashbid::redis
