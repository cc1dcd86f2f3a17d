// Any bytes as a configuration: flags, variables and a TOML file. Settings within their bounds, or one error that says
// something; never another exception.
//
// Lines up to a NUL: `--flag=value` is an argument, `name=value` the variable FLASHBID_NAME. Behind the NUL the file.
#include <sys/mman.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <algorithm>
#include <set>

#include "access/ip_address.hpp"
#include "access/rate_text.hpp"
#include "app/access_flags.hpp"
#include "app/duration.hpp"
#include "app/limit_flags.hpp"
#include "app/settings.hpp"
#include "fuzz.hpp"

namespace flashbid::fuzz {
namespace {

// A file that has no name: the settings' reader opens it as /proc/self/fd/N.
class NamelessFile {
 public:
  explicit NamelessFile(std::string_view text) : fd_(memfd_create("config", MFD_CLOEXEC)) {
    must(fd_ >= 0 && write(fd_, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "the file is written");
  }
  NamelessFile(const NamelessFile&) = delete;
  NamelessFile& operator=(const NamelessFile&) = delete;
  ~NamelessFile() { close(fd_); }
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

struct Command {
  CLI::App app{"", "flashbid"};
  AccessFlags access;
  LimitFlags limits;
  bool dev = false;
  std::string config;

  Command() {
    app.require_subcommand(1);
    CLI::App& serve = *app.add_subcommand("serve", "");
    serve.add_flag("--dev", dev);
    serve.add_option("--config", config);
    add_access_flags(serve, access);
    add_limit_flags(serve, limits);
    CLI::App& other = *app.add_subcommand("other", "");
    other.add_option("--elsewhere");
  }
};

// Lines before the NUL, apart: arguments, and variables that are set and later taken away.
struct Given {
  std::vector<std::string> arguments{"serve"};
  std::set<std::string> variables;

  Given(std::string_view lines, const CLI::App& serve) {
    while (!lines.empty()) {
      const std::size_t end = std::min(lines.find('\n'), lines.size());
      const std::string line(lines.substr(0, end));
      lines.remove_prefix(std::min(end + 1, lines.size()));
      const std::size_t equals = line.find('=');
      if (line.starts_with("-")) {
        arguments.push_back(line);
      } else if (equals != std::string::npos && serve.get_option_no_throw("--" + line.substr(0, equals)) != nullptr) {
        const std::string name = variable_of(line.substr(0, equals));
        if (setenv(name.c_str(), line.c_str() + equals + 1, 1) == 0) variables.insert(name);
      }
    }
  }
  Given(const Given&) = delete;
  Given& operator=(const Given&) = delete;
  ~Given() {
    for (const std::string& name : variables) unsetenv(name.c_str());
  }
};

void check_values(const Command& command) {
  const ServerLimits limits = limits_of(command.limits, command.dev);
  must(limits.http.header_bytes >= 1'024 && limits.http.header_bytes <= 1'048'576, "header bytes in their bounds");
  must(limits.http.target_bytes <= limits.http.header_bytes, "a target fits into a header");
  must(limits.http.body_bytes >= 1'024 && limits.message_bytes >= 1'024, "bodies and messages in their bounds");
  must(limits.connections >= 1 && limits.pipelined >= 1 && limits.subscriptions >= 1, "something is allowed");
  must(limits.header.count() > 0 && limits.body.count() > 0 && limits.idle.count() > 0, "times are waited for");
  const AccessFlags& access = command.access;
  for (const std::string& text : {access.rate_bidder, access.rate_address, access.rate_auction, access.rate_failures}) {
    const auto rate = parse_rate(text);
    if (!rate) {
      must(!rate.error().detail.empty(), "a rate that is none is told");
    } else {
      const auto again = parse_rate(to_text(*rate));
      must(again && to_text(*again) == to_text(*rate), "a rate is read as it is shown");
    }
  }
  if (const auto networks = parse_networks(access.trusted_proxies); !networks) {
    must(!networks.error().detail.empty(), "networks that are none are told");
  }
  if (const auto leeway = parse_duration(access.jwt_leeway)) must(leeway->ms >= 0, "no time is below zero");
}

}  // namespace
}  // namespace flashbid::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace flashbid;
  using namespace flashbid::fuzz;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const std::size_t end = std::min(text.find('\0'), text.size());
  const NamelessFile file(text.substr(std::min(end + 1, text.size())));
  Command command;
  Given given(text.substr(0, end), *command.app.get_subcommands({}).front());
  // Never a file that the bytes name: /dev/stdin would be waited for.
  std::erase_if(given.arguments, [](const std::string& one) { return one.find("config") != std::string::npos; });
  given.arguments.push_back("--config=" + file.path());
  try {
    const auto said = parse_settings(command.app, given.arguments);
    if (!said) {
      must(!said.error().detail.empty(), "an error says what is wrong");
      return 0;
    }
  } catch (const CLI::Error& error) {
    must(error.get_exit_code() == 0 || error.what()[0] != '\0', "an error says what is wrong");
    return 0;
  }
  check_values(command);
  return 0;
}
