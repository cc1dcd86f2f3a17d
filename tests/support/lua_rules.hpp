// The Lua rules in a plain Lua 5.1 of this process: what engine/redis/lua decides, without Redis. One thread.
#pragma once

#include <fmt/format.h>
#include <lua.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auction/decide.hpp"
#include "engine/redis/library.hpp"
#include "engine/redis/rules_text.hpp"
#include "ledger/event_codec.hpp"

namespace flashbid::support {

class LuaRules {
 public:
  // What Lua makes of a command: all as the texts in which it leaves Redis.
  struct Outcome {
    Reason reason = Reason::none;
    std::vector<std::string> events;
    std::string state;
    std::string image;
  };

  LuaRules() : LuaRules("", "") {}

  // With a mistake planted: `mutated` for `original`, which must stand there once.
  LuaRules(std::string_view original, std::string_view mutated) : lua_(luaL_newstate(), lua_close) {
    luaL_openlibs(lua_.get());
    std::string text = join_modules() + std::string(glue);
    if (!original.empty()) {
      const std::size_t place = text.find(original);
      if (place == std::string::npos || text.find(original, place + 1) != std::string::npos) {
        throw std::runtime_error("this does not stand in the Lua just once: " + std::string(original));
      }
      text.replace(place, original.size(), mutated);
    }
    if (luaL_loadbuffer(lua_.get(), text.data(), text.size(), "rules") != 0) refuse();
    call(0, 0);
  }

  Outcome create(AuctionId id, const Terms& terms, Epoch epoch, Timestamp now) {
    lua_getglobal(lua_.get(), "create_by_rules");
    push(fmt::format("{}", id.value()));
    push(public_terms(terms));
    push(fmt::format("{}", terms.closes_at.ms));
    push(rules_text(terms));
    push(fmt::format("{}", epoch.value()));
    push(fmt::format("{}", now.ms));
    return outcome_of(6);
  }

  // `state` is the packed state before.
  Outcome decide(AuctionId id, const Terms& terms, const std::string& state, const Command& command, Timestamp now) {
    lua_getglobal(lua_.get(), "decide_by_rules");
    push(fmt::format("{}", id.value()));
    push(public_terms(terms));
    push(fmt::format("{}", terms.closes_at.ms));
    push(rules_text(terms));
    push(state);
    const auto* bid = std::get_if<Bid>(&command);
    push(bid != nullptr ? "bid" : std::holds_alternative<Cancel>(command) ? "cancel" : "tick");
    push(bid != nullptr ? bid->bidder.view() : "");
    push(bid != nullptr ? fmt::format("{}", bid->amount.value()) : "0");
    push(fmt::format("{}", now.ms));
    return outcome_of(9);
  }

  // As Lua counts it: the lowest amount that beats `price`.
  std::optional<Amount> minimum_next(const Terms& terms, Amount price) {
    lua_getglobal(lua_.get(), "minimum_by_rules");
    push(rules_text(terms));
    push(fmt::format("{}", price.value()));
    call(2, 1);
    const std::string text = pop();
    if (text.empty()) return std::nullopt;
    return Amount{std::stoll(text)};
  }

  std::string moment_text(Timestamp time) {
    lua_getglobal(lua_.get(), "moment_by_rules");
    push(fmt::format("{}", time.ms));
    call(1, 1);
    return pop();
  }

 private:
  static constexpr std::string_view glue = R"(
local _, _, _, time, rules, event_text, store = load_modules()

local function outcome(id, reason, before, after, events, terms, public_terms, closes_at)
  local texts = {}
  for i, event in ipairs(events or {}) do
    texts[i] = event_text.event(id, after.epoch, event, terms, public_terms)
    if before then
      rules.apply(after, event)
    end
  end
  local image = event_text.image(id, after, event_text.stored_terms(public_terms, closes_at, terms.reserve))
  return reason, table.concat(texts, '\n'), store.pack(after), image
end

function create_by_rules(id, public_terms, closes_at, rules_text, epoch, now)
  local terms = rules.parse_terms(rules_text)
  local auction, events = rules.create(terms, tonumber(closes_at), epoch, tonumber(now))
  return outcome(id, 0, nil, auction, events, terms, public_terms, tonumber(closes_at))
end

function decide_by_rules(id, public_terms, closes_at, rules_text, packed, kind, bidder, amount, now)
  local terms, auction = rules.parse_terms(rules_text), store.unpack(packed)
  local command = {kind = kind, bidder = bidder, amount = tonumber(amount)}
  local reason, events = rules.decide(auction, terms, command, tonumber(now))
  assert(store.pack(auction) == packed, 'decide changes nothing')
  return outcome(id, reason, auction, rules.copy(auction), events, terms, public_terms, tonumber(closes_at))
end

function minimum_by_rules(rules_text, price)
  local minimum = rules.beating(rules.parse_terms(rules_text), tonumber(price))
  return minimum and event_text.digits(minimum) or ''
end

function moment_by_rules(ms)
  return time.text(tonumber(ms))
end
)";

  static std::string public_terms(const Terms& terms) {
    std::string text;
    encode_public_terms(terms, text);
    return text;
  }

  void push(std::string_view text) { lua_pushlstring(lua_.get(), text.data(), text.size()); }

  std::string pop() {
    std::size_t size = 0;
    const char* bytes = lua_tolstring(lua_.get(), -1, &size);
    std::string text(bytes, size);
    lua_pop(lua_.get(), 1);
    return text;
  }

  void call(int arguments, int results) {
    if (lua_pcall(lua_.get(), arguments, results, 0) != 0) refuse();
  }

  [[noreturn]] void refuse() { throw std::runtime_error("Lua: " + pop()); }

  Outcome outcome_of(int arguments) {
    call(arguments, 4);
    Outcome outcome;
    outcome.image = pop();
    outcome.state = pop();
    std::string_view events;
    const std::string joined = pop();
    for (events = joined; !events.empty();) {
      const auto end = std::min(events.find('\n'), events.size());
      outcome.events.emplace_back(events.substr(0, end));
      events.remove_prefix(std::min(end + 1, events.size()));
    }
    outcome.reason = static_cast<Reason>(std::stoi(pop()));
    return outcome;
  }

  std::unique_ptr<lua_State, void (*)(lua_State*)> lua_;
};

}  // namespace flashbid::support
