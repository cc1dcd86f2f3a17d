#include "app/settings.hpp"

#include <toml++/toml.h>

#include <CLI/Error.hpp>
#include <CLI/Option.hpp>
#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <utility>

namespace flashbid {
namespace {

// A value that stood elsewhere than on the command line.
struct Found {
  std::string source;    // for people: FLASHBID_LISTEN, or setting listen
  std::string argument;  // --listen=VALUE
};

Result<std::string> scalar_text(const toml::node& node, const std::string& key, const std::string& file) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* number = node.as_floating_point()) {
    std::ostringstream text;
    text << number->get();
    return text.str();
  }
  return fail(Failure::invalid, file + ": " + key + " must be a text, a number, true or false");
}

using Values = std::map<std::string, std::string>;  // by key

Result<Values> read_file(const std::string& file, const std::set<std::string>& known) {
  toml::table table;
  try {
    table = toml::parse_file(file);
  } catch (const toml::parse_error& error) {
    std::string why(error.description());
    const auto line = error.source().begin.line;
    return fail(Failure::invalid, "--config " + file + (line > 0 ? " line " + std::to_string(line) : "") + ": " + why);
  }
  Values values;
  for (const auto& [name, node] : table) {
    const std::string key(name.str());
    if (!known.contains(key)) {
      return fail(Failure::invalid,
                  "--config " + file + ": there is no setting " + key + "; see `flashbid serve --help`");
    }
    Result<std::string> value = scalar_text(node, key, file);
    if (!value) return std::unexpected(value.error());
    values.emplace(key, std::move(*value));
  }
  return values;
}

const char* variable(const std::string& flag) { return std::getenv(variable_of(flag).c_str()); }

Result<Values> file_values(const CLI::App& app, const CLI::App& command) {
  std::string file;
  if (const char* named = variable("config")) file = named;
  const CLI::Option* option = command.get_option_no_throw("--config");
  if (option == nullptr) return Values{};
  if (option->count() > 0) file = option->as<std::string>();
  if (file.empty()) return Values{};
  std::set<std::string> known;
  for (const CLI::App* each : app.get_subcommands([](const CLI::App*) { return true; })) {
    for (const std::string& flag : flags_of(*each)) known.insert(key_of(flag));
  }
  return read_file(file, known);
}

}  // namespace

std::vector<std::string> flags_of(const CLI::App& command) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_lnames().empty() && option->get_lnames().front() != "help") {
      flags.push_back(option->get_lnames().front());
    }
  }
  return flags;
}

std::string key_of(const std::string& flag) {
  std::string key = flag;
  std::ranges::replace(key, '-', '_');
  return key;
}

std::string variable_of(const std::string& flag) {
  std::string name = "FLASHBID_" + key_of(flag);
  std::ranges::transform(name, name.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return name;
}

Result<std::set<std::string>> parse_settings(CLI::App& app, const std::vector<std::string>& arguments) {
  // CLI11 takes them from the back.
  const auto parse = [&app](std::vector<std::string> given) {
    std::ranges::reverse(given);
    app.parse(std::move(given));
  };
  parse(arguments);
  CLI::App& command = *app.get_subcommands().front();
  const Result<Values> values = file_values(app, command);
  if (!values) return std::unexpected(values.error());

  std::set<std::string> said;
  std::vector<Found> all;  // those that are overruled are checked too
  std::vector<std::string> with_all = arguments;
  for (const std::string& flag : flags_of(command)) {
    bool decided = command.get_option("--" + flag)->count() > 0;
    if (decided) said.insert(flag);
    const auto take = [&](const std::string& source, const std::string& value) {
      all.push_back({source, "--" + flag + "=" + value});
      if (!std::exchange(decided, true)) with_all.push_back(all.back().argument);
    };
    if (const char* value = variable(flag)) take(variable_of(flag), value);
    if (const auto value = values->find(key_of(flag)); value != values->end()) {
      take("setting " + key_of(flag), value->second);
    }
  }
  const std::string name = command.get_name();
  for (const Found& found : all) {
    try {
      parse({name, found.argument});
    } catch (const CLI::ParseError& error) {
      return fail(Failure::invalid, found.source + ": " + error.what());
    }
  }
  parse(with_all);
  return said;
}

}  // namespace flashbid
