// Starts a server's program for a test, as the user that its package made for it when we are root; it ends with us.
#pragma once

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "base/assert.hpp"

namespace flashbid::testing {

// `words`: the program's path and its arguments. `variables`: NAME=VALUE each, the whole environment; none = ours.
inline pid_t spawn_as(const char* user_name, const std::vector<std::string>& words,
                      const std::vector<std::string>& variables = {}) {
  const auto pointers = [](const std::vector<std::string>& texts) {
    std::vector<char*> found;
    for (const std::string& text : texts) found.push_back(const_cast<char*>(text.c_str()));
    found.push_back(nullptr);
    return found;
  };
  const std::vector<char*> arguments = pointers(words), own = pointers(variables);
  char* const* names = variables.empty() ? environ : own.data();
  const passwd* user = ::geteuid() == 0 ? ::getpwnam(user_name) : nullptr;
  const pid_t pid = ::fork();
  require(pid >= 0, "a process can be made");
  if (pid != 0) return pid;
  if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0)) {
    ::_exit(126);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::chdir("/") != 0) ::_exit(126);
  const int nowhere = ::open("/dev/null", O_RDWR);
  for (const int each : {0, 1, 2}) ::dup2(nowhere, each);
  ::execve(arguments.front(), arguments.data(), names);
  ::_exit(127);
}

}  // namespace flashbid::testing
