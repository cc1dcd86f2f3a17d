// The name under which a process holds leases: of this machine, this process, this start.
#pragma once

#include <string>

namespace flashbid {

[[nodiscard]] std::string worker_name();

}  // namespace flashbid
