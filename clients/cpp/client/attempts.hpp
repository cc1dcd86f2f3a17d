// The attempts of one request: whether it is asked again, and what may be said of it when nobody asks any more. What
// may stand is never called refused. Pure.
#pragma once

#include <string>
#include <string_view>

#include "flashbid/types.hpp"

namespace flashbid::client {

class Attempts {
 public:
  // `has_effect`: what was sent may have been done, answered or not. It then carries a key, and may be asked again.
  explicit Attempts(bool has_effect) : has_effect_(has_effect) {}

  // It left, and no answer to it will come.
  void lost() { may_stand_ = may_stand_ || has_effect_; }
  // The answer was no result. Whether that is final; if not, it is to be asked again after a while.
  [[nodiscard]] bool is_settled_by(std::string_view code);
  [[nodiscard]] bool may_stand() const { return may_stand_; }
  // There was time for no more. `problem` says what the last attempt met.
  [[nodiscard]] Problem given_up(std::string_view problem) const;

 private:
  bool has_effect_;
  bool may_stand_ = false;  // an attempt left, and what became of it is not known
};

// Refusals that time alone may change.
[[nodiscard]] bool is_passing(std::string_view code);

}  // namespace flashbid::client
