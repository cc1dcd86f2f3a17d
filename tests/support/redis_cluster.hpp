// A Redis Cluster of a test's own: three primaries and a replica each, on loopback, ended with the test.
#pragma once

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "support/redis_server.hpp"

namespace flashbid::testing {

// What a program prints, both streams. `words` go through no shell's eyes but quotes: none may stand in them.
inline std::string output_of(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += "'" + word + "' ";
  std::FILE* pipe = ::popen(("timeout 60 " + line + "2>&1").c_str(), "r");
  require(pipe != nullptr, "a program can be started");
  std::string output;
  std::array<char, 4096> piece{};
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), pipe)) output.append(piece.data(), size);
  ::pclose(pipe);
  return output;
}

// redis-cli's output, without the newline at its end.
inline std::string redis_cli(int port, std::vector<std::string> words) {
  words.insert(words.begin(), {"redis-cli", "-p", std::to_string(port)});
  std::string output = output_of(words);
  while (output.ends_with('\n')) output.pop_back();
  return output;
}

class RedisCluster {
 public:
  static constexpr std::size_t size = 6;

  explicit RedisCluster(const std::string& appendfsync = "always", const std::vector<std::string>& environment = {}) {
    std::vector<std::string> create{"redis-cli", "--cluster", "create"};
    for (std::size_t i = 0; i < size; ++i) {
      nodes_.push_back(std::make_unique<RedisServer>(
          RedisSettings{.appendfsync = appendfsync,
                        .more = {"--cluster-enabled", "yes", "--cluster-node-timeout", "1500",
                                 "--repl-diskless-sync-delay", "0", "--cluster-replica-validity-factor", "0"},
                        .environment = environment}));
      create.push_back("127.0.0.1:" + std::to_string(nodes_.back()->port()));
    }
    create.insert(create.end(), {"--cluster-replicas", "1", "--cluster-yes"});
    const std::string output = output_of(create);
    require(output.find("All 16384 slots covered") != std::string::npos, "the cluster is made: " + output);
    require(settled(), "the cluster settles");
  }

  [[nodiscard]] RedisServer& node(std::size_t index) { return *nodes_.at(index); }
  [[nodiscard]] std::string url() const {
    std::string url = "redis://";
    for (std::size_t i = 0; i < size; ++i) url += (i == 0 ? "" : ",") + address(*nodes_[i]);
    return url;
  }
  static std::string address(const RedisServer& server) { return "127.0.0.1:" + std::to_string(server.port()); }

  // Whether every running node calls the cluster well and its replicas are in step, waiting up to 20 s for it.
  [[nodiscard]] bool settled() {
    return soon([this] {
      for (auto& node : nodes_) {
        if (!node->running()) continue;
        if (redis_cli(node->port(), {"CLUSTER", "INFO"}).find("cluster_state:ok") == std::string::npos) return false;
        const std::string replication = redis_cli(node->port(), {"INFO", "replication"});
        if (replication.find("role:slave") != std::string::npos &&
            replication.find("master_link_status:up") == std::string::npos) {
          return false;
        }
      }
      return true;
    });
  }
  // The index of the node that is the primary of `key` now, as node `asked` sees it.
  [[nodiscard]] std::size_t primary_of(const std::string& key) {
    const std::string slot = redis_cli(running().port(), {"CLUSTER", "KEYSLOT", key});
    for (std::size_t i = 0; i < size; ++i) {
      if (nodes_[i]->running() && is_primary(i) && serves(i, std::stoul(slot))) return i;
    }
    return size;
  }
  [[nodiscard]] std::size_t replica_of(std::size_t primary) {
    const std::string id = redis_cli(node(primary).port(), {"CLUSTER", "MYID"});
    for (std::size_t i = 0; i < size; ++i) {
      if (!nodes_[i]->running() || i == primary) continue;
      if (own_line(i).find("slave " + id) != std::string::npos) return i;
    }
    return size;
  }
  // How far it is in the stream of writes that primaries send to replicas.
  [[nodiscard]] std::string offset_of(std::size_t index) {
    constexpr std::string_view name = "master_repl_offset:";
    const std::string told = redis_cli(node(index).port(), {"INFO", "replication"});
    const std::size_t at = told.find(name);
    return at == std::string::npos ? std::string() : told.substr(at, told.find('\r', at) - at);
  }
  [[nodiscard]] bool is_primary(std::size_t index) {
    return own_line(index).find("myself,master") != std::string::npos;
  }
  [[nodiscard]] std::string id_of(std::size_t index) { return redis_cli(node(index).port(), {"CLUSTER", "MYID"}); }

  template <class Holds>
  static bool soon(Holds holds) {
    for (int i = 0; i < 200; ++i) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  }

 private:
  RedisServer& running() {
    for (auto& node : nodes_) {
      if (node->running()) return *node;
    }
    require(false, "a node of the cluster runs");
    return *nodes_.front();
  }
  // What the node says of itself in CLUSTER NODES.
  std::string own_line(std::size_t index) {
    std::stringstream lines(redis_cli(node(index).port(), {"CLUSTER", "NODES"}));
    std::string line;
    while (std::getline(lines, line)) {
      if (line.find("myself") != std::string::npos) return line;
    }
    return {};
  }
  bool serves(std::size_t index, std::size_t slot) {
    std::stringstream words(own_line(index));
    std::string word;
    for (int i = 0; words >> word; ++i) {
      if (i < 8 || word.starts_with('[')) continue;
      const auto dash = word.find('-');
      const std::size_t first = std::stoul(word);
      const std::size_t last = dash == std::string::npos ? first : std::stoul(word.substr(dash + 1));
      if (slot >= first && slot <= last) return true;
    }
    return false;
  }

  std::vector<std::unique_ptr<RedisServer>> nodes_;
};

}  // namespace flashbid::testing
