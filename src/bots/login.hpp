// What the bots say of who they are: with the dev mode a name, otherwise a token that is minted for it. A value of
// functions; one thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "client/writing.hpp"

namespace flashbid::bots {

inline constexpr std::string_view operator_name = "bots-operator";

// A token for `name`.
using MintToken = std::function<std::string(const std::string& name, bool is_operator)>;

class Login {
 public:
  // None = the server is in dev mode.
  explicit Login(MintToken mint = {}) : mint_(std::move(mint)) {}

  // A whole line of an HTTP header.
  [[nodiscard]] std::string header(const std::string& name, bool is_operator = false) const {
    return client::header_of(who(name, is_operator));
  }
  [[nodiscard]] std::string operator_header() const { return header(std::string(operator_name), true); }
  // The first frame of a socket.
  [[nodiscard]] std::string frame(const std::string& name) const { return client::auth_frame(who(name, false)); }

 private:
  [[nodiscard]] client::Who who(const std::string& name, bool is_operator) const {
    if (!mint_) return client::DevName{name};
    return client::Token{mint_(name, is_operator)};
  }
  MintToken mint_;
};

}  // namespace flashbid::bots
