#include "access/token_checker.hpp"

#include <openssl/crypto.h>

#include <iterator>
#include <utility>

namespace flashbid::access {

bool TokenChecker::Same::operator()(std::string_view a, std::string_view b) const {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

TokenChecker::TokenChecker(KeyRing& ring, Rules rules, CacheBounds bounds)
    : ring_(ring), rules_(std::move(rules)), bounds_(bounds) {}

std::expected<Identity, TokenFault> TokenChecker::check(std::string_view token, Timestamp now) {
  follow_keys();
  if (token.size() > most_token_bytes) return std::unexpected(TokenFault::too_large);
  if (const auto found = by_token_.find(token); found != by_token_.end()) {
    const Order::iterator entry = found->second;
    if (now < entry->identity.expires + rules_.leeway) {
      order_.splice(order_.begin(), order_, entry);
      ++hits_;
      return entry->identity;
    }
    forget(entry);
    return std::unexpected(TokenFault::expired);
  }
  auto identity = verify(token, *keys_, rules_, now);
  if (identity) remember(token, *identity);
  if (!identity && identity.error() == TokenFault::no_key) ring_.miss_key();
  return identity;
}

void TokenChecker::follow_keys() {
  if (keys_ && ring_.generation() == generation_) return;
  auto current = ring_.current();
  keys_ = std::move(current.keys);
  generation_ = current.generation;
  by_token_.clear();
  order_.clear();
  bytes_ = 0;
}

void TokenChecker::remember(std::string_view token, const Identity& identity) {
  if (bounds_.tokens == 0 || token.size() > bounds_.bytes) return;
  while (by_token_.size() >= bounds_.tokens || bytes_ + token.size() > bounds_.bytes) forget(std::prev(order_.end()));
  order_.push_front({std::string(token), identity});
  by_token_.emplace(order_.front().token, order_.begin());
  bytes_ += token.size();
}

void TokenChecker::forget(Order::iterator entry) {
  bytes_ -= entry->token.size();
  by_token_.erase(entry->token);
  order_.erase(entry);
}

}  // namespace flashbid::access
