#include "server/pages.hpp"

namespace flashbid {

std::optional<embedded::File> find_page(std::string_view path) {
  if (path == "/") return embedded::find("index.html");
  if (path == "/docs") return embedded::find("docs.html");
  if (!path.starts_with('/')) return std::nullopt;
  return embedded::find(path.substr(1));
}

bool is_for_ever(std::string_view path) { return path.starts_with("/assets/"); }

}  // namespace flashbid
