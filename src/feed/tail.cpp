#include "feed/tail.hpp"

#include <algorithm>

#include "base/assert.hpp"

namespace flashbid {

std::span<const Tail::Entry> Tail::after(Sequence after) const {
  require(covers(after), "the tail holds what is asked of it");
  const std::span<const Entry> held = std::span(entries_).subspan(skipped_);
  const std::uint64_t offset = after.value() + 1 - first_.value();
  return offset >= held.size() ? held.subspan(held.size()) : held.subspan(offset);
}

void Tail::trim(Sequence moved, std::size_t keep) {
  if (moved < first_) return;
  const std::size_t in_history = std::min<std::size_t>(moved.value() + 1 - first_.value(), size());
  const std::size_t spare = size() > keep ? size() - keep : 0;
  const std::size_t dropped = std::min(in_history, spare);
  for (std::size_t i = 0; i < dropped; ++i) entries_[skipped_ + i].json.reset();
  skipped_ += dropped;
  first_ = Sequence{first_.value() + dropped};
  if (skipped_ * 2 < entries_.size()) return;
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(skipped_));
  skipped_ = 0;
  if (entries_.empty()) entries_ = {};
}

}  // namespace flashbid
