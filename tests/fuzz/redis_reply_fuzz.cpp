// Any bytes from what should be Redis: the same replies however they arrive, never more than the limits, and once they
// are not the protocol, an error for good. What an error reply means is decided without harm.
#include "fuzz.hpp"
#include "redis/refusal.hpp"
#include "redis/reply.hpp"

namespace flashbid::fuzz {
namespace {

using redis::Reply;

std::size_t describe(const Reply& reply, std::string& text) {
  text += std::to_string(static_cast<int>(reply.kind())) + ":" + std::to_string(reply.integer()) + ":";
  text += std::to_string(reply.text().size()) + ":" + std::string(reply.text()) + "(";
  std::size_t elements = reply.elements().size();
  for (const Reply& element : reply.elements()) elements += describe(element, text);
  text += ")";
  return elements;
}

void check_error(const Reply& reply) {
  const redis::Address from{"127.0.0.1", 6379};
  const auto refusal = redis::refusal_of(reply, from);
  must(refusal.slot < 16'384, "a redirection names a slot that there is");
  must(refusal.meaning != redis::Refusal::Meaning::moved || refusal.address.port != 0, "a redirection leads somewhere");
  must(!redis::describe_refusal(reply, from).empty(), "a refusal says something");
  must(reply.error_code().size() + reply.error_detail().size() <= reply.text().size(), "an error is its own text");
}

struct Heard {
  std::string replies;
  bool broken = false;
};

Heard hear(const std::vector<std::string>& pieces) {
  redis::ReplyReader reader;
  Heard heard;
  for (const std::string& piece : pieces) {
    reader.feed(piece);
    for (;;) {
      auto reply = reader.next();
      if (!reply) {
        must(!reply.error().detail.empty(), "an error says what is wrong");
        reader.feed("+OK\r\n");
        must(!reader.next(), "what is broken stays broken");
        heard.broken = true;
        return heard;
      }
      if (!*reply) break;
      must(describe(**reply, heard.replies) <= redis::ReplyReader::max_elements, "a reply keeps to its limit");
      if ((*reply)->is_error()) check_error(**reply);
    }
  }
  return heard;
}

}  // namespace
}  // namespace flashbid::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace flashbid::fuzz;
  const std::string_view stream(reinterpret_cast<const char*>(bytes), size);
  const Heard whole = hear({std::string(stream)});
  for (const std::size_t most : {std::size_t{1}, std::size_t{7}, std::size_t{200}}) {
    const Heard split = hear(in_pieces(stream, most));
    must(split.replies == whole.replies, "replies do not depend on how their bytes arrive");
    must(split.broken == whole.broken, "nor does what is no reply");
  }
  return 0;
}
