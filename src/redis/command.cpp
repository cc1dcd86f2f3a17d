#include "redis/command.hpp"

#include <array>
#include <charconv>

#include "base/assert.hpp"

namespace flashbid::redis {
namespace {

template <class Number>
void append_number(std::string& bytes, Number number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  bytes.append(digits.data(), end);
}

}  // namespace

CommandBuilder::CommandBuilder(std::size_t words, std::size_t bytes) : missing_(words) {
  bytes_.reserve(bytes + 8 + 10 * words);
  bytes_ += '*';
  append_number(bytes_, words);
  bytes_ += "\r\n";
}

CommandBuilder& CommandBuilder::add(std::string_view word) {
  require(missing_ > 0, "a command has as many words as it was begun with");
  --missing_;
  bytes_ += '$';
  append_number(bytes_, word.size());
  bytes_ += "\r\n";
  bytes_ += word;
  bytes_ += "\r\n";
  return *this;
}

CommandBuilder& CommandBuilder::add_signed(std::int64_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return add({digits.data(), end});
}

CommandBuilder& CommandBuilder::add_unsigned(std::uint64_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return add({digits.data(), end});
}

Command CommandBuilder::take() {
  require(missing_ == 0, "a command has as many words as it was begun with");
  return Command{.bytes = std::move(bytes_)};
}

Command Command::of(std::span<const std::string_view> words) {
  std::size_t bytes = 0;
  for (const std::string_view word : words) bytes += word.size();
  CommandBuilder builder(words.size(), bytes);
  for (const std::string_view word : words) builder.add(word);
  return builder.take();
}

Command Command::of(std::initializer_list<std::string_view> words) {
  return of(std::span(words.begin(), words.size()));
}

}  // namespace flashbid::redis
