#include "engine/embedded/remembered.hpp"

#include <boost/container_hash/hash.hpp>

namespace flashbid {

std::uint64_t CallerKey::hash() const {
  const std::string_view caller_text = caller.view();
  const std::string_view key_text = key.view();
  std::size_t seed = static_cast<std::size_t>(operation);
  boost::hash_combine(seed, std::hash<std::string_view>{}(caller_text));
  boost::hash_combine(seed, std::hash<std::string_view>{}(key_text));
  return seed;
}

Remembered* RememberedAnswers::find(const CallerKey& key) {
  const auto found = answers_.find(key);
  return found == answers_.end() ? nullptr : &found->second;
}

bool RememberedAnswers::perhaps_in_history(const CallerKey& key) const {
  return history_knows_more_ || in_history_.contains(key.hash());
}

void RememberedAnswers::remember(const CallerKey& key, Remembered remembered) {
  if (remembered.answer.sequence != Sequence{0}) by_sequence_.emplace_back(remembered.answer.sequence, key);
  answers_.insert_or_assign(key, std::move(remembered));
}

void RememberedAnswers::forget(const CallerKey& key) {
  answers_.erase(key);
  // What failed is the newest: its place in the order is at the end.
  std::erase_if(by_sequence_, [&key](const auto& entry) { return entry.second == key; });
}

void RememberedAnswers::hand_over(const CallerKey& key) {
  answers_.erase(key);
  in_history_.insert(key.hash());
}

void RememberedAnswers::hand_over_up_to(Sequence moved) {
  while (!by_sequence_.empty() && by_sequence_.front().first <= moved) {
    hand_over(by_sequence_.front().second);
    by_sequence_.pop_front();
  }
}

}  // namespace flashbid
