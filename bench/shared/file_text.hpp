// A whole file as text. Start-up only.
#pragma once

#include <fstream>
#include <iterator>
#include <string>

#include "shared/sockets.hpp"

namespace flashbid::bench {

// Ends the program if the file cannot be read.
inline std::string read_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  if (!file) die(name);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace flashbid::bench
