#include "redis/stream_entry.hpp"

namespace flashbid::redis {

EntryFields entry_fields(const Reply& entry) {
  EntryFields fields;
  const auto parts = entry.elements();
  if (parts.size() != 2) return fields;
  fields.id = parts[0].text();
  const auto pairs = parts[1].elements();
  for (std::size_t k = 0; k + 1 < pairs.size(); k += 2) {
    const std::string_view name = pairs[k].text();
    const std::string_view value = pairs[k + 1].text();
    if (name == "a") fields.auction = value;
    if (name == "e") fields.epoch = value;
    if (name == "s") fields.sequence = value;
    if (name == "p") fields.payload = value;
    if (name == "x") fields.secret = value;
  }
  return fields;
}

}  // namespace flashbid::redis
