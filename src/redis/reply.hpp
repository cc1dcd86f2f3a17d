// What Redis answers, and the reading of it out of the bytes of a connection (hiredis' reader, RESP2).
// A Reply is a plain value, moved, never copied. A ReplyReader belongs to one connection and its thread; it never
// throws and never holds more than its limits.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

struct redisReader;

namespace flashbid::redis {

class Reply {
 public:
  enum class Kind : std::uint8_t { nil, integer, text, status, error, array };

  Reply() = default;  // nil
  Reply(Reply&&) = default;
  Reply& operator=(Reply&&) = default;
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply() = default;
  [[nodiscard]] static Reply of_integer(std::int64_t value);
  // text, status or error
  [[nodiscard]] static Reply of_text(std::string text, Kind kind = Kind::text);
  [[nodiscard]] static Reply of_array(std::vector<Reply> elements);

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is_nil() const { return kind_ == Kind::nil; }
  [[nodiscard]] bool is_error() const { return kind_ == Kind::error; }
  [[nodiscard]] bool is_array() const { return kind_ == Kind::array; }
  // Whether it is a text or a status.
  [[nodiscard]] bool is_text() const { return kind_ == Kind::text || kind_ == Kind::status; }
  // 0 unless an integer.
  [[nodiscard]] std::int64_t integer() const { return integer_; }
  // The text, the status, or the whole line of an error; empty otherwise.
  [[nodiscard]] std::string_view text() const { return text_; }
  // Empty unless an array.
  [[nodiscard]] std::span<const Reply> elements() const { return elements_; }
  // An error's first word ("MOVED"), empty if there is none; and what stands behind it.
  [[nodiscard]] std::string_view error_code() const;
  [[nodiscard]] std::string_view error_detail() const;

  // The command had been sent before, and that answer was lost: it may have been executed then, whatever this says.
  bool after_lost_answer = false;

 private:
  friend class ReplyReader;
  Kind kind_ = Kind::nil;
  std::int64_t integer_ = 0;
  std::string text_;
  std::vector<Reply> elements_;
};

class ReplyReader {
 public:
  static constexpr std::size_t max_elements = 1'000'000;  // of one reply, those of its arrays included
  static constexpr std::size_t max_bytes = std::size_t{128} << 20U;

  ReplyReader();
  ~ReplyReader();
  ReplyReader(const ReplyReader&) = delete;
  ReplyReader& operator=(const ReplyReader&) = delete;

  // Bytes as they came. Replies are taken out with next() before more is fed.
  void feed(std::string_view bytes);
  // The next whole reply; empty while it is not all there; an error once the bytes are no RESP (for good: the
  // connection cannot be used further).
  [[nodiscard]] Result<std::optional<Reply>> next();

 private:
  struct Building;  // what hiredis calls back into
  struct Free {
    void operator()(redisReader* reader) const;
  };
  std::unique_ptr<Building> building_;
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t waiting_bytes_ = 0;  // fed since the last whole reply
  std::string broken_;             // why reading is over
};

}  // namespace flashbid::redis
