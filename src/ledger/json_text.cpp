#include "ledger/json_text.hpp"

#include <fmt/format.h>

#include <array>

namespace flashbid::json {
namespace {

// The letter after the backslash of RFC 8259's short escapes; 0 = there is none.
char short_escape(char c) {
  switch (c) {
    case '"':
      return '"';
    case '\\':
      return '\\';
    case '\b':
      return 'b';
    case '\f':
      return 'f';
    case '\n':
      return 'n';
    case '\r':
      return 'r';
    case '\t':
      return 't';
    default:
      return 0;
  }
}

bool is_plain(char c) { return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\'; }

void append_escaped(char c, std::string& out) {
  out += '\\';
  if (const char letter = short_escape(c)) {
    out += letter;
    return;
  }
  constexpr std::string_view hex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out += "u00";
  out += hex[byte >> 4U];
  out += hex[byte & 0xFU];
}

}  // namespace

void append_text(std::string_view text, std::string& out) {
  out += '"';
  std::size_t run_start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_plain(text[i])) continue;
    out.append(text.substr(run_start, i - run_start));
    append_escaped(text[i], out);
    run_start = i + 1;
  }
  out.append(text.substr(run_start));
  out += '"';
}

void append_number(std::int64_t value, std::string& out) {
  const fmt::format_int digits(value);
  out.append(digits.data(), digits.size());
}

void append_number(std::uint64_t value, std::string& out) {
  const fmt::format_int digits(value);
  out.append(digits.data(), digits.size());
}

void append_amount(std::optional<Amount> amount, std::string& out) {
  if (amount) {
    append_number(amount->value(), out);
  } else {
    out += "null";
  }
}

void append_bidder(const BidderId& bidder, std::string& out) {
  if (bidder.empty()) {
    out += "null";
    return;
  }
  // Its alphabet needs no escape.
  out += '"';
  out += bidder.view();
  out += '"';
}

void append_time(Timestamp time, std::string& out) {
  std::array<char, timestamp_text_size + 2> text;
  text.front() = '"';
  write_timestamp(time, text.data() + 1);
  text.back() = '"';
  out.append(text.data(), text.size());
}

}  // namespace flashbid::json
