#include "ledger/record_of_event.hpp"

#include <charconv>
#include <memory>
#include <optional>
#include <utility>

#include "base/time.hpp"

namespace flashbid {
namespace {

// Passes `literal` and a whole number above 0, in its shortest form.
std::optional<std::uint64_t> pass_number(std::string_view& text, std::string_view literal) {
  if (!text.starts_with(literal)) return std::nullopt;
  text.remove_prefix(literal.size());
  std::uint64_t value = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (wrong != std::errc() || text.front() == '0' || value > static_cast<std::uint64_t>(max_safe_integer)) {
    return std::nullopt;
  }
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

// Its own text for a moment: `"at":"2026-01-31T08:00:00.000Z"}` ends every event's payload.
std::optional<Timestamp> moment_of(std::string_view text) {
  constexpr std::string_view before = R"("at":")";
  constexpr std::string_view behind = R"("})";
  constexpr std::size_t size = before.size() + timestamp_text_size + behind.size();
  if (text.size() < size || !text.ends_with(behind)) return std::nullopt;
  const std::string_view end = text.substr(text.size() - size);
  if (!end.starts_with(before)) return std::nullopt;
  return parse_timestamp(end.substr(before.size(), timestamp_text_size));
}

}  // namespace

Result<EventPlace> place_of_event(std::string_view text) {
  std::string_view rest = text;
  const auto auction = pass_number(rest, R"({"auction_id":)");
  const auto epoch = auction ? pass_number(rest, R"(,"epoch":)") : std::nullopt;
  const auto sequence = epoch ? pass_number(rest, R"(,"sequence":)") : std::nullopt;
  constexpr std::string_view before_name = R"(,"event":")";
  if (!sequence || !rest.starts_with(before_name)) {
    return fail(Failure::invalid, "it does not begin with an event's auction_id, epoch, sequence and name");
  }
  rest.remove_prefix(before_name.size());
  const auto at = moment_of(text);
  if (!at) return fail(Failure::invalid, "it does not end with the event's moment");
  return EventPlace{AuctionId{*auction}, Epoch{*epoch}, Sequence{*sequence}, rest.substr(0, rest.find('"')), *at};
}

Result<Record> record_of_event(std::string text, std::string secret) {
  const auto place = place_of_event(text);
  if (!place) return std::unexpected(place.error());
  return Record{.auction = place->auction,
                .sequence = place->sequence,
                .kind = RecordKind::event,
                .at = place->at,
                .payload = std::make_shared<const std::string>(std::move(text)),
                .secret = std::move(secret)};
}

}  // namespace flashbid
