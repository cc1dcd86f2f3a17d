// Verifies the tokens that one loop sees, and remembers those that were right, so that the next request with the same
// token costs one look-up. Belongs to its loop's thread. It remembers no token past its end, none that was verified
// with keys which have since changed, and no more than its bounds: who sends wrong tokens fills nothing.
#pragma once

#include <cstdint>
#include <expected>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "access/jwt.hpp"
#include "access/key_ring.hpp"

namespace flashbid::access {

struct CacheBounds {
  std::size_t tokens = 16'384;
  std::size_t bytes = 8 * 1024 * 1024;  // of the tokens' own text
};

class TokenChecker {
 public:
  // `ring` outlives it.
  TokenChecker(KeyRing& ring, Rules rules, CacheBounds bounds = {});

  // As verify() with the ring's current keys.
  [[nodiscard]] std::expected<Identity, TokenFault> check(std::string_view token, Timestamp now);

  // How many tokens are remembered now, and their bytes.
  [[nodiscard]] std::size_t tokens() const { return by_token_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // check() calls answered from memory, since the start.
  [[nodiscard]] std::uint64_t hits() const { return hits_; }

 private:
  struct Remembered {
    std::string token;
    Identity identity;
  };
  using Order = std::list<Remembered>;  // the one used last is in front
  // Whole tokens are compared, in constant time: how far two of them agree shows nowhere.
  struct Same {
    bool operator()(std::string_view a, std::string_view b) const;
  };

  void follow_keys();
  void remember(std::string_view token, const Identity& identity);
  void forget(Order::iterator entry);

  KeyRing& ring_;
  Rules rules_;
  CacheBounds bounds_;
  SharedKeys keys_;
  std::uint64_t generation_ = 0;
  Order order_;
  std::unordered_map<std::string_view, Order::iterator, std::hash<std::string_view>, Same> by_token_;
  std::size_t bytes_ = 0;
  std::uint64_t hits_ = 0;
};

}  // namespace flashbid::access
