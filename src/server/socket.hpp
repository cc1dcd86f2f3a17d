// A descriptor that is a socket.
#pragma once

#include "base/descriptor.hpp"

namespace flashbid {

using Socket = Descriptor;

}  // namespace flashbid
