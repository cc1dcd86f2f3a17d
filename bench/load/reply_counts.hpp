// What the answers to bids said, counted apart. One thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "shared/http_scan.hpp"

namespace flashbid::bench {

enum class Answer { accepted, rejected, other };

struct ReplyCounts {
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;       // as amount_below_minimum
  std::uint64_t other_answers = 0;  // 200 with anything else
  std::uint64_t http_errors = 0;    // any other status
  std::uint64_t lost = 0;           // asked, and the connection ended
  std::uint64_t unexpected = 0;     // all that were not `expected`
  std::string first_unexpected;

  [[nodiscard]] std::uint64_t answered() const { return accepted + rejected + other_answers + http_errors; }

  // Counts one whole reply.
  void count(std::string_view reply, const Message& message, Answer expected) {
    const Answer answer = read(reply, message);
    if (answer == expected) return;
    ++unexpected;
    if (first_unexpected.empty()) first_unexpected = reply;
  }

 private:
  static bool has(std::string_view text, std::string_view part) {
    return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
  }

  Answer read(std::string_view reply, const Message& message) {
    const std::string_view body = reply.substr(message.head_bytes);
    if (!reply.starts_with("HTTP/1.1 200 ")) {
      ++http_errors;
      return Answer::other;
    }
    if (has(body, R"("verdict":"accepted")")) {
      ++accepted;
      return Answer::accepted;
    }
    if (has(body, R"("verdict":"rejected")") && has(body, R"("reason":"amount_below_minimum")")) {
      ++rejected;
      return Answer::rejected;
    }
    ++other_answers;
    return Answer::other;
  }
};

}  // namespace flashbid::bench
