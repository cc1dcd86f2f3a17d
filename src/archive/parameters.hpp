// The parameters of one query in PostgreSQL's binary form: numbers, texts, and arrays of them for `unnest`, which need
// no quoting; and the rows of a COPY. Belongs to one thread; what it is given is copied.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace flashbid::archive {

// An array while it grows; one dimension.
class NumberArray {
 public:
  NumberArray& add(std::int64_t value);
  NumberArray& add(std::uint64_t value) { return add(static_cast<std::int64_t>(value)); }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] std::string bytes() const;

 private:
  std::string elements_;
  std::size_t count_ = 0;
};

class TextArray {
 public:
  TextArray& add(std::string_view text);
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] std::string bytes() const;

 private:
  std::string elements_;
  std::size_t count_ = 0;
};

// The rows of a COPY in PostgreSQL's binary form: a row is begun with how many columns it has, and then given each.
class CopyRows {
 public:
  CopyRows();
  CopyRows& row(std::uint16_t columns);
  CopyRows& add(std::int64_t value);  // bigint
  CopyRows& add(std::uint64_t value) { return add(static_cast<std::int64_t>(value)); }
  CopyRows& add_small(std::int16_t value);  // smallint
  CopyRows& add(std::string_view text);
  // All but the end.
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  static constexpr std::string_view end = "\xff\xff";  // a row of -1 columns

 private:
  std::string bytes_;
};

class Parameters {
 public:
  Parameters& add(std::int64_t value);
  Parameters& add(std::uint64_t value) { return add(static_cast<std::int64_t>(value)); }
  Parameters& add(std::string_view text);
  Parameters& add(const NumberArray& array);
  Parameters& add(const TextArray& array);

  [[nodiscard]] int count() const { return static_cast<int>(values_.size()); }
  [[nodiscard]] const std::vector<Oid>& types() const { return types_; }
  [[nodiscard]] const std::vector<std::string>& values() const { return values_; }

 private:
  std::vector<Oid> types_;
  std::vector<std::string> values_;
};

}  // namespace flashbid::archive
