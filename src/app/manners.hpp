// How the command line speaks to people: examples under --help, and what was probably meant by what it does not know.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

namespace flashbid {

// Examples of each command under its --help. Called when all commands are there.
void add_examples(CLI::App& app);

// One line on what is wrong with `arguments` (without the program's name), of which CLI11 has said `error`.
[[nodiscard]] std::string explain_usage(const CLI::App& app, const CLI::ParseError& error,
                                        const std::vector<std::string>& arguments);

// Of `words` the one that is nearest to `meant` in spelling; empty if none is near.
[[nodiscard]] std::string nearest(const std::string& meant, const std::vector<std::string>& words);

}  // namespace flashbid
