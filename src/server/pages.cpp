#include "server/pages.hpp"

#include <string>

namespace flashbid {

std::optional<embedded::File> find_page(std::string_view path) {
  if (path == "/") return embedded::find("index.html");
  if (path == "/docs") return embedded::find("docs/index.html");
  if (!path.starts_with('/')) return std::nullopt;
  const std::string_view name = path.substr(1);
  const auto file = embedded::find(name);
  return file || !name.starts_with("docs/") ? file : embedded::find(std::string(name) + ".html");
}

bool is_for_ever(std::string_view path) { return path.starts_with("/assets/"); }

}  // namespace flashbid
