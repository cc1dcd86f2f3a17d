#include "ledger/json_cursor.hpp"

#include <fmt/format.h>
#include <simdjson.h>

namespace flashbid::json {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The value of a lower-case hexadecimal digit; -1 for anything else.
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Cursor::Cursor(std::string_view text) : text_(text) {
  if (!simdjson::validate_utf8(text.data(), text.size())) refuse("it is not UTF-8");
}

void Cursor::refuse(std::string_view why) {
  if (!ok()) return;
  why_ = why;
  failed_at_ = at_;
}

std::unexpected<Error> Cursor::error(std::string_view what) const {
  return fail(Failure::corrupt,
              fmt::format("{} is damaged at byte {} of {}: {}", what, failed_at_, text_.size(), why_));
}

bool Cursor::accept(std::string_view literal) {
  if (!ok() || !text_.substr(at_).starts_with(literal)) return false;
  at_ += literal.size();
  return true;
}

void Cursor::expect(std::string_view literal) {
  if (!accept(literal) && ok()) refuse(fmt::format("expected {}", literal));
}

void Cursor::end() {
  if (at_ != text_.size()) refuse("expected the end");
}

std::uint64_t Cursor::number(std::uint64_t max) {
  if (!ok()) return 0;
  const std::size_t start = at_;
  std::uint64_t value = 0;
  while (at_ < text_.size() && is_digit(text_[at_]) && at_ - start < 19) {
    value = value * 10 + static_cast<std::uint64_t>(text_[at_] - '0');
    ++at_;
  }
  const std::size_t digits = at_ - start;
  if (digits == 0 || (digits > 1 && text_[start] == '0') || value > max) {
    at_ = start;
    refuse(fmt::format("expected a whole number up to {}", max));
    return 0;
  }
  return value;
}

Amount Cursor::amount() { return Amount{static_cast<std::int64_t>(number())}; }

std::optional<Amount> Cursor::amount_or_null() {
  if (accept("null")) return std::nullopt;
  return amount();
}

bool Cursor::boolean() {
  if (accept("true")) return true;
  expect("false");
  return false;
}

std::string_view Cursor::name() {
  expect("\"");
  if (!ok()) return {};
  const std::size_t start = at_;
  while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\') ++at_;
  const std::string_view name = text_.substr(start, at_ - start);
  expect("\"");
  return name;
}

BidderId Cursor::bidder() {
  const auto bidder = parse_bidder_id(name());
  if (!bidder) refuse("expected a bidder id");
  return bidder.value_or(BidderId{});
}

BidderId Cursor::bidder_or_null() {
  if (accept("null")) return {};
  return bidder();
}

Timestamp Cursor::time() {
  const std::string_view text = name();
  // As it is written, and in no other of RFC 3339's spellings.
  const bool as_written = text.size() == timestamp_text_size && text[10] == 'T' && text.ends_with('Z');
  const auto time = as_written ? parse_timestamp(text) : std::nullopt;
  if (!time) refuse("expected a time in UTC with milliseconds");
  return time.value_or(Timestamp{});
}

std::string Cursor::text() {
  std::string text;
  expect("\"");
  while (ok()) {
    const std::size_t start = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\') {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) refuse("a control character must be escaped");
      ++at_;
    }
    text.append(text_.substr(start, at_ - start));
    if (!accept("\\")) break;
    text += unescape();
  }
  expect("\"");
  return text;
}

char Cursor::unescape() {
  if (accept("\"")) return '"';
  if (accept("\\")) return '\\';
  if (accept("b")) return '\b';
  if (accept("f")) return '\f';
  if (accept("n")) return '\n';
  if (accept("r")) return '\r';
  if (accept("t")) return '\t';
  // Only control characters without a letter of their own are written by number: \u0000 … \u001f.
  expect("u00");
  const int high = at_ + 1 < text_.size() ? hex_value(text_[at_]) : -1;
  const int low = at_ + 1 < text_.size() ? hex_value(text_[at_ + 1]) : -1;
  if (high < 0 || high > 1 || low < 0) {
    refuse("expected an escape");
    return 0;
  }
  const char c = static_cast<char>(high * 16 + low);
  if (c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t') {
    refuse("this escape is written with a letter");
    return 0;
  }
  at_ += 2;
  return c;
}

}  // namespace flashbid::json
