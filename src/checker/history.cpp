#include "checker/history.hpp"

#include <array>

namespace flashbid::checker {
namespace {

constexpr std::array<std::string_view, 4> outcome_texts{"accepted", "rejected", "refused", "unknown"};
constexpr std::array<std::string_view, 6> event_texts{"created",  "opened", "bid_accepted",
                                                      "extended", "closed", "cancelled"};

// FNV-1a over whole words, then mixed: quick, and good enough to tell one event from another.
class Digest {
 public:
  void add(std::uint64_t word) { state_ = (state_ ^ word) * 0x9e37'79b9'7f4a'7c15U ^ (state_ >> 29); }
  void add(std::optional<Amount> amount) {
    add(amount ? static_cast<std::uint64_t>(amount->value()) : ~std::uint64_t{0});
  }
  [[nodiscard]] std::uint64_t value() const { return state_ ^ (state_ >> 32); }

 private:
  std::uint64_t state_ = 0xcbf2'9ce4'8422'2325U;
};

}  // namespace

std::uint32_t Names::index_of(std::string_view text) {
  if (const auto there = find(text)) return *there;
  const auto index = static_cast<std::uint32_t>(texts_.size());
  indices_.emplace(texts_.emplace_back(text), index);
  return index;
}

std::string_view Names::operator[](std::uint32_t index) const {
  return index < texts_.size() ? std::string_view(texts_[index]) : std::string_view("nobody");
}

std::optional<std::uint32_t> Names::find(std::string_view text) const {
  const auto found = indices_.find(text);
  return found == indices_.end() ? std::nullopt : std::optional(found->second);
}

std::string_view to_text(Outcome outcome) { return outcome_texts[static_cast<std::size_t>(outcome)]; }

std::string_view to_text(EventKind kind) { return event_texts[static_cast<std::size_t>(kind)]; }

std::optional<EventKind> parse_event_kind(std::string_view text) {
  for (std::size_t i = 0; i < event_texts.size(); ++i) {
    if (event_texts[i] == text) return static_cast<EventKind>(i);
  }
  return std::nullopt;
}

std::uint64_t digest_of(const HistoryEvent& event) {
  Digest digest;
  digest.add(event.sequence.value());
  digest.add(event.epoch.value());
  digest.add(static_cast<std::uint64_t>(event.at.ms));
  digest.add(static_cast<std::uint64_t>(event.kind) << 1 | static_cast<std::uint64_t>(event.sold));
  digest.add(event.extensions);
  digest.add(std::uint64_t{event.bidder} << 32 | event.leader);
  digest.add(event.amount);
  digest.add(event.price);
  digest.add(event.minimum_next);
  digest.add(static_cast<std::uint64_t>(event.closes_at.ms));
  return digest.value();
}

}  // namespace flashbid::checker
