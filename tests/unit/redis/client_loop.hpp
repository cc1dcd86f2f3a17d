// A Client with the io_context that it lives on, run by the test's own thread whenever it waits for something.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "redis/client.hpp"

namespace flashbid::redis {

class ClientLoop {
 public:
  explicit ClientLoop(Options options) {
    options.on_trouble = [this](const std::string& what) { troubles.push_back(what); };
    client = std::make_unique<Client>(io, std::move(options));
  }
  explicit ClientLoop(const std::string& url) : ClientLoop(options_for(url)) {}

  ClientLoop(const ClientLoop&) = delete;
  ClientLoop& operator=(const ClientLoop&) = delete;
  // To its end, as a loop is that stops: a connection that asks a cluster for its slots holds the question, and the
  // question the connection, until there is an answer or none within its time.
  ~ClientLoop() {
    client.reset();
    io.restart();
    io.run_for(std::chrono::seconds(60));
  }

  // Short enough for a test to see them pass.
  static Options options_for(const std::string& url) {
    Options options;
    const auto parsed = parse_url(url);
    if (!parsed) throw std::runtime_error(parsed.error().detail);
    options.url = *parsed;
    return options;
  }

  // Runs until it holds; false if it does not within the time.
  template <class Holds>
  bool run_until(Holds holds, std::chrono::milliseconds most = std::chrono::seconds(60)) {
    const auto deadline = std::chrono::steady_clock::now() + most;
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      if (io.stopped()) io.restart();
      io.run_one_for(std::chrono::milliseconds(20));
    }
    return true;
  }
  void run_for(std::chrono::milliseconds time) {
    run_until([] { return false; }, time);
  }

  Result<void> start() {
    std::optional<Result<void>> ready;
    client->start([&ready](Result<void> result) { ready = std::move(result); });
    EXPECT_TRUE(run_until([&ready] { return ready.has_value(); }));
    return ready.value_or(fail(Failure::internal, "start() never answered"));
  }

  Result<Reply> run(std::string_view key, Command command) {
    std::optional<Result<Reply>> answer;
    client->send(key, std::move(command), [&answer](Result<Reply> result) {
      EXPECT_FALSE(answer.has_value()) << "answered twice";
      answer = std::move(result);
    });
    EXPECT_FALSE(answer.has_value()) << "answered within the call";
    EXPECT_TRUE(run_until([&answer] { return answer.has_value(); }));
    if (!answer) return fail(Failure::internal, "never answered");
    return std::move(*answer);
  }
  Result<Reply> run(std::initializer_list<std::string_view> words) {
    return run(*(words.begin() + 1), Command::of(words));
  }

  boost::asio::io_context io{1};
  std::vector<std::string> troubles;
  std::unique_ptr<Client> client;
};

// What it says, or why not: for comparing in one line.
inline std::string text_of(const Result<Reply>& result) {
  if (!result) {
    const char* kind = result.error().failure == Failure::unavailable       ? "unavailable: "
                       : result.error().failure == Failure::outcome_unknown ? "outcome_unknown: "
                       : result.error().failure == Failure::invalid         ? "invalid: "
                                                                            : "other failure: ";
    return kind + result.error().detail;
  }
  if (result->is_nil()) return "(nil)";
  if (result->kind() == Reply::Kind::integer) return std::to_string(result->integer());
  if (result->is_array()) return "(array of " + std::to_string(result->elements().size()) + ")";
  return (result->is_error() ? "error: " : "") + std::string(result->text());
}

}  // namespace flashbid::redis
