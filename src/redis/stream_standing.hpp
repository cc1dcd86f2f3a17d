// What Redis tells of a shard's stream and of those who read it. Values and pure functions; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "redis/reply.hpp"

namespace flashbid {

// The id of a stream's entry: "milliseconds-number".
struct StreamId {
  std::uint64_t ms = 0;
  std::uint64_t number = 0;
  friend auto operator<=>(const StreamId&, const StreamId&) = default;

  [[nodiscard]] static std::optional<StreamId> parse(std::string_view text);
  [[nodiscard]] StreamId before() const;  // the greatest lower one; 0-0 is its own
  [[nodiscard]] StreamId after() const;   // the least higher one
};
[[nodiscard]] std::string to_text(StreamId id);

// A consumer group, as XINFO GROUPS tells of it.
struct StreamGroup {
  std::string name;
  StreamId delivered;         // the last entry that it has been given
  std::uint64_t pending = 0;  // given to somebody who has not said that it is done
  std::optional<std::uint64_t> entries_read;
  std::optional<std::uint64_t> lag;  // entries behind `delivered`
};
// Empty also for a stream that is not there (an error reply).
[[nodiscard]] std::vector<StreamGroup> groups_of(const redis::Reply& xinfo_groups);

// A stream, as XINFO STREAM tells of it; nothing in it if it is not there.
struct StreamExtent {
  std::uint64_t length = 0;
  std::uint64_t added = 0;  // entries ever
};
[[nodiscard]] StreamExtent extent_of(const redis::Reply& xinfo_stream);

}  // namespace flashbid
