// Reads back exactly the JSON that this folder's encoders write: members in the order written, no white space, numbers
// in their shortest form. Anything else is corruption and is said with its place. Not for what clients send (wire/).
//
// The first failure sticks: later reads return defaults, so that a reader asks once, at its end.
// A cursor belongs to one call; the text must outlive it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "base/time.hpp"

namespace flashbid::json {

class Cursor {
 public:
  // Fails at once if `text` is not UTF-8.
  explicit Cursor(std::string_view text);

  // Passes `literal`, which must come next.
  void expect(std::string_view literal);
  // Passes `literal` if it comes next.
  [[nodiscard]] bool accept(std::string_view literal);
  // Nothing may be left.
  void end();
  // What was read is not what could have been written, though the JSON is in order.
  void refuse(std::string_view why);

  [[nodiscard]] std::uint64_t number(std::uint64_t max = static_cast<std::uint64_t>(max_safe_integer));
  [[nodiscard]] Amount amount();
  [[nodiscard]] std::optional<Amount> amount_or_null();
  [[nodiscard]] bool boolean();
  [[nodiscard]] std::string text();
  [[nodiscard]] BidderId bidder();
  [[nodiscard]] BidderId bidder_or_null();
  [[nodiscard]] Timestamp time();
  // A text without escapes, as a name or a code is: valid as long as the input.
  [[nodiscard]] std::string_view name();

  [[nodiscard]] bool ok() const { return why_.empty(); }
  // The first failure, as a sentence about `what` ("an event"). Only if not ok().
  [[nodiscard]] std::unexpected<Error> error(std::string_view what) const;

 private:
  [[nodiscard]] char unescape();

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t failed_at_ = 0;
  std::string why_;
};

}  // namespace flashbid::json
