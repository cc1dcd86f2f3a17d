#include "redis/sync.hpp"

#include <boost/asio/io_context.hpp>
#include <optional>

namespace flashbid::redis {

struct SyncClient::Parts {
  explicit Parts(Options options) : client(io, std::move(options)) {}
  template <class Holds>
  void run_until(Holds holds) {
    while (!holds()) {
      // The client always has a timer under way, so that there is always something to run.
      if (io.stopped()) io.restart();
      io.run_one();
    }
  }

  boost::asio::io_context io{1};
  Client client;
};

SyncClient::SyncClient(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SyncClient::~SyncClient() = default;

Result<std::unique_ptr<SyncClient>> SyncClient::open(Options options) {
  auto parts = std::make_unique<Parts>(std::move(options));
  std::optional<Result<void>> ready;
  parts->client.start([&ready](Result<void> result) { ready = std::move(result); });
  parts->run_until([&ready] { return ready.has_value(); });
  if (!*ready) return std::unexpected(ready->error());
  return std::unique_ptr<SyncClient>(new SyncClient(std::move(parts)));
}

Result<Reply> SyncClient::run(std::string_view key, Command command) {
  std::optional<Result<Reply>> answer;
  parts_->client.send(key, std::move(command), [&answer](Result<Reply> result) { answer = std::move(result); });
  parts_->run_until([&answer] { return answer.has_value(); });
  return std::move(*answer);
}

Result<std::vector<Reply>> SyncClient::run(std::vector<std::pair<std::string, Command>> commands) {
  std::vector<Reply> replies(commands.size());
  std::optional<Error> error;
  std::size_t missing = commands.size();
  for (std::size_t i = 0; i < commands.size(); ++i) {
    auto& [key, command] = commands[i];
    parts_->client.send(key, std::move(command), [&, i](Result<Reply> result) {
      --missing;
      if (result) {
        replies[i] = std::move(*result);
      } else if (!error) {
        error = std::move(result.error());
      }
    });
  }
  parts_->run_until([&missing] { return missing == 0; });
  if (error) return std::unexpected(std::move(*error));
  return replies;
}

Client& SyncClient::client() { return parts_->client; }

}  // namespace flashbid::redis
