// What the text of a key file is, before anything in it is believed: PEM, JSON or a secret. A public key in a form that
// is not read must never be taken for a secret, for everybody knows it. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace flashbid::access {

inline constexpr std::size_t most_key_text_bytes = 256 * 1024;

enum class KeyForm : std::uint8_t { pem, json, secret };

// PEM if a line begins as one does; JSON if it is text that begins with a brace. Failure::invalid, with what would be
// right, for what is neither and yet a key: DER, OpenSSH's form, PEM that lost its first and last line. Also for an
// empty text and for one over most_key_text_bytes.
[[nodiscard]] Result<KeyForm> form_of(std::string_view text);

struct PemBlock {
  std::string name;  // PUBLIC KEY
  std::string der;   // what it holds, or nothing if that is encrypted
};
// Every block of it. Failure::invalid if one of them is cut off or damaged.
[[nodiscard]] Result<std::vector<PemBlock>> read_pem(std::string_view text);

// Without the mark that some editors write in front of UTF-8.
[[nodiscard]] std::string_view without_mark(std::string_view text);

}  // namespace flashbid::access
