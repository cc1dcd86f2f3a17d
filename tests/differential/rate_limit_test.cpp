// One random stream of arrivals to the C++ GCRA and to the Lua one, in a Lua 5.1 of this process: the same verdict, the
// same state and the same wait after each; sometimes the clock steps back.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <lua.hpp>
#include <memory>
#include <string>

#include "access/gcra.hpp"
#include "access/redis/rate_library.hpp"
#include "support/command_count.hpp"
#include "support/random.hpp"

namespace flashbid::differential {
namespace {

using support::Random;

const std::uint64_t stream_seed = support::chosen_seed(20'261'126);

class LuaGcra {
 public:
  LuaGcra() : lua_(luaL_newstate(), lua_close) {
    luaL_openlibs(lua_.get());
    const std::string text = join_gcra() + R"(
      local gcra = load_gcra()
      local rate
      function set_rate(...)
        rate = assert(gcra.rate({...}, 1))
      end
      function decide(stored, now)
        return gcra.decide(rate, stored ~= '' and stored, tonumber(now))
      end)";
    if (luaL_dostring(lua_.get(), text.c_str()) != 0) fail();
  }

  void set_rate(const Gcra& gcra) {
    lua_getglobal(lua_.get(), "set_rate");
    push(gcra.interval().us);
    push(gcra.interval().part);
    push(gcra.tolerance().us);
    push(gcra.tolerance().part);
    push(gcra.parts());
    if (lua_pcall(lua_.get(), 5, 0, 0) != 0) fail();
  }
  // "admitted us part wait"
  std::string decide(const std::string& stored, std::int64_t now) {
    lua_getglobal(lua_.get(), "decide");
    lua_pushlstring(lua_.get(), stored.data(), stored.size());
    push(now);
    if (lua_pcall(lua_.get(), 2, 3, 0) != 0) fail();
    const std::string text = fmt::format("{} {} {:.0f}", lua_toboolean(lua_.get(), -3), lua_tostring(lua_.get(), -2),
                                         lua_tonumber(lua_.get(), -1));
    lua_pop(lua_.get(), 3);
    return text;
  }

 private:
  void push(std::int64_t number) { lua_pushstring(lua_.get(), std::to_string(number).c_str()); }
  [[noreturn]] void fail() { throw std::runtime_error(lua_tostring(lua_.get(), -1)); }

  std::unique_ptr<lua_State, void (*)(lua_State*)> lua_;
};

std::uint32_t any_count(Random& random, std::uint32_t most) {
  return static_cast<std::uint32_t>(random.between(1, random.one_of<std::int64_t>({1, 10, 1'000, most})));
}

Rate any_rate(Random& random) {
  return {.limit = any_count(random, Rate::max_limit),
          .period_us = random.one_of<std::int64_t>({1, 999, second_us, minute_us, hour_us, random.between(1, hour_us)}),
          .burst = any_count(random, Rate::max_burst)};
}

TEST(RateLimit, CppAndLuaDecideAlike) {
  const std::int64_t arrivals = support::command_count(1'000'000);
  Random random(stream_seed);
  LuaGcra lua;
  std::int64_t admitted = 0;
  std::int64_t refused = 0;
  std::int64_t cut = 0;
  for (std::int64_t done = 0; done < arrivals;) {
    const Rate rate = any_rate(random);
    const Gcra gcra(rate);
    lua.set_rate(gcra);
    const std::int64_t interval = rate.period_us / rate.limit + 1;
    std::int64_t now = random.between(1'000'000'000 * second_us, 4'000'000'000 * second_us);
    FineTime tat;
    std::string stored;
    // From time to time as if a whole burst had gone before.
    if (random.percent(50)) {
      tat = {now + gcra.tolerance().us - random.between(0, interval), 0};
      stored = fmt::format("{} {}", tat.us, tat.part);
    }
    for (int k = 0; k < 100; ++k, ++done) {
      now += random.one_of<std::int64_t>(
          {0, 0, 1, random.between(0, interval), interval, random.between(0, rate.period_us)});
      if (random.percent(2)) now -= random.between(0, 2 * rate.period_us);
      const GcraDecision decision = gcra.decide(tat, now);
      const std::string state = fmt::format("{} {}", decision.tat.us, decision.tat.part);
      ASSERT_EQ(lua.decide(stored, now),
                fmt::format("{} {} {}", decision.admitted ? 1 : 0, state, decision.retry_after_us))
          << "arrival " << done << " of seed " << stream_seed << ": " << rate.limit << " in " << rate.period_us
          << " us, burst " << rate.burst << ", now " << now << ", stored " << stored;
      ++(decision.admitted ? admitted : refused);
      cut += !decision.admitted && decision.tat != tat ? 1 : 0;
      tat = decision.tat;
      stored = state;
    }
  }
  // It has seen all kinds.
  EXPECT_GT(admitted, arrivals / 10);
  EXPECT_GT(refused, arrivals / 10);
  EXPECT_GT(cut, arrivals / 1'000);
}

}  // namespace
}  // namespace flashbid::differential
