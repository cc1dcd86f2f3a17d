// The members of one JSON object, asked for by name. The first that is missing or of the wrong type is remembered; what
// is asked for after that is empty. One thread; the parser's document outlives it.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "base/time.hpp"

namespace flashbid::client {

class Fields {
 public:
  explicit Fields(simdjson::dom::element element);

  [[nodiscard]] std::uint64_t number(const char* name);
  [[nodiscard]] std::int64_t signed_number(const char* name);
  [[nodiscard]] bool boolean(const char* name);
  [[nodiscard]] std::optional<bool> boolean_or_null(const char* name);
  [[nodiscard]] std::string_view text(const char* name);
  [[nodiscard]] std::optional<std::string_view> text_or_null(const char* name);
  [[nodiscard]] Amount amount(const char* name);
  [[nodiscard]] std::optional<Amount> amount_or_null(const char* name);
  [[nodiscard]] Timestamp time(const char* name);
  // The member itself; if it is missing, null and an error is remembered.
  [[nodiscard]] simdjson::dom::element member(const char* name);
  // The member, or nothing if it is missing: no error.
  [[nodiscard]] std::optional<simdjson::dom::element> find(const char* name) const;

  void wrong(std::string_view what, const char* name);
  [[nodiscard]] bool good() const { return error_.empty(); }
  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  [[nodiscard]] bool is_null(const char* name) const;
  simdjson::dom::object object_;
  std::string error_;
};

}  // namespace flashbid::client
