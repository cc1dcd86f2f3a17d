// The client for those who may wait: command-line jobs and threads of their own (the relay). One thread uses it at a
// time; each call runs the client's own io_context until it is answered.
#pragma once

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "redis/client.hpp"

namespace flashbid::redis {

class SyncClient {
 public:
  // Connected and admitted, or why not. `options.admit` is called on the calling thread, inside open() and run().
  [[nodiscard]] static Result<std::unique_ptr<SyncClient>> open(Options options);
  ~SyncClient();
  SyncClient(const SyncClient&) = delete;
  SyncClient& operator=(const SyncClient&) = delete;

  // An error reply is a Reply, as with Client.
  [[nodiscard]] Result<Reply> run(std::string_view key, Command command);
  // Pipelined; the answers in order of the commands, or the first failure once all have been answered.
  [[nodiscard]] Result<std::vector<Reply>> run(std::vector<std::pair<std::string, Command>> commands);
  [[nodiscard]] Client& client();

 private:
  struct Parts;
  explicit SyncClient(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace flashbid::redis
