// The preset increments, as published and as an auction of a currency would have them.
#include "auction/increment.hpp"
#include "ledger/json_text.hpp"
#include "wire/encode.hpp"

namespace flashbid {
namespace {

// 25 -> 0.25, 1000 -> 10, 250 -> 2.50: money as a price tag has it.
std::string tag_of(std::int64_t hundredths) {
  return hundredths % 100 == 0 ? std::to_string(hundredths / 100) : to_decimal(Amount{hundredths}, 2);
}

void append_published(IncrementPreset preset, std::string& out) {
  out += '[';
  for (const PublishedRow& row : published_rows(preset)) {
    if (out.back() != '[') out += ',';
    out += '[';
    if (row.below == 0) {
      out += "null";
    } else {
      json::append_text(std::to_string(row.below), out);
    }
    out += ',';
    json::append_text(tag_of(row.step_hundredths), out);
    out += ']';
  }
  out += ']';
}

void append_table(IncrementPreset preset, const std::optional<Currency>& currency, std::string& out) {
  const auto increment = currency ? Increment::preset(preset, *currency) : std::nullopt;
  if (!increment) {
    out += "null";
    return;
  }
  out += '[';
  for (const IncrementRow& row : increment->rows()) {
    if (out.back() != '[') out += ',';
    out += '[';
    json::append_amount(row.below, out);
    out += ',';
    json::append_number(row.step.value(), out);
    out += ']';
  }
  out += ']';
}

}  // namespace

void encode_increments(const std::optional<Currency>& currency, std::string& out) {
  out += "{\"currency\":";
  if (currency) {
    json::append_text(currency->code(), out);
  } else {
    out += "null";
  }
  out += ",\"presets\":[";
  for (const IncrementPreset preset : increment_presets) {
    if (preset != increment_presets.front()) out += ',';
    out += "{\"name\":";
    json::append_text(to_text(preset), out);
    out += ",\"source\":";
    json::append_text(source_of(preset), out);
    out += ",\"published\":";
    append_published(preset, out);
    out += ",\"table\":";
    append_table(preset, currency, out);
    out += '}';
  }
  out += "]}";
}

}  // namespace flashbid
