// A damaged ledger, put to the real recovery: a good folder, in which the input changes bytes of the database and of
// its log, cuts them, changes rows (with a checksum that fits, or not) or takes rows away. The start fails and says
// why, or whatever the engine then tells, before and after moving, is what once was so; it never comes to harm.
//
// Rows with a forged checksum may say anything. Whole rows or pages that are gone leave an older state: no row's
// checksum can tell that; `flashbid verify` is asked, too, and may say what it will.
#include <sqlite3.h>

#include <algorithm>

#include "good_ledger.hpp"
#include "ledger/checksum.hpp"
#include "ledger/sqlite/verify.hpp"

namespace flashbid::fuzz {
namespace {

// The input, taken from its front; zeros when there is none left.
class Bytes {
 public:
  explicit Bytes(std::string_view left) : left_(left) {}
  [[nodiscard]] bool empty() const { return left_.empty(); }
  std::uint64_t number(int bytes) {
    std::uint64_t value = 0;
    for (int i = 0; i < bytes; ++i) value = value << 8U | byte();
    return value;
  }
  std::string_view text(std::size_t size) {
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::uint64_t byte() {
    if (left_.empty()) return 0;
    const auto value = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return value;
  }
  std::string_view left_;
};

struct Table {
  const char* name;
  const char* key;  // names one row
  int columns;
  bool has_checksum;
};
constexpr std::array<Table, 7> tables{{{"meta", "id", 7, true},
                                       {"journal", "id", 8, true},
                                       {"events", "auction, sequence", 7, true},
                                       {"auctions", "id", 5, true},
                                       {"answers", "operation, scope, caller, key", 10, true},
                                       {"endings", "at, auction", 2, false},
                                       {"moved", "row", 3, false}}};

// Changes rows as SQLite would: on a connection of its own.
class Rows {
 public:
  explicit Rows(const std::filesystem::path& file) { sqlite3_open(file.c_str(), &db_); }
  ~Rows() { sqlite3_close(db_); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  void remove(const Table& table, std::uint64_t row) { run("DELETE FROM " + name_of(table) + place_of(table, row)); }

  // `forge`: with a checksum that fits.
  void change(const Table& table, std::uint64_t row, std::uint64_t column, std::string_view value, bool forge) {
    std::string columns;
    sqlite3_stmt* one = nullptr;
    const std::string which = "SELECT * FROM " + name_of(table) + place_of(table, row);
    if (sqlite3_prepare_v2(db_, which.c_str(), -1, &one, nullptr) != SQLITE_OK) return;
    if (sqlite3_step(one) == SQLITE_ROW) {
      const int changed = static_cast<int>(column % static_cast<std::uint64_t>(table.columns));
      Checksum checksum;
      for (int i = 0; i < table.columns; ++i) {
        std::string text = i == changed ? written(one, i, value) : stored(one, i);
        const bool is_checksum = table.has_checksum && i + 1 == table.columns;
        if (is_checksum && forge) text = std::to_string(checksum.value());
        add(checksum, text);
        columns += (i > 0 ? "," : "") + text;
      }
    }
    sqlite3_finalize(one);
    if (columns.empty()) return;
    run("BEGIN");
    remove(table, row);
    run("INSERT OR REPLACE INTO " + name_of(table) + " VALUES(" + columns + ")");
    run("COMMIT");
  }

 private:
  static std::string name_of(const Table& table) { return table.name; }
  static std::string place_of(const Table& table, std::uint64_t row) {
    return fmt::format(" WHERE ({0}) IN (SELECT {0} FROM {1} LIMIT 1 OFFSET {2})", table.key, table.name, row);
  }
  // As SQL writes it: digits, 'text' or NULL.
  static std::string quoted(std::string_view text) {
    std::string made = "'";
    for (const char c : text) made += c == '\'' ? std::string("''") : std::string(1, c == '\0' ? ' ' : c);
    return made + "'";
  }
  static std::string stored(sqlite3_stmt* row, int column) {
    if (sqlite3_column_type(row, column) == SQLITE_NULL) return "NULL";
    if (sqlite3_column_type(row, column) == SQLITE_INTEGER) return std::to_string(sqlite3_column_int64(row, column));
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
    return quoted({text, static_cast<std::size_t>(sqlite3_column_bytes(row, column))});
  }
  // A number if a number stands there; a text has some of its bytes changed, or one digit, so that it stays nearly
  // right.
  static std::string written(sqlite3_stmt* row, int column, std::string_view value) {
    if (sqlite3_column_type(row, column) != SQLITE_TEXT) {
      std::uint64_t number = 0;
      for (const char c : value.substr(0, 8)) number = number << 8U | static_cast<unsigned char>(c);
      return std::to_string(static_cast<std::int64_t>(number));
    }
    std::string text(reinterpret_cast<const char*>(sqlite3_column_text(row, column)));
    if (text.empty() || value.size() < 2) return quoted(value);
    const std::size_t from = static_cast<unsigned char>(value[0]) * text.size() / 256;
    const std::size_t digit = value.size() == 2 ? text.find_first_of("0123456789", from) : std::string::npos;
    if (digit != std::string::npos) {
      text[digit] = static_cast<char>('0' + static_cast<unsigned char>(value[1]) % 10);
      return quoted(text);
    }
    text.replace(from, std::min<std::size_t>(value.size() - 1, text.size() - from), value.substr(1));
    return quoted(text);
  }
  static void add(Checksum& checksum, const std::string& literal) {
    if (literal == "NULL") {
      checksum.add(std::uint64_t{0});
    } else if (literal.front() != '\'') {
      checksum.add(static_cast<std::int64_t>(std::stoll(literal)));
    } else {
      std::string text;
      for (std::size_t i = 1; i + 1 < literal.size(); ++i) {
        text += literal[i];
        if (literal[i] == '\'') ++i;
      }
      checksum.add(std::string_view(text));
    }
  }
  void run(const std::string& sql) { sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr); }

  sqlite3* db_ = nullptr;
};

enum class Damage { none, taken_away, forged };

// Does to the folder what the input says.
Damage damage(const GoodLedger& good, Bytes bytes) {
  Damage worst = Damage::none;
  std::array<std::string, 2> files{good.file(0), good.file(1)};
  bool rows = false;
  for (int edits = 0; edits < 8 && !bytes.empty(); ++edits) {
    const std::uint64_t kind = bytes.number(1);
    if (kind % 4 < 2) {
      std::string& file = files[kind / 4 % 2];
      const std::uint64_t place = bytes.number(3) % (file.size() + 1);
      if (kind % 4 == 1) {
        file.resize(place);
      } else {
        const std::string_view written = bytes.text(1 + kind / 8 % 8);
        file.replace(place, std::min(written.size(), file.size() - place), written);
      }
      worst = std::max(worst, Damage::taken_away);
    } else {
      if (!rows) {
        for (std::size_t i = 0; i < files.size(); ++i) good.write(i, files[i]);
      }
      rows = true;
      const Table& table = tables[kind / 4 % tables.size()];
      const std::uint64_t row = bytes.number(1);
      Rows edited(good.folder() / GoodLedger::names[0]);
      if (kind % 4 == 3) {
        edited.remove(table, row);
        worst = std::max(worst, Damage::taken_away);
      } else {
        const std::uint64_t how = bytes.number(1);
        const std::string_view value = bytes.text(1 + bytes.number(1) % 64);
        edited.change(table, row, how / 2, value, how % 2 == 1);
        worst = std::max(worst, how % 2 == 1 || !table.has_checksum ? Damage::forged : Damage::taken_away);
      }
    }
  }
  if (!rows) {
    for (std::size_t i = 0; i < files.size(); ++i) good.write(i, files[i]);
  }
  return worst;
}

void check_error(const Error& error) { must(!error.detail.empty(), "an error says what is wrong"); }

// Whatever it tells was so.
void read_all(const GoodLedger& good, House& house, Damage worst) {
  for (std::uint64_t number = 1; number <= GoodLedger::auctions; ++number) {
    const AuctionId id{number};
    const auto view = house.answer<AuctionView>([&](Engine& engine, auto done) { engine.read(id, std::move(done)); });
    must(view.has_value(), "a reader is answered");
    if (!*view) {
      check_error(view->error());
      must(worst != Damage::none, "a good auction is read");
    } else if (worst != Damage::forged) {
      must(good.was((*view)->auction), "an auction is what it once was");
      must(worst != Damage::none || (*view)->auction.sequence.value() == good.newest(number), "and the newest");
    }
    const EventsQuery query{.auction = id, .after = Sequence{0}, .limit = 1000};
    const auto page =
        house.answer<EventsPage>([&](Engine& engine, auto done) { engine.events(query, std::move(done)); });
    must(page.has_value(), "a reader of events is answered");
    if (!*page) {
      check_error(page->error());
      continue;
    }
    std::uint64_t sequence = 0;
    for (const SharedBytes& json : (*page)->events) {
      ++sequence;
      if (worst != Damage::forged) must(good.was(id, Sequence{sequence}, *json), "an event is what it was");
    }
  }
  const auto list = house.answer<AuctionPage>([&](Engine& engine, auto done) { engine.list({}, std::move(done)); });
  must(list.has_value(), "a reader of the list is answered");
}

}  // namespace
}  // namespace flashbid::fuzz

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  // Where nothing has to be synced.
  if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 0);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace flashbid;
  using namespace flashbid::fuzz;
  static const GoodLedger good;
  good.restore();
  const Damage worst = damage(good, Bytes({reinterpret_cast<const char*>(bytes), size}));
  {
    House house(good.folder());
    must(house.open() || worst != Damage::none, "a good ledger opens");
    if (house.open()) {
      read_all(good, house, worst);
      house.move();
      read_all(good, house, worst);
    }
  }
  const auto verified = verify_sqlite_ledger(good.folder());
  if (!verified) check_error(verified.error());
  must(verified || worst != Damage::none, "a good ledger is verified");
  return 0;
}
