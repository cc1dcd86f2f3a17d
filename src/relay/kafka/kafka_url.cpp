#include "relay/kafka/kafka_url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace flashbid {
namespace {

constexpr std::string_view scheme = "kafka://";
constexpr std::string_view default_port = "9092";
// So that its dead letters' topic has a name, too: Kafka allows 249 characters.
constexpr std::size_t longest_topic = 240;

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Failure::invalid,
              fmt::format("the Kafka URL {}; it has the form kafka://host[:port][,host[:port]...][/topic]", what));
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0;
}

bool is_topic(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  return !text.empty() && text.size() <= longest_topic && text != "." && text != ".." &&
         std::ranges::all_of(text, allowed);
}

// host, host:port, [address] or [address]:port; with a port.
Result<std::string> parse_server(std::string_view text) {
  std::size_t end = text.find(':');
  if (text.starts_with('[')) {
    end = text.find(']');
    if (end == std::string_view::npos) return wrong("opens an IPv6 address with [ and does not close it");
    ++end;
  } else if (end != text.rfind(':')) {
    return wrong("has an IPv6 address without the brackets around it");
  }
  const std::string_view host = text.substr(0, end);
  if (host.empty() || host == "[]" || host.find_first_of(" \t\r\n?#\"'<>\\") != std::string_view::npos) {
    return wrong("has an empty or malformed host name");
  }
  const std::string_view rest = end < text.size() ? text.substr(end) : std::string_view();
  if (rest.empty()) return fmt::format("{}:{}", host, default_port);
  if (!rest.starts_with(':') || !is_port(rest.substr(1))) return wrong("has a port that is not a number of 1 … 65535");
  return std::string(text);
}

}  // namespace

Result<KafkaUrl> parse_kafka_url(std::string_view text) {
  if (!text.starts_with(scheme)) return wrong("does not begin with kafka://");
  text.remove_prefix(scheme.size());
  if (text.find('@') != std::string_view::npos) {
    return wrong("names a user: say it with the settings sasl.username and sasl.password");
  }
  KafkaUrl url;
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    if (const auto topic = text.substr(slash + 1); !topic.empty()) url.topic = topic;
    text = text.substr(0, slash);
  }
  if (!is_topic(url.topic)) return wrong("has a topic that is not 1 … 240 of A-Z a-z 0-9 . _ -");
  for (;;) {
    const auto comma = text.find(',');
    const auto server = parse_server(text.substr(0, comma));
    if (!server) return std::unexpected(server.error());
    if (!url.servers.empty()) url.servers += ',';
    url.servers += *server;
    if (comma == std::string_view::npos) return url;
    text.remove_prefix(comma + 1);
  }
}

Result<void> check_kafka_settings(const KafkaSettings& settings) {
  struct Ours {
    std::string_view name, why;
  };
  constexpr std::string_view durable = "an event counts as stored once all replicas in step have it, and once only";
  constexpr std::string_view stored = "where to go on is stored with the data behind";
  constexpr std::string_view missing = "events that are missing must be told of, not skipped";
  constexpr std::string_view url = "the URL says it";
  constexpr std::array all{Ours{"acks", durable},
                           Ours{"request.required.acks", durable},
                           Ours{"enable.idempotence", durable},
                           Ours{"transactional.id", durable},
                           Ours{"enable.auto.commit", stored},
                           Ours{"auto.commit.enable", stored},
                           Ours{"auto.offset.reset", missing},
                           Ours{"allow.auto.create.topics", "a topic is made with a partition for each shard"},
                           Ours{"bootstrap.servers", url},
                           Ours{"metadata.broker.list", url}};
  for (const auto& [name, value] : settings) {
    const auto ours = std::ranges::find(all, std::string_view(name), &Ours::name);
    if (ours == all.end()) continue;
    return fail(Failure::invalid, fmt::format("the Kafka setting {} cannot be chosen: {}", name, ours->why));
  }
  return {};
}

}  // namespace flashbid
