// Who is connected at the other end of a socket, counted among those of its address for as long as this lives. A value
// that goes with the socket; any thread, one at a time.
#pragma once

#include "access/connections_by_address.hpp"
#include "access/ip_address.hpp"

namespace flashbid {

struct Peer {
  IpAddress address;  // the client's, or of a proxy before it
  AddressPlace place;
};

// `::` of one that has gone already.
[[nodiscard]] IpAddress peer_address(int descriptor);

}  // namespace flashbid
