// One command as the bytes that Redis reads. Plain values: any thread.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace flashbid::redis {

struct Command {
  std::string bytes;
  // Doing it twice is the same as doing it once (a read, a bid with a key): sent again when its answer was lost.
  bool repeatable = false;
  // How long it may take; 0 = the client's command_timeout. For what blocks in Redis: more than it blocks.
  std::chrono::milliseconds timeout{0};

  [[nodiscard]] static Command of(std::initializer_list<std::string_view> words);
  [[nodiscard]] static Command of(std::span<const std::string_view> words);
  [[nodiscard]] Command&& may_repeat() && {
    repeatable = true;
    return std::move(*this);
  }
  [[nodiscard]] Command&& within(std::chrono::milliseconds most) && {
    timeout = most;
    return std::move(*this);
  }
};

// Builds a command word by word in one string: no allocation per word.
class CommandBuilder {
 public:
  // `words`: how many will be added, the command's name included; more or fewer stop the program at take().
  // `bytes`: how many they have about, all together.
  explicit CommandBuilder(std::size_t words, std::size_t bytes = 128);
  CommandBuilder& add(std::string_view word);
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  CommandBuilder& add(Number number) {
    if constexpr (std::unsigned_integral<Number>) return add_unsigned(number);
    return add_signed(static_cast<std::int64_t>(number));
  }
  [[nodiscard]] Command take();

 private:
  CommandBuilder& add_signed(std::int64_t number);
  CommandBuilder& add_unsigned(std::uint64_t number);

  std::string bytes_;
  std::size_t missing_;
};

}  // namespace flashbid::redis
