// How many connections each address has now. Asked by whoever accepts, told by whoever closes: any thread. An IPv6
// client is its /64. Never holds more addresses than there are connections.
#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "access/ip_address.hpp"

namespace flashbid {

class ConnectionsByAddress {
 public:
  // `most` of one address; 0 = no limit, and then nothing is counted.
  explicit ConnectionsByAddress(std::size_t most) : most_(most) {}

  // Counts one more, unless the address has as many as it may. Each that was counted is removed once.
  [[nodiscard]] bool try_add(const IpAddress& address);
  void remove(const IpAddress& address);

  // How many addresses are connected.
  [[nodiscard]] std::size_t addresses() const;

 private:
  struct Hash {
    std::uint64_t seed;
    std::size_t operator()(const IpAddress& address) const noexcept;
  };

  const std::size_t most_;
  mutable std::mutex mutex_;
  std::unordered_map<IpAddress, std::size_t, Hash> counts_{0, Hash{random_hash_seed()}};  // guarded by mutex_

  [[nodiscard]] static std::uint64_t random_hash_seed();
};

// One connection's count: given back when it goes. Movable; any thread, one at a time.
class AddressPlace {
 public:
  AddressPlace() = default;
  // None if the address has as many as it may.
  [[nodiscard]] static std::optional<AddressPlace> take(ConnectionsByAddress& all, const IpAddress& address) {
    if (!all.try_add(address)) return std::nullopt;
    AddressPlace place;
    place.all_ = &all;
    place.address_ = address;
    return place;
  }
  AddressPlace(AddressPlace&& other) noexcept : all_(std::exchange(other.all_, nullptr)), address_(other.address_) {}
  AddressPlace& operator=(AddressPlace&& other) noexcept {
    std::swap(all_, other.all_);
    std::swap(address_, other.address_);
    return *this;
  }
  AddressPlace(const AddressPlace&) = delete;
  AddressPlace& operator=(const AddressPlace&) = delete;
  ~AddressPlace() {
    if (all_ != nullptr) all_->remove(address_);
  }

 private:
  ConnectionsByAddress* all_ = nullptr;  // null = counted nowhere
  IpAddress address_;
};

}  // namespace flashbid
