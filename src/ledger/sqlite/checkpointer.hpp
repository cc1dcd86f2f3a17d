// Moves the WAL's pages into the database file, in small steps, on the writing connection only: SQLite before 3.51.3
// can corrupt a WAL database when a second connection checkpoints.
//
// Belongs to the writer's thread. A step syncs twice and writes each page once, so it runs when the writer is idle;
// only a WAL that has grown past `hard_frames` is cut in the way of an append.
#pragma once

#include <cstdint>

#include "sqlite/database.hpp"

namespace flashbid::sqlite {

class Checkpointer {
 public:
  static constexpr int step_frames = 4'000;   // 16 MiB: a page changed by several slices is written once
  static constexpr int hard_frames = 16'000;  // 64 MiB

  // Watches the connection's commits from here on; it must outlive this.
  explicit Checkpointer(Database& db);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Pages in the WAL that the file does not have yet.
  [[nodiscard]] int backlog_frames() const { return frames_ - done_; }
  // Checkpoints what can be without waiting for readers. A failure before a page is lost is a Problem; SQLITE_OK else.
  [[nodiscard]] Problem run();

 private:
  static int on_commit(void* self, sqlite3* db, const char* name, int frames);

  Database& db_;
  int frames_ = 0;  // in the WAL
  int done_ = 0;    // of these, also in the file
};

}  // namespace flashbid::sqlite
