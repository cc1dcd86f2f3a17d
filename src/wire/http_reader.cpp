#include "wire/http_reader.hpp"

#include <simdjson.h>
#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>
#include <utility>

namespace flashbid {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t first_buffer_bytes = 4 * 1024;
constexpr std::size_t most_kept_bytes = 64 * 1024;  // between two requests
constexpr std::size_t least_room_bytes = 1024;
constexpr std::size_t most_chunk_line_bytes = 4 * 1024;
constexpr std::size_t most_trailer_bytes = 4 * 1024;

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
    return lower(x) == lower(y);
  });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::get;
    case http::verb::head:
      return Method::head;
    case http::verb::post:
      return Method::post;
    case http::verb::put:
      return Method::put;
    case http::verb::patch:
      return Method::patch;
    case http::verb::delete_:
      return Method::del;
    case http::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

std::optional<HttpField> field_of(http::field known, std::string_view name) {
  switch (known) {
    case http::field::host:
      return HttpField::host;
    case http::field::origin:
      return HttpField::origin;
    case http::field::content_type:
      return HttpField::content_type;
    case http::field::accept:
      return HttpField::accept;
    case http::field::authorization:
      return HttpField::authorization;
    case http::field::if_none_match:
      return HttpField::if_none_match;
    case http::field::upgrade:
      return HttpField::upgrade;
    case http::field::connection:
      return HttpField::connection;
    case http::field::expect:
      return HttpField::expect;
    case http::field::sec_websocket_key:
      return HttpField::websocket_key;
    case http::field::sec_websocket_version:
      return HttpField::websocket_version;
    case http::field::sec_websocket_protocol:
      return HttpField::websocket_protocol;
    case http::field::transfer_encoding:
      return HttpField::transfer_encoding;
    case http::field::unknown:
      break;
    default:
      return std::nullopt;
  }
  if (equal_ignoring_case(name, "x-bidder")) return HttpField::x_bidder;
  if (equal_ignoring_case(name, "idempotency-key")) return HttpField::idempotency_key;
  if (equal_ignoring_case(name, "x-request-id")) return HttpField::x_request_id;
  if (equal_ignoring_case(name, "last-event-id")) return HttpField::last_event_id;
  return std::nullopt;
}

// Lists that may be given in several lines, and a name that proxies may add to; of all others a second line is refused.
bool may_repeat(HttpField field) {
  return field == HttpField::x_request_id || field == HttpField::accept || field == HttpField::connection ||
         field == HttpField::websocket_protocol || field == HttpField::upgrade || field == HttpField::if_none_match;
}

}  // namespace

std::string_view to_text(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      break;
  }
  return "other";
}

bool HttpRequest::lists(HttpField name, std::string_view token) const {
  const auto value = field(name);
  if (!value) return false;
  std::string_view rest = *value;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (equal_ignoring_case(trimmed(rest.substr(0, comma)), token)) return true;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return false;
}

// Beast's parser, told to keep places in the buffer instead of copies.
class HttpReader::Parser final : public http::basic_parser<true> {
 public:
  struct Place {
    std::size_t offset = 0;  // from the request's first byte
    std::size_t size = 0;
  };

  explicit Parser(const HttpLimits& limits) : limits_(limits) {
    header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    body_limit(limits.body_bytes);
    eager(true);
  }

  // Where the request's first byte stands now: the buffer may have moved since.
  void rebase(const char* base, std::size_t size) {
    base_ = base;
    base_size_ = size;
  }

  Method method = Method::other;
  Place target;
  Place body;
  std::array<std::optional<Place>, http_field_count> fields;
  std::array<Place, HttpRequest::most_forwarded_lines> forwarded;
  std::size_t forwarded_count = 0;
  std::string chunked_body;
  bool http_1_0 = false;
  bool expects_continue = false;
  std::size_t trailers_offset = 0;  // where what is behind the last chunk begins; 0 = not reached
  std::optional<WireError> error;

 private:
  using error_code = boost::beast::error_code;
  using text = boost::beast::string_view;

  void refuse(ErrorCode code, std::string detail, error_code& ec) {
    error = WireError{code, std::move(detail)};
    ec = http::error::bad_field;
  }

  // Whether the header stood in several lines. Its value is then put together elsewhere, unless its first line is
  // empty.
  [[nodiscard]] bool is_folded(text name, text value) const {
    if (!is_in_buffer(value)) return true;
    const char* after_name = name.data() + name.size();
    return text(after_name, static_cast<std::size_t>(value.data() - after_name)).find('\n') != text::npos;
  }

  [[nodiscard]] bool is_in_buffer(text value) const {
    return !std::less<>{}(value.data(), base_) && !std::less<>{}(base_ + base_size_, value.data() + value.size());
  }

  // False if the text is not in the buffer.
  bool place(text value, Place& out) const {
    if (value.empty()) {
      out = {};
      return true;
    }
    if (!is_in_buffer(value)) return false;
    out = {static_cast<std::size_t>(value.data() - base_), value.size()};
    return true;
  }

  void on_request_impl(http::verb verb, text, text request_target, int version, error_code& ec) override {
    method = method_of(verb);
    http_1_0 = version == 10;
    if (request_target.size() > limits_.target_bytes) {
      return refuse(ErrorCode::uri_too_long,
                    "the target has " + std::to_string(request_target.size()) + " bytes, at most " +
                        std::to_string(limits_.target_bytes) + " are allowed",
                    ec);
    }
    // RFC 9112, 3.2: no form of a target begins with its query.
    const bool has_path = !request_target.empty() && request_target.front() != '?';
    if (!has_path || !place(request_target, target))
      refuse(ErrorCode::bad_request, "the request line is malformed", ec);
  }
  void on_response_impl(int, text, int, error_code&) override {}

  void on_field_impl(http::field known, text name, text value, error_code& ec) override {
    if (is_folded(name, value))
      return refuse(ErrorCode::bad_request, "a header is folded over lines; use one line", ec);
    // What comes behind the body is no header: a proxy has not looked at it, and nothing here goes by it.
    if (trailers_offset != 0) return;
    Place placed;
    (void)place(value, placed);
    constexpr std::size_t two_line_ends = 4;
    if (static_cast<std::size_t>(value.data() - base_) + value.size() + two_line_ends > limits_.header_bytes) {
      ec = http::error::header_limit;
      return;
    }
    if (known == http::field::content_length) {
      const bool is_list = value.find(',') != text::npos;
      if (std::exchange(has_content_length_, true) || is_list) {
        return refuse(ErrorCode::bad_request, "the Content-Length is given twice; send it once", ec);
      }
    }
    if (known == http::field::unknown && equal_ignoring_case({name.data(), name.size()}, "x-forwarded-for")) {
      return add_forwarded(placed);
    }
    const auto field = field_of(known, {name.data(), name.size()});
    if (!field) return;
    auto& slot = fields[static_cast<std::size_t>(*field)];
    if (slot) {
      if (may_repeat(*field)) return;
      return refuse(ErrorCode::bad_request, "the header " + std::string(name) + " stands twice; send it once", ec);
    }
    slot = placed;
  }

  void on_header_impl(error_code& ec) override {
    if (!http_1_0 && !fields[static_cast<std::size_t>(HttpField::host)]) {
      return refuse(ErrorCode::bad_request, "the Host header is missing", ec);
    }
    const auto value_of = [this](HttpField field) {
      const auto& found = fields[static_cast<std::size_t>(field)];
      return found ? std::string_view(base_ + found->offset, found->size) : std::string_view();
    };
    if (fields[static_cast<std::size_t>(HttpField::transfer_encoding)]) {
      const auto coding = value_of(HttpField::transfer_encoding);
      if (http_1_0) return refuse(ErrorCode::bad_request, "HTTP/1.0 has no Transfer-Encoding", ec);
      if (!equal_ignoring_case(coding, "chunked")) {
        return refuse(ErrorCode::transfer_coding_not_implemented, "only the transfer coding `chunked` is known", ec);
      }
    }
    expects_continue = equal_ignoring_case(value_of(HttpField::expect), "100-continue");
  }

  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(text part, error_code&) override {
    // The parts of a body with a length lie one behind the other.
    if (body.size == 0) body.offset = static_cast<std::size_t>(part.data() - base_);
    body.size += part.size();
    return part.size();
  }
  void on_chunk_header_impl(std::uint64_t size, text extensions, error_code& ec) override {
    const char* end = extensions.data() + extensions.size();
    const char* begin = extensions.data();
    while (begin != base_ && begin[-1] != '\n') --begin;
    if (static_cast<std::size_t>(end - begin) > most_chunk_line_bytes) {
      return refuse(ErrorCode::bad_request, "the line before a chunk of the body is too long", ec);
    }
    constexpr std::size_t line_end = 2;
    if (size == 0) trailers_offset = static_cast<std::size_t>(end - base_) + line_end;
  }
  std::size_t on_chunk_body_impl(std::uint64_t, text part, error_code&) override {
    chunked_body.append(part.data(), part.size());
    return part.size();
  }
  void on_finish_impl(error_code&) override {}

  void add_forwarded(Place line) {
    if (forwarded_count == forwarded.size()) std::ranges::rotate(forwarded, forwarded.begin() + 1);
    forwarded_count = std::min(forwarded_count + 1, forwarded.size());
    forwarded[forwarded_count - 1] = line;
  }

  const HttpLimits& limits_;
  const char* base_ = nullptr;
  std::size_t base_size_ = 0;
  bool has_content_length_ = false;
};

HttpReader::HttpReader(HttpLimits limits) : limits_(limits) {}
HttpReader::~HttpReader() = default;

std::span<char> HttpReader::room() {
  if (begin_ == end_ && !parser_) {
    begin_ = parsed_ = end_ = 0;
    // One long request is not paid for as long as the connection lives.
    if (buffer_.size() > most_kept_bytes) buffer_ = {};
  }
  // What simdjson may read behind a body is always there.
  const auto free_bytes = [this] {
    const std::size_t used = end_ + simdjson::SIMDJSON_PADDING;
    return buffer_.size() > used ? buffer_.size() - used : 0;
  };
  if (free_bytes() < least_room_bytes && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    parsed_ -= begin_;
    begin_ = 0;
  }
  if (free_bytes() < least_room_bytes) buffer_.resize(std::max(first_buffer_bytes, buffer_.size() * 2));
  return {buffer_.data() + end_, free_bytes()};
}

void HttpReader::received(std::size_t bytes) { end_ += bytes; }

std::variant<HttpReader::NeedMore, HttpRequest, WireError> HttpReader::next() {
  if (failed_) return NeedMore{};
  if (!parser_) skip_blank_lines();
  const bool half_a_blank_line = !parser_ && end_ - parsed_ == 1 && buffer_[parsed_] == '\r';
  if (parsed_ == end_ || half_a_blank_line) return NeedMore{};
  if (!parser_) parser_ = std::make_unique<Parser>(limits_);
  parser_->rebase(buffer_.data() + begin_, end_ - begin_);
  while (parsed_ < end_ && !parser_->is_done()) {
    boost::beast::error_code ec;
    const std::size_t taken = parser_->put(boost::asio::const_buffer(buffer_.data() + parsed_, end_ - parsed_), ec);
    parsed_ += taken;
    if (ec == http::error::need_more) break;
    if (ec) {
      failed_ = true;
      return parser_->error ? *parser_->error : explain(ec.value());
    }
    if (taken == 0) break;
  }
  if (parser_->is_done() && parser_->trailers_offset == 0) return assemble();
  auto error = parser_->is_done()          ? check_finished_chunks()
               : parser_->is_header_done() ? check_unfinished_chunks()
                                           : check_unfinished_header();
  if (parser_->is_done() && !error) return assemble();
  if (!error) return NeedMore{};
  failed_ = true;
  return std::move(*error);
}

HttpRequest HttpReader::assemble() {
  const char* base = buffer_.data() + begin_;
  const auto view = [base](const Parser::Place& place) { return std::string_view(base + place.offset, place.size); };
  HttpRequest request;
  request.method = parser_->method;
  request.http_1_0 = parser_->http_1_0;
  request.keep_alive = parser_->keep_alive();
  const std::string_view target = view(parser_->target);
  const std::size_t question = std::min(target.find('?'), target.size());
  request.path = target.substr(0, question);
  request.query = target.substr(std::min(question + 1, target.size()));
  for (std::size_t i = 0; i < http_field_count; ++i) {
    if (parser_->fields[i]) request.fields[i] = view(*parser_->fields[i]);
  }
  request.forwarded_count = parser_->forwarded_count;
  for (std::size_t i = 0; i < parser_->forwarded_count; ++i) {
    request.forwarded_lines[i] = view(parser_->forwarded[i]);
  }
  if (parser_->chunked_body.empty()) {
    request.body = view(parser_->body);
  } else {
    chunked_body_ = std::move(parser_->chunked_body);
    chunked_body_.reserve(chunked_body_.size() + simdjson::SIMDJSON_PADDING);
    request.body = chunked_body_;
  }
  parser_.reset();
  begin_ = parsed_;
  return request;
}

bool HttpReader::take_expects_continue() {
  if (!parser_ || !parser_->is_header_done() || !parser_->expects_continue) return false;
  return std::exchange(parser_->expects_continue, false);
}

bool HttpReader::idle() const { return begin_ == end_ && !parser_; }

bool HttpReader::in_body() const { return parser_ && parser_->is_header_done(); }

std::string_view HttpReader::rest() const { return {buffer_.data() + parsed_, end_ - parsed_}; }

// A header that never ends must not be waited for beyond its limits.
std::optional<WireError> HttpReader::check_unfinished_header() const {
  const std::string_view received(buffer_.data() + begin_, end_ - begin_);
  const std::size_t line_end = received.find('\n');
  if (line_end == std::string_view::npos && received.size() > limits_.target_bytes + 64) {
    return WireError{ErrorCode::uri_too_long,
                     "the target is longer than " + std::to_string(limits_.target_bytes) + " bytes"};
  }
  if (received.size() > limits_.header_bytes) {
    return WireError{ErrorCode::headers_too_large,
                     "the headers are longer than " + std::to_string(limits_.header_bytes) + " bytes"};
  }
  return std::nullopt;
}

WireError HttpReader::trailers_too_large() {
  return {ErrorCode::headers_too_large,
          "what follows the last chunk is longer than " + std::to_string(most_trailer_bytes) + " bytes"};
}

// Between chunks, what the parser leaves is a line that has not ended.
std::optional<WireError> HttpReader::check_unfinished_chunks() const {
  if (!parser_->chunked()) return std::nullopt;
  const std::string_view line(buffer_.data() + parsed_, end_ - parsed_);
  const std::size_t line_feed = line.find('\n');
  const bool bare_line_feed = line_feed != std::string_view::npos && (line_feed == 0 || line[line_feed - 1] != '\r');
  if (bare_line_feed) return WireError{ErrorCode::bad_request, "a chunk of the body is malformed"};
  // No more is waited for than can still become a request: the end of a chunk and a line, then trailers.
  if (line_feed == std::string_view::npos && line.size() > most_chunk_line_bytes + 4) {
    return WireError{ErrorCode::bad_request, "the line before a chunk of the body is too long"};
  }
  if (line.size() > most_chunk_line_bytes + most_trailer_bytes + 64) return trailers_too_large();
  return check_chunk_bytes(end_ - begin_);
}

// What comes at once has the same limits as what is waited for.
std::optional<WireError> HttpReader::check_finished_chunks() const {
  const std::size_t bytes = parsed_ - begin_;
  if (bytes - parser_->trailers_offset > most_trailer_bytes) return trailers_too_large();
  return check_chunk_bytes(bytes);
}

// Tiny chunks with long extensions would fill the memory though the body is short.
std::optional<WireError> HttpReader::check_chunk_bytes(std::size_t request_bytes) const {
  if (request_bytes <= limits_.header_bytes + 4 * limits_.body_bytes) return std::nullopt;
  return WireError{ErrorCode::payload_too_large, "the chunks of the body take too many bytes"};
}

// RFC 9112, 2.2: empty lines before a request are passed over.
void HttpReader::skip_blank_lines() {
  while (end_ - parsed_ >= 2 && buffer_[parsed_] == '\r' && buffer_[parsed_ + 1] == '\n') parsed_ += 2;
  begin_ = parsed_;
}

WireError HttpReader::explain(int beast_error) const {
  switch (static_cast<http::error>(beast_error)) {
    case http::error::header_limit:
      return {ErrorCode::headers_too_large,
              "the headers are longer than " + std::to_string(limits_.header_bytes) + " bytes"};
    case http::error::body_limit:
      return {ErrorCode::payload_too_large, "the body is longer than " + std::to_string(limits_.body_bytes) + " bytes"};
    case http::error::bad_version: {
      // "GET / HTTP/2.0" names a version; "GET /" is not a request at all.
      const std::string_view received(buffer_.data() + begin_, end_ - begin_);
      const std::string_view line = received.substr(0, received.find('\r'));
      const std::size_t version = line.rfind(" HTTP/");
      const bool names_one = version != std::string_view::npos && line.size() == version + 9 &&
                             line[version + 7] == '.' && std::ranges::count(line, ' ') == 2;
      if (names_one) return {ErrorCode::http_version_not_supported, "HTTP/1.1 and HTTP/1.0 are supported"};
      return {ErrorCode::bad_request, "the request line is malformed"};
    }
    case http::error::bad_content_length:
    case http::error::multiple_content_length:
      return {ErrorCode::bad_request, "the Content-Length is malformed or contradicts another header"};
    case http::error::bad_transfer_encoding:
      return {ErrorCode::bad_request, "the Transfer-Encoding is malformed or contradicts another header"};
    case http::error::bad_chunk:
    case http::error::bad_chunk_extension:
      return {ErrorCode::bad_request, "a chunk of the body is malformed"};
    case http::error::bad_method:
    case http::error::bad_target:
      return {ErrorCode::bad_request, "the request line is malformed"};
    default:
      return {ErrorCode::bad_request, "a header is malformed"};
  }
}

}  // namespace flashbid
