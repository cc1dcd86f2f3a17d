// The format: https://www.sqlite.org/fileformat2.html#the_write_ahead_log
#include "ledger/sqlite/wal_check.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <string>
#include <vector>

namespace flashbid::sqlite {
namespace {

constexpr std::int64_t header_bytes = 32;
constexpr std::int64_t page_bytes_at = 8;
constexpr std::int64_t round_at = 12;
constexpr std::int64_t frame_header_bytes = 24;
constexpr std::uint32_t magic = 0x377F0682;  // its last bit: the checksums read words with the big end first

struct Sum {
  std::uint32_t first = 0;
  std::uint32_t second = 0;
  friend bool operator==(const Sum&, const Sum&) = default;
};

std::uint32_t big_endian(const char* bytes) {
  std::uint32_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return std::endian::native == std::endian::little ? __builtin_bswap32(word) : word;
}

Sum sum_at(const char* bytes) { return {big_endian(bytes), big_endian(bytes + 4)}; }

// Goes on from `sum` over `size` bytes, a multiple of 8.
Sum add(Sum sum, const char* bytes, std::int64_t size, bool swaps) {
  for (std::int64_t i = 0; i < size; i += 8) {
    std::uint32_t words[2];
    std::memcpy(words, bytes + i, sizeof(words));
    if (swaps) {
      words[0] = __builtin_bswap32(words[0]);
      words[1] = __builtin_bswap32(words[1]);
    }
    sum.first += words[0] + sum.second;
    sum.second += words[1] + sum.first;
  }
  return sum;
}

bool swaps_words(const char* header) {
  const bool is_big = (big_endian(header) & 1) != 0;
  return is_big != (std::endian::native == std::endian::big);
}

bool header_fits(const char* header) {
  const std::uint32_t page_bytes = big_endian(header + page_bytes_at);
  return (big_endian(header) & ~1U) == magic && std::has_single_bit(page_bytes) && page_bytes >= 512 &&
         page_bytes <= 65'536 && add({}, header, header_bytes - 8, swaps_words(header)) == sum_at(header + 24);
}

// A log begins anew with a header whose round is one higher. Where the disk was full and half of it was written, the
// old one is what fits; all frames of its round are in the database, and to read them again changes nothing.
void step_back(char* header) {
  const std::uint32_t round = big_endian(header + round_at) - 1;
  const std::uint32_t bytes = std::endian::native == std::endian::little ? __builtin_bswap32(round) : round;
  std::memcpy(header + round_at, &bytes, sizeof(bytes));
}

std::unexpected<Error> damaged(std::string_view what) {
  return fail(Failure::corrupt,
              fmt::format("the write-ahead log is damaged: {}, and what was committed behind it would be "
                          "lost",
                          what));
}

std::unexpected<Error> unreadable() { return fail(Failure::internal, "the write-ahead log cannot be read"); }

}  // namespace

Result<CheckedLog> check_wal(std::int64_t size, const ReadLog& read, bool may_have_holes) {
  if (size <= header_bytes) return CheckedLog{size, {}};  // no frame was written
  char header[header_bytes];
  if (!read(header, header_bytes, 0)) return unreadable();
  CheckedLog checked{header_bytes, {}};
  if (!header_fits(header)) {
    step_back(header);
    if (!header_fits(header) && may_have_holes) return CheckedLog{};
    if (!header_fits(header)) return damaged("its header does not fit its checksum");
    checked.header.assign(header, header_bytes);
  }
  const bool swaps = swaps_words(header);
  const std::uint32_t page_bytes = big_endian(header + page_bytes_at);
  const std::int64_t frame_bytes = frame_header_bytes + page_bytes;
  std::vector<char> frame(static_cast<std::size_t>(frame_bytes));
  Sum before = sum_at(header + 24);  // as the frame before says
  std::int64_t first_bad = 0;        // 0 = none
  int commits_behind = 0;            // the bad frame's own included
  const std::int64_t frames = (size - header_bytes) / frame_bytes;
  for (std::int64_t number = 1; number <= frames; ++number) {
    const std::int64_t offset = header_bytes + (number - 1) * frame_bytes;
    if (!read(frame.data(), static_cast<int>(frame_bytes), offset)) return unreadable();
    const bool is_ours = std::memcmp(frame.data() + 8, header + 16, 8) == 0;  // not of the log's earlier rounds
    const bool commits = is_ours && big_endian(frame.data() + 4) != 0;
    Sum sum = add(before, frame.data(), 8, swaps);
    sum = add(sum, frame.data() + frame_header_bytes, page_bytes, swaps);
    before = sum_at(frame.data() + 16);
    const bool is_good = is_ours && sum == before;
    if (first_bad == 0 && is_good && commits) checked.size = offset + frame_bytes;
    const bool is_first_bad = first_bad == 0 && !is_good;
    if (is_first_bad) first_bad = number;
    if (is_first_bad && may_have_holes) break;
    if (first_bad != 0 && commits && (is_good || is_first_bad)) ++commits_behind;
    if (commits_behind == 2) return damaged(fmt::format("frame {} does not fit its checksum", first_bad));
  }
  return checked;
}

}  // namespace flashbid::sqlite
