// A redis-server of a test's own: a free port of loopback, a temporary folder, ended with the test also when that dies
// (the kernel kills it with the thread that started it: start it on one that lives as long as the server should).
// One thread.
#pragma once

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/assert.hpp"
#include "support/free_port.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {

struct RedisSettings {
  bool appendonly = true;
  std::string appendfsync = "always";    // always, everysec, no
  std::vector<std::string> more;         // further arguments: {"--maxmemory", "50mb"}
  std::vector<std::string> environment;  // beside this process's own: {"TZ=UTC"}
  std::string sentinel_file;             // a Sentinel instead, with this configuration (which it rewrites)
};

class RedisServer {
 public:
  // Returns when it answers.
  explicit RedisServer(RedisSettings settings = {}) : settings_(std::move(settings)) {
    for (int attempt = 0; attempt < 10 && pid_ == 0; ++attempt) {
      port_ = free_port();  // may be taken again before redis-server binds it: then another one
      start();
    }
    require(pid_ != 0, "redis-server starts: " + log());
  }
  ~RedisServer() { kill(); }
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] const std::filesystem::path& folder() const { return folder_.path(); }
  [[nodiscard]] bool running() const { return pid_ != 0; }
  [[nodiscard]] pid_t pid() const { return pid_; }

  // kill -9.
  void kill() { end(SIGKILL); }
  // An orderly shutdown.
  void stop() { end(SIGTERM); }
  // Stands still, connections open, until resume().
  void pause() { ::kill(pid_, SIGSTOP); }
  void resume() { ::kill(pid_, SIGCONT); }
  // Starts again on the same port and folder, after kill() or stop(); returns when it answers.
  void restart() {
    require(pid_ == 0, "a server that runs is not started again");
    start();
    require(pid_ != 0, "redis-server starts again: " + log());
  }
  // Forgets all that was written; only after kill() or stop().
  void wipe() {
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path())) {
      std::filesystem::remove_all(entry.path());
    }
  }

  // What it has logged.
  [[nodiscard]] std::string log() const {
    std::ifstream file(folder_.path() / "redis.log");
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

 private:
  [[nodiscard]] std::vector<std::string> arguments() const {
    const bool sentinel = !settings_.sentinel_file.empty();
    std::vector<std::string> words{"redis-server"};
    if (sentinel) words.insert(words.end(), {settings_.sentinel_file, "--sentinel"});
    words.insert(words.end(), {"--port", std::to_string(port_), "--bind", "127.0.0.1", "--dir", folder_.path().string(),
                               "--logfile", (folder_.path() / "redis.log").string()});
    if (!sentinel) {
      words.insert(words.end(), {"--save", "", "--appendonly", settings_.appendonly ? "yes" : "no", "--appendfsync",
                                 settings_.appendfsync});
    }
    words.insert(words.end(), settings_.more.begin(), settings_.more.end());
    return words;
  }

  void start() {
    std::vector<std::string> words = arguments();
    std::vector<char*> argv;
    for (auto& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != parent) ::_exit(1);
      // What it says before its log file is open goes nowhere.
      const int nowhere = ::open("/dev/null", O_RDWR);
      ::dup2(nowhere, STDOUT_FILENO);
      ::dup2(nowhere, STDERR_FILENO);
      for (std::string& variable : settings_.environment) ::putenv(variable.data());
      ::execvp(argv.front(), argv.data());
      ::_exit(127);
    }
    if (!answers_soon()) kill();
  }

  // Waits until it answers; false if it has ended, or takes over a minute.
  bool answers_soon() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (std::chrono::steady_clock::now() < deadline) {
      if (answers()) return true;
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = 0;
        return false;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  [[nodiscard]] bool answers() const {
    redisContext* context = redisConnectWithTimeout("127.0.0.1", port_, {.tv_sec = 1, .tv_usec = 0});
    bool ok = context != nullptr && context->err == 0;
    // Somebody else may listen there and never answer.
    ok = ok && redisSetTimeout(context, {.tv_sec = 1, .tv_usec = 0}) == REDIS_OK;
    if (ok) {
      auto* reply = static_cast<redisReply*>(redisCommand(context, "PING"));
      ok = reply != nullptr && reply->type == REDIS_REPLY_STATUS;  // not -LOADING
      if (reply != nullptr) freeReplyObject(reply);
    }
    if (context != nullptr) redisFree(context);
    return ok;
  }

  void end(int signal) {
    if (pid_ == 0) return;
    ::kill(pid_, signal);
    if (signal != SIGKILL) ::kill(pid_, SIGCONT);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

  RedisSettings settings_;
  TemporaryFolder folder_;
  int port_ = 0;
  pid_t pid_ = 0;
};

}  // namespace flashbid::testing
