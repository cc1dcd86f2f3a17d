// A history as a file of JSON lines, so that a run can be judged again (`flashbid verify --history FILE`). One thread.
//
//   {"line":"history","version":1,"seed":7,"clock_ran_back":false}                       the first line
//   {"line":"bidder","name":…} / {"line":"key","name":…}                                 in order of their index
//   {"line":"auction","id":…,"terms":{… as api.md …,"reserve":…},"reserve_known":…,"before_run":…,"only_ours":…,
//    "must_be_closed":…}                                                                 then, of this auction:
//   {"line":"event",… as GET …/events writes it (a created's auction holds closes_at only) …}
//   {"line":"bid",… as GET …/bids …}
//   {"line":"read","asked_ns":…,"seen_ns":…,"auction":{… the fields of api.md that move …}}
//   {"line":"operation","auction_id","bidder","amount","key","sent_ns","answered_ns","outcome","status","echo_differs",
//    "answer":{… as api.md … ; only if decided}}
//   {"line":"watcher","auction_id","latest","to_the_end","resumed_after":null,"events":[[sequence,digest,seen_ns],…],
//    "states":[{"events_before","asked_ns","seen_ns","auction":{…}},…]}
//   {"line":"malformed","sentence":…}
// Others may write such a file, too: a watcher's event may be [{… the event as it was told …},null,seen_ns], and
// clock_ran_back and resumed_after may be left out.
#pragma once

#include <iosfwd>

#include "base/result.hpp"
#include "checker/history.hpp"

namespace flashbid::checker {

// False if the stream failed.
[[nodiscard]] bool write_history(const History& history, std::ostream& out);
// Reads what write_history wrote; an error names the line.
[[nodiscard]] Result<History> read_history(std::istream& in);

}  // namespace flashbid::checker
