#include "redis/refusal.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "redis/keys.hpp"

namespace flashbid::redis {
namespace {

using Meaning = Refusal::Meaning;

constexpr std::array<std::pair<std::string_view, Meaning>, 14> meanings{{
    {"TRYAGAIN", Meaning::later},
    {"LOADING", Meaning::later},
    {"BUSY", Meaning::later},
    {"CLUSTERDOWN", Meaning::elsewhere},
    {"MASTERDOWN", Meaning::elsewhere},
    {"READONLY", Meaning::elsewhere},
    {"OOM", Meaning::hopeless},
    {"MISCONF", Meaning::hopeless},
    {"NOREPLICAS", Meaning::hopeless},
    {"NOAUTH", Meaning::hopeless},
    {"NOPERM", Meaning::hopeless},
    {"WRONGPASS", Meaning::hopeless},
    {"MOVED", Meaning::moved},
    {"ASK", Meaning::ask},
}};

// "3999 127.0.0.1:6381"
std::optional<Refusal> redirection(Meaning meaning, std::string_view detail, const Address& from) {
  Refusal refusal{.meaning = meaning, .address = from};
  const auto space = detail.find(' ');
  const auto colon = detail.rfind(':');
  if (space == std::string_view::npos || colon == std::string_view::npos || colon < space) return std::nullopt;
  const auto number = [](std::string_view text, auto& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
  };
  const std::string_view host = detail.substr(space + 1, colon - space - 1);
  if (!host.empty() && host != "?") refusal.address.host = host;
  if (!number(detail.substr(0, space), refusal.slot) || refusal.slot >= slots) return std::nullopt;
  if (!number(detail.substr(colon + 1), refusal.address.port) || refusal.address.port == 0) return std::nullopt;
  return refusal;
}

// An error raised in the middle of a script names it: part of the script may have been done.
bool from_inside_a_script(std::string_view text) {
  return text.find(" script: ") != std::string_view::npos || text.find(", on @user_") != std::string_view::npos;
}

}  // namespace

Refusal refusal_of(const Reply& reply, const Address& from) {
  if (!reply.is_error() || from_inside_a_script(reply.text())) return {};
  const std::string_view code = reply.error_code();
  if (code == "ERR") {
    return {.meaning = reply.error_detail() == "Function not found" ? Meaning::no_function : Meaning::none};
  }
  for (const auto& [word, meaning] : meanings) {
    if (code != word) continue;
    if (meaning == Meaning::moved || meaning == Meaning::ask) {
      return redirection(meaning, reply.error_detail(), from).value_or(Refusal{.meaning = Meaning::later});
    }
    return {.meaning = meaning};
  }
  return {};
}

std::string describe_refusal(const Reply& reply, const Address& from) {
  const std::string_view code = reply.error_code();
  std::string_view what = "refuses the command";
  if (code == "OOM") what = "is full: give it a higher maxmemory (eviction stays off)";
  if (code == "MISCONF") what = "cannot write its data to disk: free space or mend the disk";
  if (code == "NOREPLICAS") what = "has fewer replicas than its min-replicas-to-write";
  if (code == "NOAUTH") what = "wants a password: write it in the URL";
  if (code == "NOPERM") what = "does not permit this to the user of the URL: widen the user's ACL";
  return fmt::format("Redis at {} {} ({})", to_text(from), what, reply.text());
}

}  // namespace flashbid::redis
