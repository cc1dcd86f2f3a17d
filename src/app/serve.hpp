// `flashbid serve`: wires the whole server together, runs it until a signal or a failed sync, and takes it apart again.
// Called by the main thread, once.
#pragma once

#include "app/options.hpp"

namespace flashbid {

// 0 after SIGTERM or SIGINT; 1 if the ledger failed; 2 if it cannot start as it was told to.
[[nodiscard]] int serve(const ServeOptions& options);

}  // namespace flashbid
