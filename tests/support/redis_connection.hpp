// A blocking connection to a test's Redis, by hiredis itself: what a test says to Redis does not go through the client
// that is to be tested. Pipelines with send() and receive(). One thread.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.hpp"

namespace flashbid::testing {

// A reply as plain values.
struct RedisValue {
  bool error = false;
  bool null = false;
  std::string text;               // a string, a status, an error, or a number's digits
  std::vector<RedisValue> items;  // an array's

  friend std::ostream& operator<<(std::ostream& out, const RedisValue& value) {
    out << (value.error ? "error " : "") << (value.null ? "null" : value.text);
    for (const RedisValue& item : value.items) out << "\n  " << item;
    return out;
  }
};

class RedisConnection {
 public:
  explicit RedisConnection(int port)
      : context_(redisConnectWithTimeout("127.0.0.1", port, {.tv_sec = 5, .tv_usec = 0}), redisFree) {
    require(context_ && context_->err == 0, "a connection to the test's Redis");
    redisSetTimeout(context_.get(), {.tv_sec = 60, .tv_usec = 0});
  }

  void send(const std::vector<std::string>& words) {
    pointers_.clear();
    sizes_.clear();
    for (const auto& word : words) {
      pointers_.push_back(word.data());
      sizes_.push_back(word.size());
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(words.size()), pointers_.data(), sizes_.data());
  }

  RedisValue receive() {
    void* reply = nullptr;
    require(redisGetReply(context_.get(), &reply) == REDIS_OK, "a reply from the test's Redis");
    const std::unique_ptr<void, void (*)(void*)> owned(reply, freeReplyObject);
    return value_of(*static_cast<redisReply*>(reply));
  }

  RedisValue ask(const std::vector<std::string>& words) {
    send(words);
    return receive();
  }

 private:
  static RedisValue value_of(const redisReply& reply) {
    RedisValue value;
    value.error = reply.type == REDIS_REPLY_ERROR;
    value.null = reply.type == REDIS_REPLY_NIL;
    if (reply.str != nullptr) value.text.assign(reply.str, static_cast<std::size_t>(reply.len));
    if (reply.type == REDIS_REPLY_INTEGER) value.text = std::to_string(reply.integer);
    for (std::size_t i = 0; i < reply.elements; ++i) value.items.push_back(value_of(*reply.element[i]));
    return value;
  }

  std::unique_ptr<redisContext, void (*)(redisContext*)> context_;
  std::vector<const char*> pointers_;
  std::vector<std::size_t> sizes_;
};

}  // namespace flashbid::testing
