// Any bytes where the ledger keeps an event, its hidden part, an answer or an auction: corruption is one sentence, and
// what is taken is exactly what would be written for it. The first byte chooses which.
#include "fuzz.hpp"
#include "ledger/event_codec.hpp"
#include "ledger/record_of_event.hpp"

namespace flashbid::fuzz {
namespace {

void check_sentence(const Error& error) { must(!error.detail.empty(), "corruption is said"); }

// `secret` stands behind a NUL, which no JSON has.
void check_event(std::string_view text) {
  const std::size_t end = std::min(text.find('\0'), text.size());
  const std::string json(text.substr(0, end));
  const std::string secret(text.substr(std::min(end + 1, text.size())));
  const auto event = decode_event(json, secret);
  const auto place = place_of_event(json);
  if (!place) check_sentence(place.error());
  if (!event) return check_sentence(event.error());
  std::string written;
  encode_event(event->auction, event->epoch, event->event, written);
  must(written == json, "an event is written as it was read");
  must(place && place->auction == event->auction && place->epoch == event->epoch, "its place is the same");
}

template <class Decoded, class Encode>
void check(const Decoded& decoded, std::string_view text, Encode encode) {
  if (!decoded) return check_sentence(decoded.error());
  std::string written;
  encode(*decoded, written);
  must(written == text, "what was read is written as it stood");
}

}  // namespace
}  // namespace flashbid::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace flashbid;
  using namespace flashbid::fuzz;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  switch (bytes[0]) {
    case 'e':
      check_event(text);
      break;
    case 's':
      check(decode_secret(text), text, [](const Secret& secret, std::string& out) { out = encode_secret(secret); });
      break;
    case 'a':
      check(decode_answer(text), text, encode_answer);
      break;
    case 'i':
      check(decode_image(text), text, encode_image);
      break;
    default:
      break;
  }
  return 0;
}
