// A RabbitMQ of a test binary's own: a node in a temporary folder, free ports of loopback (its epmd's, too), ended with
// the process also when that dies. One is shared by all tests of a binary, for it takes seconds to start; each takes a
// virtual host of its own. One thread.
#pragma once

#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/assert.hpp"
#include "relay/amqp/connection.hpp"
#include "support/free_port.hpp"
#include "support/spawn.hpp"
#include "support/temporary_folder.hpp"

namespace flashbid::testing {

class RabbitmqServer {
 public:
  // The one of this binary.
  static RabbitmqServer& shared() {
    static RabbitmqServer server;
    return server;
  }

  // A new virtual host, in which nothing is declared, of a server that runs.
  [[nodiscard]] AmqpUrl fresh_host() {
    start();
    const std::string name = "test_" + std::to_string(++hosts_);
    ctl({"add_vhost", name});
    ctl({"set_permissions", "-p", name, "guest", ".*", ".*", ".*"});
    return url(name);
  }
  [[nodiscard]] AmqpUrl url(const std::string& host) const {
    return AmqpUrl::parse("amqp://guest:guest@127.0.0.1:" + std::to_string(port_) + "/" + host).value();
  }

  // What an operator would type.
  void ctl(std::vector<std::string> words) {
    words.insert(words.begin(), bin("rabbitmqctl"));
    const pid_t asked = spawn(words);
    int status = 0;
    require(::waitpid(asked, &status, 0) == asked && status == 0, "rabbitmqctl does " + words[1]);
  }
  // The memory alarm, at once.
  void raise_alarm() { ctl({"set_vm_memory_high_watermark", "absolute", "1"}); }
  void end_alarm() { ctl({"set_vm_memory_high_watermark", "0.4"}); }

  // kill -9, of one whose queues are no longer new (AmqpSinkOptions::new_queues).
  void kill() {
    if (pid_ == 0) return;
    ctl({"eval", "[dets:sync(Table) || Table <- dets:all()]."});
    end();
  }
  // Stands still, connections open, until resume().
  void pause() { ::kill(pid_, SIGSTOP); }
  void resume() { ::kill(pid_, SIGCONT); }
  void start() {
    if (pid_ != 0) return;
    if (epmd_ == 0) {
      epmd_ = spawn({"/usr/bin/epmd", "-port", std::to_string(epmd_port_), "-address", "127.0.0.1"});
    }
    pid_ = spawn({bin("rabbitmq-server")});
    // Seconds; a machine that stands still for a while is waited for.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{180};
    while (!amqp::Connection::open(url(""), std::chrono::seconds{10})) {
      require(::waitpid(pid_, nullptr, WNOHANG) == 0, "RabbitMQ stays, but says: " + log());
      require(std::chrono::steady_clock::now() < deadline, "RabbitMQ answers, but says: " + log());
      std::this_thread::sleep_for(std::chrono::milliseconds{50});
    }
    ctl({"await_startup"});  // it serves clients a moment before it serves operators
  }

 private:
  void end() {
    if (pid_ == 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  RabbitmqServer() {
    const auto write = [this](const char* name, const std::string& text) {
      std::ofstream(folder_.path() / name) << text;
    };
    write("rabbitmq.conf", "disk_free_limit.absolute = 10MB\n");
    write("enabled_plugins", "[].\n");
    write("env.conf", "");
    if (::geteuid() != 0) return;
    const passwd* user = ::getpwnam("rabbitmq");
    require(user != nullptr, "the user rabbitmq is there");
    for (const char* name : {"", "rabbitmq.conf", "enabled_plugins", "env.conf"}) {
      require(::chown((folder_.path() / name).c_str(), user->pw_uid, user->pw_gid) == 0,
              "the folder can be given away");
    }
  }
  ~RabbitmqServer() {
    end();
    if (epmd_ != 0) ::kill(epmd_, SIGKILL);
    if (epmd_ != 0) ::waitpid(epmd_, nullptr, 0);
  }

  // The end of what it has said.
  [[nodiscard]] std::string log() const {
    constexpr std::size_t most = 4'000;
    std::string said;
    std::error_code none;
    for (const auto& each : std::filesystem::directory_iterator(folder_.path() / "log", none)) {
      std::ifstream file(each.path());
      said.append(std::istreambuf_iterator<char>(file), {});
    }
    return said.size() <= most ? said : said.substr(said.size() - most);
  }

  static std::string bin(const std::string& name) { return "/usr/lib/rabbitmq/bin/" + name; }

  [[nodiscard]] std::vector<std::string> environment() const {
    const auto in_folder = [this](const char* name) { return (folder_.path() / name).string(); };
    return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG=C.UTF-8",
            "HOME=" + folder_.path().string(),
            "RUNNING_UNDER_SYSTEMD=1",  // the node is the process that was made, no shell around it
            "RABBITMQ_NODENAME=fb@localhost",
            "RABBITMQ_NODE_IP_ADDRESS=127.0.0.1",
            "RABBITMQ_NODE_PORT=" + std::to_string(port_),
            "RABBITMQ_DIST_PORT=" + std::to_string(dist_port_),
            "RABBITMQ_CTL_DIST_PORT_MIN=1024",  // else one of eleven, which others may have
            "RABBITMQ_CTL_DIST_PORT_MAX=65535",
            "RABBITMQ_MNESIA_BASE=" + in_folder("data"),
            "RABBITMQ_LOG_BASE=" + in_folder("log"),
            "RABBITMQ_PID_FILE=" + in_folder("pid"),
            "RABBITMQ_CONF_ENV_FILE=" + in_folder("env.conf"),
            "RABBITMQ_CONFIG_FILE=" + in_folder("rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE=" + in_folder("enabled_plugins"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=+S 1:1 -kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_ADDRESS=127.0.0.1",
            "ERL_EPMD_PORT=" + std::to_string(epmd_port_)};
  }

  // As the user rabbitmq when we are root: the package's programs expect that.
  [[nodiscard]] pid_t spawn(const std::vector<std::string>& words) const {
    return spawn_as("rabbitmq", words, environment());
  }

  TemporaryFolder folder_;
  int port_ = free_port(), dist_port_ = free_port(), epmd_port_ = free_port();
  pid_t pid_ = 0, epmd_ = 0;
  int hosts_ = 0;
};

}  // namespace flashbid::testing
