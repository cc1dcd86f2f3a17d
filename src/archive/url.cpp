#include "archive/url.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <memory>

namespace flashbid {
namespace {

constexpr std::string_view form = "give postgres://USER@HOST:PORT/DATABASE";

struct Options {
  std::string host;
  std::string port;
  std::string database;
};

Options read_options(const PQconninfoOption* options) {
  Options read;
  for (; options->keyword != nullptr; ++options) {
    if (options->val == nullptr) continue;
    const std::string_view keyword(options->keyword);
    if (keyword == "host" || (keyword == "hostaddr" && read.host.empty())) read.host = options->val;
    if (keyword == "port") read.port = options->val;
    if (keyword == "dbname") read.database = options->val;
  }
  return read;
}

}  // namespace

Result<ArchiveUrl> ArchiveUrl::parse(std::string_view text) {
  if (!text.starts_with("postgres://") && !text.starts_with("postgresql://")) {
    return fail(Failure::invalid, fmt::format("that is no PostgreSQL URL: {}", form));
  }
  ArchiveUrl url;
  url.uri = text;
  char* why = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(url.uri.c_str(), &why),
                                                                             &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> freeing(why, &PQfreemem);
  // libpq's own sentence quotes the URL, and so the password.
  if (!options) return fail(Failure::invalid, fmt::format("the PostgreSQL URL cannot be read: {}", form));
  const Options read = read_options(options.get());
  if (read.database.empty()) {
    return fail(Failure::invalid, fmt::format("the PostgreSQL URL names no database: {}", form));
  }
  url.shown = fmt::format("{}:{}/{}", read.host.empty() ? "localhost" : read.host,
                          read.port.empty() ? "5432" : read.port, read.database);
  return url;
}

}  // namespace flashbid
