#include "redis/stream_standing.hpp"

#include <fmt/format.h>

#include <limits>
#include <span>

#include "base/whole_number.hpp"

namespace flashbid {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

// What stands behind `name` in a reply of names and values in turn; nil if it is not there.
const redis::Reply& member(std::span<const redis::Reply> pairs, std::string_view name) {
  static const redis::Reply nothing;
  for (std::size_t k = 0; k + 1 < pairs.size(); k += 2) {
    if (pairs[k].text() == name) return pairs[k + 1];
  }
  return nothing;
}

std::optional<std::uint64_t> count_of(const redis::Reply& reply) {
  if (reply.kind() != redis::Reply::Kind::integer || reply.integer() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(reply.integer());
}

}  // namespace

std::optional<StreamId> StreamId::parse(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto ms = whole_number(text.substr(0, dash));
  const auto number = whole_number(text.substr(dash + 1));
  if (!ms || !number) return std::nullopt;
  return StreamId{*ms, *number};
}

StreamId StreamId::before() const {
  if (number > 0) return {ms, number - 1};
  return ms > 0 ? StreamId{ms - 1, most} : StreamId{};
}

StreamId StreamId::after() const { return number < most ? StreamId{ms, number + 1} : StreamId{ms + 1, 0}; }

std::string to_text(StreamId id) { return fmt::format("{}-{}", id.ms, id.number); }

std::vector<StreamGroup> groups_of(const redis::Reply& xinfo_groups) {
  std::vector<StreamGroup> groups;
  for (const redis::Reply& told : xinfo_groups.elements()) {
    const auto pairs = told.elements();
    groups.push_back({.name = std::string(member(pairs, "name").text()),
                      .delivered = StreamId::parse(member(pairs, "last-delivered-id").text()).value_or(StreamId{}),
                      .pending = count_of(member(pairs, "pending")).value_or(0),
                      .entries_read = count_of(member(pairs, "entries-read")),
                      .lag = count_of(member(pairs, "lag"))});
  }
  return groups;
}

StreamExtent extent_of(const redis::Reply& xinfo_stream) {
  const auto pairs = xinfo_stream.elements();
  return {count_of(member(pairs, "length")).value_or(0), count_of(member(pairs, "entries-added")).value_or(0)};
}

}  // namespace flashbid
