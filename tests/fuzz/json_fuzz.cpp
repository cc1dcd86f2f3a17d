// Any text as any body or frame: what is taken keeps every promise of its type, what is refused says why.
#include "fuzz.hpp"
#include "wire/decode.hpp"
#include "wire/http_response.hpp"

namespace flashbid::fuzz {
namespace {

constexpr Timestamp noon{1'800'000'000'000};

void check_text(std::string_view text, std::size_t most_bytes) {
  must(text.size() <= most_bytes, "a text keeps to its limit");
  must(simdjson::validate_utf8(text.data(), text.size()), "a text is UTF-8");
}

void check_refusal(const WireError& error) {
  check_error(error);
  std::string problem;
  encode_problem(error, {}, problem);
  simdjson::dom::parser parser;
  must(parser.parse(problem).error() == simdjson::SUCCESS, "a problem is JSON");
}

template <class T>
bool taken(const Decoded<T>& decoded) {
  if (!decoded) check_refusal(decoded.error());
  return decoded.has_value();
}

void check_auction(std::string_view json) {
  const auto decoded = decode_new_auction(json, noon);
  if (!taken(decoded)) return;
  must(!check_terms(decoded->terms, noon), "terms that are taken are allowed");
  check_text(decoded->terms.title, max_title_bytes);
  check_text(decoded->terms.description, max_description_bytes);
  must(!decoded->id || decoded->id->value() > 0, "an id is positive");
}

void check_frame(std::string_view json) {
  const auto decoded = decode_frame(json);
  if (!decoded) {
    check_refusal(decoded.error().error);
    check_text(decoded.error().id, max_frame_id_bytes);
    return;
  }
  if (const auto* bid = std::get_if<BidFrame>(&*decoded)) {
    check_text(bid->id, max_frame_id_bytes);
    must(bid->auction.value() > 0, "a bid names its auction");
    must(bid->amount.value() >= 0 && bid->amount <= max_amount, "an amount is in its range");
  }
  if (const auto* time = std::get_if<TimeFrame>(&*decoded)) check_text(time->id, max_frame_id_bytes);
  if (const auto* auth = std::get_if<AuthFrame>(&*decoded)) check_text(auth->token, 8 * 1024);
  if (const auto* subscribe = std::get_if<SubscribeFrame>(&*decoded)) {
    must(subscribe->auction.value() > 0, "a subscription names its auction");
  }
}

}  // namespace
}  // namespace flashbid::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace flashbid;
  using namespace flashbid::fuzz;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const Padded json(text);
  check_auction(json.view());
  check_frame(json.view());
  static_cast<void>(taken(decode_bid(json.view())));
  static_cast<void>(taken(decode_demo_init(json.view())));
  static_cast<void>(taken(decode_demo_bid(json.view())));
  if (const auto error = decode_nothing(json.view())) check_refusal(*error);
  if (const auto page = decode_page_query(text); taken(page)) {
    must(page->limit >= 1 && page->limit <= 1000, "a page keeps to its limit");
  }
  if (const auto list = decode_list_query(text); taken(list)) {
    must(list->limit >= 1 && list->limit <= 1000, "a page keeps to its limit");
  }
  static_cast<void>(parse_event_id(text));
  return 0;
}
