// Memory that SQLite asks for and does not get: one request, the n-th from a moment on. All of SQLite, while it lives;
// every connection is opened and closed within. One thread.
#pragma once

#include <sqlite3.h>

#include <cstddef>

#include "base/assert.hpp"

namespace flashbid::fault {

class ScarceMemory {
 public:
  ScarceMemory() {
    sqlite3_shutdown();
    require(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual) == SQLITE_OK, "SQLite tells its allocator");
    sqlite3_mem_methods scarce = usual;
    scarce.xMalloc = [](int bytes) { return is_refused() ? nullptr : usual.xMalloc(bytes); };
    scarce.xRealloc = [](void* memory, int bytes) { return is_refused() ? nullptr : usual.xRealloc(memory, bytes); };
    // Without small memory of each connection's own: every request comes by.
    configure(scarce, 0, 0);
  }
  ~ScarceMemory() {
    sqlite3_shutdown();
    configure(usual, 1'200, 40);
  }
  ScarceMemory(const ScarceMemory&) = delete;
  ScarceMemory& operator=(const ScarceMemory&) = delete;

  // Runs `task` and refuses its `at`-th request, from 0. False = it did not make so many.
  template <class Task>
  bool refuse(std::size_t at, Task&& task) {
    until = at;
    waiting = true;
    task();
    const bool came = !waiting;
    waiting = false;
    return came;
  }

 private:
  static bool is_refused() {
    if (!waiting) return false;
    if (until > 0) {
      --until;
      return false;
    }
    waiting = false;
    return true;
  }
  static void configure(const sqlite3_mem_methods& methods, int bytes, int count) {
    require(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK, "SQLite takes another allocator");
    require(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, bytes, count) == SQLITE_OK, "SQLite takes other lookaside memory");
    require(sqlite3_initialize() == SQLITE_OK, "SQLite starts again");
  }

  inline static sqlite3_mem_methods usual{};
  inline static std::size_t until = 0;
  inline static bool waiting = false;
};

}  // namespace flashbid::fault
