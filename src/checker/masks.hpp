// Where a server shows bidders by masks (A***e), puts back the names that the run itself knows: a bid is whose
// operation it answers or may have decided, and everything else that the server shows follows from the bids. What does
// not fit stays a mask, which is nobody's name, and so the checker reports it. Pure; used by the checker only.
#pragma once

#include "checker/history.hpp"

namespace flashbid::checker {

// Whether any bidder is named by a mask: no id has a `*`.
[[nodiscard]] bool has_masks(const History& history);

// The same history with names. Bids that nobody here made keep their masks.
[[nodiscard]] History without_masks(History history);

}  // namespace flashbid::checker
