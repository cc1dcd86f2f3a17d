// A PostgreSQL of a test binary's own: a cluster in a temporary folder, a free port of loopback, ended with the process
// also when that dies. One is shared by all tests of a binary; each takes a fresh database. One thread.
#pragma once

#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "archive/connection.hpp"
#include "base/assert.hpp"
#include "support/free_port.hpp"
#include "support/spawn.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {

class PostgresServer {
 public:
  // The one of this binary.
  static PostgresServer& shared() {
    static PostgresServer server;
    return server;
  }

  // A new, empty database, of a server that runs.
  [[nodiscard]] ArchiveUrl fresh_database() {
    start();
    const std::string name = "test_" + std::to_string(++databases_);
    auto connection = archive::Connection::open(url("postgres"), std::chrono::seconds{10});
    require(connection.has_value() && connection->run("CREATE DATABASE " + name).has_value(), "a database can be made");
    return url(name);
  }
  [[nodiscard]] ArchiveUrl url(const std::string& database) const {
    return ArchiveUrl::parse("postgres://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database).value();
  }

  // kill -9 of the server and all its processes, each of which is a process group of its own.
  void kill() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGSTOP);  // makes no more of them
    std::vector<pid_t> all;
    std::ifstream children("/proc/" + std::to_string(pid_) + "/task/" + std::to_string(pid_) + "/children");
    for (pid_t child = 0; children >> child;) all.push_back(child);
    for (const pid_t child : all) ::kill(child, SIGKILL);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    for (const pid_t child : all) {
      while (is_running(child)) std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    pid_ = 0;
  }
  // What a kill leaves is in the kernel: without fsync the many restarts of a test are quick.
  void start() {
    if (pid_ != 0) return;
    pid_ =
        spawn({bin() / "postgres", "-D", data(), "-p", std::to_string(port_), "-c", "listen_addresses=127.0.0.1", "-c",
               "unix_socket_directories=" + folder_.path().string(), "-c", "max_connections=40", "-c", "fsync=off"});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!archive::Connection::open(url("postgres"), std::chrono::seconds{2})) {
      require(std::chrono::steady_clock::now() < deadline, "PostgreSQL answers");
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
  }

 private:
  PostgresServer() {
    if (::geteuid() == 0) {
      const passwd* user = ::getpwnam("postgres");
      require(user != nullptr, "the user postgres is there");
      require(::chown(folder_.path().c_str(), user->pw_uid, user->pw_gid) == 0, "the folder can be given away");
    }
    const pid_t made = spawn({bin() / "initdb", "-A", "trust", "--no-sync", "-U", "postgres", "-E", "UTF8",
                              "--locale=C.UTF-8", "-D", data()});
    int status = 0;
    require(::waitpid(made, &status, 0) == made && status == 0, "initdb makes a cluster");
    port_ = free_port();
  }
  ~PostgresServer() { kill(); }

  [[nodiscard]] std::string data() const { return (folder_.path() / "data").string(); }
  // Neither gone nor waiting for whoever inherited it to notice.
  static bool is_running(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(stat, text);
    const std::size_t end = text.rfind(')');
    return end != std::string::npos && text.compare(end, 3, ") Z") != 0;
  }
  // The newest that is installed.
  static std::filesystem::path bin() {
    std::vector<std::filesystem::path> found;
    for (const auto& each : std::filesystem::directory_iterator("/usr/lib/postgresql")) found.push_back(each.path());
    require(!found.empty(), "PostgreSQL is installed");
    return *std::ranges::max_element(found) / "bin";
  }

  // As the user postgres when we are root, which PostgreSQL refuses.
  static pid_t spawn(const std::vector<std::string>& words) { return spawn_as("postgres", words); }

  TemporaryFolder folder_;
  int port_ = 0;
  pid_t pid_ = 0;
  int databases_ = 0;
};

}  // namespace flashbid::testing
