#include "app/relay_to.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <utility>

#include "relay/amqp/amqp_sink.hpp"
#include "relay/kafka/kafka_sink.hpp"
#include "relay/webhook/signature.hpp"
#include "relay/webhook/webhook_sink.hpp"

namespace flashbid {
namespace {

using Opened = Result<std::unique_ptr<Sink>>;
using Open = std::function<Opened(const RelayFrom&)>;

Result<Open> to_archive(const RelayFlags& flags, std::string& shown) {
  auto url = ArchiveUrl::parse(flags.to);
  if (!url) return std::unexpected(std::move(url.error()));
  shown = url->shown;
  return [url = std::move(*url)](const RelayFrom& from) -> Opened {
    return std::make_unique<ArchiveSink>(url, from.kind, from.shards);
  };
}

Result<Open> to_rabbitmq(const RelayFlags& flags, std::string& shown) {
  auto url = AmqpUrl::parse(flags.to);
  if (!url) return std::unexpected(std::move(url.error()));
  if (auto checked = amqp::check_authorities(*url); !checked) {
    return std::unexpected(std::move(checked.error()));
  }
  shown = url->shown;
  return [url = std::move(*url), queue = flags.queue, secrets = flags.secrets](const RelayFrom& from) -> Opened {
    return std::make_unique<AmqpSink>(
        url, AmqpSinkOptions{.queue = queue, .ledger = from.kind, .shards = from.shards, .secrets = secrets});
  };
}

Result<Open> to_kafka(const RelayFlags& flags, std::string& shown) {
  auto url = parse_kafka_url(flags.to);
  if (!url) return std::unexpected(std::move(url.error()));
  auto settings = kafka_settings(flags);
  if (!settings) return std::unexpected(std::move(settings.error()));
  shown = fmt::format("{}/{}", url->servers, url->topic);
  return [url = std::move(*url), settings = std::move(*settings),
          secrets = flags.secrets](const RelayFrom& from) -> Opened {
    return KafkaSink::open(url, settings, {.ledger = from.kind, .shards = from.shards, .secrets = secrets});
  };
}

Result<std::vector<std::string>> read_secrets(const std::string& path) {
  if (path.empty()) return fail(Failure::invalid, "a webhook is signed: give --webhook-secret-file FILE");
  std::ifstream in(path);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) return fail(Failure::invalid, fmt::format("--webhook-secret-file {} cannot be read", path));
  return webhook::secrets_of_file(text);
}

Result<Open> to_webhook(const RelayFlags& flags, std::string& shown) {
  if (flags.secrets) return fail(Failure::invalid, "--secrets are never sent to a webhook");
  auto secrets = read_secrets(flags.webhook_secret_file);
  if (!secrets) return std::unexpected(std::move(secrets.error()));
  shown = flags.to;
  WebhookOptions options;
  options.url = flags.to;
  options.secrets = std::move(*secrets);
  options.dead_letters = flags.dead_letters;
  options.tries = static_cast<unsigned>(flags.webhook_tries);
  options.user_agent = "flashbid/" FLASHBID_VERSION;
  options.allow_private = flags.webhook_allow_private;
  return [options = std::move(options)](const RelayFrom& from) -> Opened {
    WebhookOptions own = options;
    own.ledger = from.kind;
    own.shards = from.shards;
    return WebhookSink::open(std::move(own));
  };
}

struct Place {
  std::string_view scheme, hop;
  Result<Open> (*open)(const RelayFlags&, std::string& shown);
};
constexpr Place places[] = {{"postgres", "archive", to_archive},
                            {"amqp", "rabbitmq", to_rabbitmq},
                            {"kafka", "kafka", to_kafka},
                            {"http", "webhook", to_webhook}};

}  // namespace

Result<KafkaSettings> kafka_settings(const RelayFlags& flags) {
  KafkaSettings settings;
  for (const std::string& each : flags.kafka_settings) {
    const auto equals = each.find('=');
    if (equals == 0 || equals == std::string::npos) {
      return fail(Failure::invalid, fmt::format("--kafka-set {}: give NAME=VALUE", each));
    }
    settings.emplace_back(each.substr(0, equals), each.substr(equals + 1));
  }
  return settings;
}

Result<RelayTo> RelayTo::parse(const RelayFlags& flags) {
  for (const Place& place : places) {
    if (!flags.to.starts_with(place.scheme)) continue;
    RelayTo to;
    to.hop_ = place.hop;
    auto open = place.open(flags, to.shown_);
    if (!open) return std::unexpected(std::move(open.error()));
    to.open_ = std::move(*open);
    return to;
  }
  return fail(
      Failure::invalid,
      "give postgres://USER@HOST:PORT/DATABASE, amqp://HOST:PORT, kafka://HOST:PORT/TOPIC or https://HOST/PATH");
}

}  // namespace flashbid
