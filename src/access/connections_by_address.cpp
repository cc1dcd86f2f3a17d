#include "access/connections_by_address.hpp"

#include "access/limited_keys.hpp"
#include "base/assert.hpp"

namespace flashbid {

std::uint64_t ConnectionsByAddress::random_hash_seed() { return random_seed(); }

std::size_t ConnectionsByAddress::Hash::operator()(const IpAddress& address) const noexcept {
  const auto& bytes = address.bytes();
  return keyed_hash({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, seed);
}

bool ConnectionsByAddress::try_add(const IpAddress& address) {
  if (most_ == 0) return true;
  const std::scoped_lock lock(mutex_);
  std::size_t& count = counts_[address.limited_as()];
  if (count >= most_) return false;
  ++count;
  return true;
}

void ConnectionsByAddress::remove(const IpAddress& address) {
  if (most_ == 0) return;
  const std::scoped_lock lock(mutex_);
  const auto at = counts_.find(address.limited_as());
  require(at != counts_.end(), "a connection that is removed was counted");
  if (--at->second == 0) counts_.erase(at);
}

std::size_t ConnectionsByAddress::addresses() const {
  const std::scoped_lock lock(mutex_);
  return counts_.size();
}

}  // namespace flashbid
