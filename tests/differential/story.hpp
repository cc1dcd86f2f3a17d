// What is told of a disagreement: the shortest life that still shows it, found by leaving commands out, with the terms,
// the state before the last command and what each judge says. One thread.
#pragma once

#include <algorithm>
#include <string>

#include "differential/judges.hpp"

namespace flashbid::differential {

// Where a life goes wrong.
struct Wrong {
  Disagreement what;
  std::size_t puts = 0;  // commands up to there, that one included; 0 = its creation
  naive::View before;    // the state as C++ had it before the last of them
};

inline std::optional<Wrong> first_wrong(const Life& life, Judges& judges) {
  if (auto found = judges.begin(life.id, life.terms, life.created_at)) return Wrong{*found, 0, {}};
  for (std::size_t i = 0; i < life.puts.size(); ++i) {
    const naive::View before = oracle_view(judges.auction());
    if (auto found = judges.put(life.puts[i])) return Wrong{*found, i + 1, before};
  }
  return std::nullopt;
}

// Leaves out ever smaller parts for as long as the life still goes wrong, whatever it is that goes wrong then.
inline Life shrink(Life life, Judges& judges) {
  const auto wrong = first_wrong(life, judges);
  if (!wrong) return life;
  life.puts.resize(wrong->puts);
  for (std::size_t part = std::max<std::size_t>(life.puts.size() / 2, 1); part > 0; part /= 2) {
    for (std::size_t from = 0; from < life.puts.size();) {
      Life shorter = life;
      const auto begin = shorter.puts.begin() + static_cast<std::ptrdiff_t>(from);
      shorter.puts.erase(
          begin, begin + std::min<std::ptrdiff_t>(static_cast<std::ptrdiff_t>(part), shorter.puts.end() - begin));
      if (const auto still = first_wrong(shorter, judges)) {
        shorter.puts.resize(std::min(still->puts, shorter.puts.size()));
        life = std::move(shorter);
      } else {
        from += part;
      }
    }
  }
  return life;
}

inline std::string story_of(const Life& whole, Judges& judges, std::uint64_t seed) {
  const Life life = shrink(whole, judges);
  const auto wrong = first_wrong(life, judges);
  if (!wrong) return "the life of this auction alone shows no disagreement";
  std::string text =
      fmt::format("the judges disagree about {}, seed {}\n  again: FLASHBID_SEED={} with this test\n  {}\n",
                  wrong->what.about, seed, seed, text_of(*life.terms, life.created_at));
  text += fmt::format("  the shortest life found ({} of {} commands):\n", life.puts.size(), whole.puts.size());
  for (const Put& put : life.puts) text += "    " + text_of(put, life.created_at) + "\n";
  if (wrong->puts > 0) text += "  before the last: " + text_of(wrong->before) + "\n";
  return text + "  C++: " + wrong->what.cpp + "\n  " + wrong->what.other;
}

}  // namespace flashbid::differential
