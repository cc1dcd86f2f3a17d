#include "relay/envelope.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <charconv>
#include <iterator>
#include <utility>

#include "base/time.hpp"
#include "ledger/json_text.hpp"
#include "ledger/record_of_event.hpp"

namespace flashbid {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view type_begin = "flashbid.";
constexpr std::string_view type_end = ".v1";
constexpr std::string_view source_begin = "/flashbid/";

std::string id_of(const EventPlace& place) {
  return fmt::format("{}-{}-{}", place.auction.value(), place.epoch.value(), place.sequence.value());
}

std::string source_of(const Origin& origin) {
  return fmt::format("{}{}/{}/{}", source_begin, origin.ledger, origin.shards, origin.shard);
}

std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Origin> origin_of(std::string_view source) {
  if (!source.starts_with(source_begin)) return std::nullopt;
  source.remove_prefix(source_begin.size());
  const auto second = source.rfind('/');
  if (second == std::string_view::npos || second == 0) return std::nullopt;
  const auto first = source.rfind('/', second - 1);
  if (first == std::string_view::npos || first == 0) return std::nullopt;
  const auto shards = number_of(source.substr(first + 1, second - first - 1));
  const auto shard = number_of(source.substr(second + 1));
  if (!shards || !shard || *shard >= *shards) return std::nullopt;
  return Origin{std::string(source.substr(0, first)), *shards, *shard};
}

bool is_at_end(ondemand::document& document) {
  const char* rest = nullptr;
  return document.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
}

std::unexpected<Error> refuse(std::string why) { return fail(Failure::invalid, std::move(why)); }

// One envelope; `secret` is its event's hidden part.
Result<Record> open_one(ondemand::object& object, std::string secret, std::optional<Origin>& origin) {
  std::string_view version, id, source, type, data;
  for (auto member : object) {
    std::string_view name;
    if (member.unescaped_key().get(name) != simdjson::SUCCESS) return refuse("it is not JSON");
    auto value = member.value();
    auto wrong = simdjson::SUCCESS;
    if (name == "specversion") wrong = value.get_string().get(version);
    if (name == "id") wrong = value.get_string().get(id);
    if (name == "source") wrong = value.get_string().get(source);
    if (name == "type") wrong = value.get_string().get(type);
    if (name == "data") {
      ondemand::object inner;
      wrong = value.get_object().get(inner);
      if (wrong == simdjson::SUCCESS) wrong = inner.raw_json().get(data);
    }
    if (wrong != simdjson::SUCCESS) return refuse(fmt::format("its \"{}\" is not what it should be", name));
  }
  if (version != "1.0") return refuse("it is no CloudEvents 1.0 object");
  auto from = origin_of(source);
  if (!from) return refuse("its \"source\" is no ledger of FlashBid's");
  if (origin && *origin != *from) return refuse("its events are of several shards");
  origin = std::move(from);
  const auto place = place_of_event(data);
  if (!place) return refuse("its \"data\" is no event: " + place.error().detail);
  if (type != fmt::format("{}{}{}", type_begin, place->event, type_end)) {
    return refuse(fmt::format("its \"type\" is \"{}\", which this version does not know of its event", type));
  }
  if (id != id_of(*place)) return refuse("its \"id\" does not name its event");
  return record_of_event(std::string(data), std::move(secret));
}

Result<std::vector<std::string>> read_secrets(std::string_view text) {
  static thread_local ondemand::parser parser;
  const simdjson::padded_string padded(text);
  ondemand::document document;
  ondemand::array array;
  const auto wrong = [] { return refuse(fmt::format("its {} are not an array of strings", secrets_header)); };
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return wrong();
  if (document.get_array().get(array) != simdjson::SUCCESS) return wrong();
  std::vector<std::string> secrets;
  for (auto element : array) {
    std::string_view secret;
    if (element.get_string().get(secret) != simdjson::SUCCESS) return wrong();
    secrets.emplace_back(secret);
  }
  if (!is_at_end(document)) return wrong();
  return secrets;
}

class Opener {
 public:
  explicit Opener(std::optional<std::vector<std::string>> secrets) : secrets_(std::move(secrets)) {}

  Result<void> add(ondemand::object& object) {
    std::string secret;
    if (secrets_) {
      if (opened_.records.size() >= secrets_->size()) return few();
      secret = std::move((*secrets_)[opened_.records.size()]);
    }
    auto record = open_one(object, std::move(secret), origin_);
    if (!record) return std::unexpected(std::move(record.error()));
    opened_.records.push_back(std::move(*record));
    return {};
  }

  Result<Envelopes> take() {
    if (opened_.records.empty()) return refuse("it has no event");
    if (secrets_ && secrets_->size() != opened_.records.size()) return few();
    opened_.origin = std::move(*origin_);
    return std::move(opened_);
  }

 private:
  static std::unexpected<Error> few() {
    return refuse(fmt::format("its {} are not as many as its events", secrets_header));
  }

  std::optional<std::vector<std::string>> secrets_;
  std::optional<Origin> origin_;
  Envelopes opened_;
};

}  // namespace

void encode_envelope(const Origin& origin, const Record& record, std::string& out) {
  const auto place = place_of_event(*record.payload).value();  // the ledger wrote it
  fmt::format_to(std::back_inserter(out), R"({{"specversion":"1.0","id":"{}","source":)", id_of(place));
  json::append_text(source_of(origin), out);
  fmt::format_to(std::back_inserter(out), R"(,"type":"{}{}{}","subject":"{}","time":)", type_begin, place.event,
                 type_end, place.auction.value());
  json::append_time(place.at, out);
  out.append(R"(,"data":)").append(*record.payload).push_back('}');
}

std::string event_id(const Record& record) { return id_of(place_of_event(*record.payload).value()); }

std::string encode_envelopes(const Origin& origin, std::span<const Record> records) {
  std::string out = "[";
  for (const Record& record : records) {
    if (out.size() > 1) out.push_back(',');
    encode_envelope(origin, record, out);
  }
  out.push_back(']');
  return out;
}

std::string encode_secrets(std::span<const Record> records) {
  std::string out = "[";
  for (const Record& record : records) {
    if (out.size() > 1) out.push_back(',');
    json::append_text(record.secret, out);
  }
  out.push_back(']');
  return out;
}

Result<Envelopes> open_envelopes(std::string_view body, std::optional<std::string_view> secrets) {
  std::optional<std::vector<std::string>> hidden;
  if (secrets) {
    auto read = read_secrets(*secrets);
    if (!read) return std::unexpected(std::move(read.error()));
    hidden = std::move(*read);
  }
  static thread_local ondemand::parser parser;
  const simdjson::padded_string padded(body);
  ondemand::document document;
  ondemand::json_type shape{};
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS || document.type().get(shape) != simdjson::SUCCESS) {
    return refuse("it is not JSON");
  }
  Opener opener(std::move(hidden));
  if (shape == ondemand::json_type::array) {
    ondemand::array array;
    if (document.get_array().get(array) != simdjson::SUCCESS) return refuse("it is not JSON");
    for (auto element : array) {
      ondemand::object object;
      if (element.get_object().get(object) != simdjson::SUCCESS) return refuse("it is no array of objects");
      if (auto added = opener.add(object); !added) return std::unexpected(std::move(added.error()));
    }
  } else {
    ondemand::object object;
    if (document.get_object().get(object) != simdjson::SUCCESS) return refuse("it is no object");
    if (auto added = opener.add(object); !added) return std::unexpected(std::move(added.error()));
  }
  if (!is_at_end(document)) return refuse("something follows its JSON");
  return opener.take();
}

Result<Envelopes> open_archivable(std::string_view body, std::optional<std::string_view> secrets) {
  if (secrets) return open_envelopes(body, secrets);
  return refuse(
      fmt::format("it lacks {}, without which an archive is not whole: publish with --secrets", secrets_header));
}

}  // namespace flashbid
