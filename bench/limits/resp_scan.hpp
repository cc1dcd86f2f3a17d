// Walks over Redis's replies (RESP2) as they arrived, and copies nothing: what a bare client needs of them. Pure.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace flashbid::bench {

// Once something has not all arrived, `short_of_bytes()` is true and everything read from then on is empty.
class RespScan {
 public:
  explicit RespScan(std::string_view bytes) : bytes_(bytes) {}

  [[nodiscard]] bool short_of_bytes() const { return short_; }
  [[nodiscard]] std::size_t taken() const { return at_; }
  [[nodiscard]] bool at_end() const { return at_ == bytes_.size(); }

  // The number behind an array's `*`; -1 for nil.
  std::int64_t array() { return head().number; }
  // A text, or the whole line of anything else but an array.
  std::string_view text() {
    const Head begun = head();
    if (begun.type != '$' || begun.number < 0) return begun.line;
    const auto size = static_cast<std::size_t>(begun.number);
    if (short_ || bytes_.size() - at_ < size + 2) return fall_short();
    const std::string_view found = bytes_.substr(at_, size);
    at_ += size + 2;
    return found;
  }
  // A whole reply, arrays with all that is in them.
  void skip() {
    if (at_ >= bytes_.size() || bytes_[at_] != '*') {
      static_cast<void>(text());
      return;
    }
    for (std::int64_t left = array(); left > 0 && !short_; --left) skip();
  }

 private:
  struct Head {
    char type = 0;
    std::int64_t number = 0;
    std::string_view line;
  };
  Head head() {
    const std::size_t end = short_ ? std::string_view::npos : bytes_.find("\r\n", at_);
    if (end == std::string_view::npos) {
      static_cast<void>(fall_short());
      return {};
    }
    Head begun{.type = bytes_[at_], .line = bytes_.substr(at_, end - at_)};
    std::from_chars(begun.line.data() + 1, begun.line.data() + begun.line.size(), begun.number);
    at_ = end + 2;
    return begun;
  }
  std::string_view fall_short() {
    short_ = true;
    return {};
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  bool short_ = false;
};

}  // namespace flashbid::bench
