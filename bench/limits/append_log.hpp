// The least that a durable round costs with SQLite: rows appended by rowid to a table without an index, one WAL+FULL
// transaction a round. Settings and columns are those of the real ledger's journal. One thread.
#pragma once

#include <sqlite3.h>

#include <cstddef>
#include <memory>
#include <string>

namespace flashbid::bench {

class AppendLog {
 public:
  // Makes `folder`/limit.db, which must not be there. Ends the program if it cannot.
  AppendLog(const std::string& folder, std::string payload);

  // Appends `rows` rows of the payload and returns when they are on the disk. Ends the program if they are not.
  void append(std::size_t rows);

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close(db); }
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Close>;

  Statement prepare(const char* sql);
  void run(const Statement& statement);
  void check(int code, int wanted, const char* doing) const;

  std::unique_ptr<sqlite3, Close> db_;
  std::string payload_;
  Statement begin_, insert_, commit_;
  std::int64_t sequence_ = 0;
};

}  // namespace flashbid::bench
