// Any bytes on a connection: the same requests however they arrive, and nothing in a request that a second parser
// could read otherwise.
#include <algorithm>
#include <cstring>

#include "fuzz.hpp"
#include "wire/http_reader.hpp"
#include "wire/websocket.hpp"

namespace flashbid::fuzz {
namespace {

constexpr HttpLimits limits{.header_bytes = 1024, .target_bytes = 256, .body_bytes = 512};

struct Heard {
  std::vector<std::string> requests;
  bool refused = false;
};

std::string describe(const HttpRequest& request) {
  std::string text(to_text(request.method));
  text += std::string(" ") + std::string(request.path) + "?" + std::string(request.query);
  text += request.keep_alive ? " keep" : " close";
  text += request.http_1_0 ? " 1.0" : " 1.1";
  for (std::size_t i = 0; i < http_field_count; ++i) {
    if (request.fields[i]) text += "\n" + std::to_string(i) + "=" + std::string(*request.fields[i]);
  }
  return text + "\n\n" + std::string(request.body);
}

void check_request(const HttpRequest& request) {
  must(request.path.size() + request.query.size() <= limits.target_bytes, "a target keeps to its limit");
  must(request.body.size() <= limits.body_bytes, "a body keeps to its limit");
  must(!request.path.empty(), "a request has a path");
  must(request.http_1_0 || request.field(HttpField::host).has_value(), "an HTTP/1.1 request names its host");
  const auto breaks_lines = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  must(std::ranges::none_of(request.path, breaks_lines), "a path is one line");
  for (const auto& field : request.fields) {
    must(!field || std::ranges::none_of(*field, breaks_lines), "a header is one line");
  }
  for (const std::string_view line : request.forwarded_for()) {
    must(std::ranges::none_of(line, breaks_lines), "a forwarded line is one line");
  }
  static_cast<void>(request.lists(HttpField::connection, "upgrade"));
  const std::string accepted = accept_key(request.field(HttpField::websocket_key).value_or(""));
  must(accepted.empty() || accepted.size() == 28, "a handshake's answer is a digest in base64, or none");
  // What a decoder may read behind a body is there: the address sanitizer looks.
  std::string behind(json_padding, '\0');
  if (!request.body.empty()) std::memcpy(behind.data(), request.body.data() + request.body.size(), behind.size());
}

Heard hear(const std::vector<std::string>& pieces) {
  HttpReader reader(limits);
  Heard heard;
  for (const std::string& piece : pieces) {
    std::string_view left = piece;
    while (!left.empty()) {
      const auto room = reader.room();
      must(room.size() >= 1024, "there is room to read into");
      const std::size_t part = std::min(room.size(), left.size());
      std::memcpy(room.data(), left.data(), part);
      reader.received(part);
      left.remove_prefix(part);
    }
    for (;;) {
      const auto next = reader.next();
      if (std::holds_alternative<HttpReader::NeedMore>(next)) break;
      if (const auto* error = std::get_if<WireError>(&next)) {
        check_error(*error);
        must(std::holds_alternative<HttpReader::NeedMore>(reader.next()), "nothing is read behind a refusal");
        heard.refused = true;
        return heard;
      }
      check_request(std::get<HttpRequest>(next));
      heard.requests.push_back(describe(std::get<HttpRequest>(next)));
    }
    static_cast<void>(reader.take_expects_continue());
  }
  return heard;
}

}  // namespace
}  // namespace flashbid::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace flashbid::fuzz;
  const std::string_view stream(reinterpret_cast<const char*>(bytes), size);
  // Behind any stream comes what no state of the reader takes, so that every refusal falls due: a malformed header that
  // is not complete may be refused sooner or later.
  const std::string ending = "\r\n\r\n" + std::string(6'000, '\x01') + "\r\n\r\n";
  const Heard whole = hear({std::string(stream), ending});
  must(whole.refused, "what is no request is refused");
  for (const std::size_t most : {std::size_t{1}, std::size_t{7}, std::size_t{200}}) {
    auto pieces = in_pieces(stream, most);
    pieces.push_back(ending);
    const Heard split = hear(pieces);
    must(split.requests == whole.requests, "requests do not depend on how their bytes arrive");
    must(split.refused, "what is no request is refused, however it arrives");
  }
  return 0;
}
