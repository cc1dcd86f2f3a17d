#include "app/manners.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <string_view>
#include <utility>

#include "app/settings.hpp"

namespace flashbid {
namespace {

struct Examples {
  std::string_view command;  // empty: of the program
  std::string_view text;
};
constexpr std::array<Examples, 9> examples{{
    {"", R"(Begin with:
  flashbid serve --dev --demo          a house to try things out in: http://127.0.0.1:8080
  flashbid bots                        50 bidders on it, and a verdict on what they met
  flashbid COMMAND --help              examples of each command, and its flags

Each flag is a variable, too (--log-level: FLASHBID_LOG_LEVEL), and for serve and relay a key of the --config file.)"},
    {"serve", R"(Examples:
  flashbid serve --dev --demo                                        this machine only, no login, a few auctions
  openssl rand -hex 32 > jwt-key && flashbid serve --jwt-key jwt-key    bidders have tokens (`flashbid token`, or your login)
  flashbid serve --accounts --tls-cert chain.pem --tls-key key.pem --listen 0.0.0.0:443   a house with its own accounts
  flashbid serve --jwt-key jwt-key --engine redis://redis:6379 --archive postgres://flashbid@db/flashbid   one of several nodes)"},
    {"bots", R"(Examples:
  flashbid bots                                        50 bidders for ten seconds on a new auction of 127.0.0.1:8080
  flashbid bots --bots 2000 --transport ws --keys      more of them, over WebSocket, repeating what was lost
  flashbid bots --key jwt-key --url https://house.example --rate 500    with tokens, so many bids a second)"},
    {"relay", R"(Examples:
  flashbid relay --from redis://redis:6379 --to postgres://flashbid@db/flashbid    Redis into the archive
  flashbid relay --from sqlite:flashbid-data --to amqp://guest:guest@rabbit        an embedded ledger into RabbitMQ
  flashbid relay --from sqlite:flashbid-data --to https://shop.example/hook --webhook-secret-file secret)"},
    {"backup", R"(Example:
  flashbid backup --data /var/lib/flashbid --to /backups/monday       the server goes on meanwhile)"},
    {"restore", R"(Examples:
  flashbid restore --from sqlite:/backups/monday --to sqlite:/var/lib/flashbid
  flashbid restore --from postgres://flashbid@db/flashbid --to redis://redis:6379)"},
    {"token", R"(Examples:
  flashbid token --key jwt-key --sub Alice
  flashbid token --key jwt-key --sub house --role operator --ttl 8h)"},
    {"accounts", R"(Example:
  flashbid accounts add house --role operator < password)"},
    {"verify", R"(Examples:
  flashbid verify                                             the ledger in flashbid-data, also beside its server
  flashbid verify --engine redis://redis:6379 --archive postgres://flashbid@db/flashbid
  flashbid verify --history bots.jsonl                        what `flashbid bots --history bots.jsonl` met)"},
}};

// How many letters have to be changed, added or left out.
std::size_t letters_apart(std::string_view one, std::string_view other) {
  std::vector<std::size_t> row(other.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < one.size(); ++i) {
    std::size_t above_left = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < other.size(); ++j) {
      const std::size_t changed = above_left + (one[i] == other[j] ? 0 : 1);
      above_left = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string perhaps(const std::string& meant, const std::vector<std::string>& words) {
  const std::string near = nearest(meant, words);
  return near.empty() ? "" : fmt::format("; did you mean {}?", near);
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(each->get_name());
  }
  return names;
}

}  // namespace

void add_examples(CLI::App& app) {
  for (const auto& [name, text] : examples) {
    CLI::App& command = name.empty() ? app : *app.get_subcommand(std::string(name));
    command.footer(std::string(text));
  }
}

std::string nearest(const std::string& meant, const std::vector<std::string>& words) {
  std::string found;
  std::size_t least = std::max<std::size_t>(2, meant.size() / 3) + 1;
  for (const std::string& word : words) {
    const std::size_t far = word.starts_with(meant) ? 1 : letters_apart(meant, word);
    if (far >= least) continue;
    least = far;
    found = word;
  }
  return found;
}

std::string explain_usage(const CLI::App& app, const CLI::ParseError& error,
                          const std::vector<std::string>& arguments) {
  const std::vector<std::string> commands = commands_of(app);
  if (app.get_subcommands().empty() && !arguments.empty() && !arguments.front().starts_with('-')) {
    const std::string& meant = arguments.front();
    const std::string guess = perhaps(meant, commands);
    return fmt::format("there is no command \"{}\"{}", meant,
                       guess.empty() ? fmt::format("; there are {}", fmt::join(commands, ", ")) : guess);
  }
  const std::vector<std::string> unknown = app.remaining(true);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr || unknown.empty() || app.get_subcommands().empty()) {
    return error.what();
  }
  const CLI::App& command = *app.get_subcommands().front();
  const auto flag = std::ranges::find_if(unknown, [](const std::string& word) { return word.starts_with('-'); });
  if (flag == unknown.end()) {
    return fmt::format("\"{}\" is one too many: what {} is told stands behind flags", unknown.front(),
                       command.get_name());
  }
  std::vector<std::string> flags{"--help"};
  for (const std::string& name : flags_of(command)) flags.push_back("--" + name);
  return fmt::format("{} has no flag {}{}", command.get_name(), *flag, perhaps(*flag, flags));
}

}  // namespace flashbid
