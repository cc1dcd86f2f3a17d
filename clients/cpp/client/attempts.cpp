#include "client/attempts.hpp"

namespace flashbid::client {
namespace {

bool leaves_open(std::string_view code) { return code == "outcome_unknown" || code == "internal"; }

}  // namespace

bool is_passing(std::string_view code) { return leaves_open(code) || code == "rate_limited" || code == "unavailable"; }

// A passing refusal of this attempt says nothing of an earlier one whose answer was lost; nor does one of who asks,
// which is looked at before the key is.
bool Attempts::is_settled_by(std::string_view code) {
  may_stand_ = may_stand_ || (has_effect_ && leaves_open(code));
  return !may_stand_ || !(is_passing(code) || code == "unauthenticated" || code == "forbidden");
}

Problem Attempts::given_up(std::string_view problem) const {
  if (may_stand_) {
    return {.code = "outcome_unknown",
            .detail = "no answer came in time; ask again with the same key to learn the outcome (" +
                      std::string(problem) + ")"};
  }
  return {.code = "unavailable", .detail = std::string(problem)};
}

}  // namespace flashbid::client
