// An SQLite VFS over the system's that fails where a test asks it to, and notes what was done. Registered under a name
// of its own while it lives; everything opened through it must be closed before. One thread orders faults, any writes.
//
// Who wants to see every call as it comes, or to choose which one fails, listens (recorded_disk.hpp).
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/assert.hpp"

namespace flashbid::testing {

// One call that reached a file, in order.
struct FileCall {
  enum class Kind : std::uint8_t { read, write, sync, truncate, open, remove, sync_folder } kind;
  std::string file;             // the name's end: "flashbid.db", "flashbid.db-wal"
  std::int64_t offset = 0;      // a truncate's: the size
  int size = 0;                 // an open's and a remove's: SQLite's flags
  const char* bytes = nullptr;  // a write's, while it is under way
};

class FaultyVfs {
 public:
  FaultyVfs() : real_(*sqlite3_vfs_find(nullptr)), name_("faulty-" + std::to_string(++made)) {
    vfs_ = real_;
    vfs_.iVersion = 2;  // no system calls to override
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_.szOsFile;
    vfs_.pNext = nullptr;
    vfs_.zName = name_.c_str();
    vfs_.pAppData = this;
    vfs_.xOpen = [](sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
      return self(vfs).open(name, file, flags, out);
    };
    vfs_.xDelete = [](sqlite3_vfs* vfs, const char* name, int sync) { return self(vfs).remove(name, sync); };
    vfs_.xAccess = [](sqlite3_vfs* vfs, const char* name, int flags, int* out) {
      return self(vfs).real_.xAccess(&self(vfs).real_, name, flags, out);
    };
    vfs_.xFullPathname = [](sqlite3_vfs* vfs, const char* name, int size, char* out) {
      return self(vfs).real_.xFullPathname(&self(vfs).real_, name, size, out);
    };
    vfs_.xGetLastError = [](sqlite3_vfs* vfs, int size, char* text) {
      return self(vfs).real_.xGetLastError(&self(vfs).real_, size, text);
    };
    require(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK, "the VFS can be registered");
  }
  ~FaultyVfs() { sqlite3_vfs_unregister(&vfs_); }
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  // Hears of every call before it is made; the errno it is to fail with, 0 = none. Before anything is opened.
  using Listener = std::function<int(const FileCall&)>;
  void listen(Listener listener) { listener_ = std::move(listener); }
  // Syncs do not reach the real disk: what survives is somebody else's to say.
  void pretend_syncs() { pretends_syncs_ = true; }

  // From here on writes to (syncs of) files whose name ends so fail with that errno, until heal(). ENOSPC looks to
  // SQLite as on the real VFS: SQLITE_FULL, and half of the bytes written.
  void fail_writes(std::string_view file, int error) { order(write_fault_, file, error); }
  void fail_syncs(std::string_view file, int error = EIO) { order(sync_fault_, file, error); }
  void heal() {
    const std::scoped_lock lock(mutex_);
    write_fault_ = {};
    sync_fault_ = {};
  }

  [[nodiscard]] std::vector<FileCall> calls() {
    const std::scoped_lock lock(mutex_);
    return calls_;
  }
  void forget_calls() {
    const std::scoped_lock lock(mutex_);
    calls_.clear();
  }

 private:
  struct Fault {
    std::string file;
    int error = 0;
  };
  // What SQLite holds; the real file's memory follows it.
  struct File {
    sqlite3_file base;
    FaultyVfs* vfs;
    const char* name;
    int last_error;  // the last errno that was injected, as the real VFS keeps it for each file
    [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };

  static FaultyVfs& self(sqlite3_vfs* vfs) { return *static_cast<FaultyVfs*>(vfs->pAppData); }
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }

  void order(Fault& fault, std::string_view file, int error) {
    const std::scoped_lock lock(mutex_);
    fault = {std::string(file), error};
  }

  static std::string end_of(const char* name) {
    const std::string_view path = name == nullptr ? "" : name;
    return std::string(path.substr(path.rfind('/') + 1));
  }

  // Notes the call; the errno it is to fail with, 0 = none.
  int note(FileCall call) {
    int error = listener_ ? listener_(call) : 0;
    const std::scoped_lock lock(mutex_);
    call.bytes = nullptr;
    const Fault& fault = call.kind == FileCall::Kind::sync ? sync_fault_ : write_fault_;
    const bool ordered = (call.kind == FileCall::Kind::sync || call.kind == FileCall::Kind::write) &&
                         fault.error != 0 && call.file.ends_with(fault.file);
    if (ordered) error = fault.error;
    calls_.push_back(std::move(call));
    return error;
  }
  static int note(FileCall::Kind kind, File& file, std::int64_t offset = 0, int size = 0, const void* bytes = nullptr) {
    const int error = file.vfs->note({kind, end_of(file.name), offset, size, static_cast<const char*>(bytes)});
    if (error != 0) file.last_error = error;
    return error;
  }

  int open(const char* name, sqlite3_file* file, int flags, int* out) {
    File& opened = of(file);
    opened.base.pMethods = nullptr;
    opened.vfs = this;
    opened.name = name;
    opened.last_error = 0;
    if (note({FileCall::Kind::open, end_of(name), 0, flags}) != 0) return SQLITE_CANTOPEN;
    const int code = real_.xOpen(&real_, name, opened.real(), flags, out);
    if (opened.real()->pMethods != nullptr) opened.base.pMethods = methods();
    return code;
  }

  int remove(const char* name, int sync) {
    if (note({FileCall::Kind::remove, end_of(name), 0, sync}) != 0) return SQLITE_IOERR_DELETE;
    return real_.xDelete(&real_, name, pretends_syncs_ ? 0 : sync);
  }

  static int read(sqlite3_file* file, void* bytes, int size, sqlite3_int64 offset) {
    sqlite3_file* real = of(file).real();
    if (note(FileCall::Kind::read, of(file), offset, size) != 0) return SQLITE_IOERR_READ;
    return real->pMethods->xRead(real, bytes, size, offset);
  }

  static int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    sqlite3_file* real = of(file).real();
    switch (note(FileCall::Kind::write, of(file), offset, size, bytes)) {
      case 0:
        return real->pMethods->xWrite(real, bytes, size, offset);
      case ENOSPC: {
        const int code = real->pMethods->xWrite(real, bytes, size / 2, offset);
        return code == SQLITE_OK ? SQLITE_FULL : code;
      }
      default:
        return SQLITE_IOERR_WRITE;
    }
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    sqlite3_file* real = of(file).real();
    if (note(FileCall::Kind::truncate, of(file), size) != 0) return SQLITE_IOERR_TRUNCATE;
    return real->pMethods->xTruncate(real, size);
  }

  static int sync(sqlite3_file* file, int flags) {
    sqlite3_file* real = of(file).real();
    if (note(FileCall::Kind::sync, of(file)) != 0) return SQLITE_IOERR_FSYNC;
    return of(file).vfs->pretends_syncs_ ? SQLITE_OK : real->pMethods->xSync(real, flags);
  }

  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods made_once = [] {
      sqlite3_io_methods m{};
      m.iVersion = 2;  // shared memory, no memory mapping
      m.xClose = [](sqlite3_file* f) { return of(f).real()->pMethods->xClose(of(f).real()); };
      m.xRead = &FaultyVfs::read;
      m.xWrite = &FaultyVfs::write;
      m.xTruncate = &FaultyVfs::truncate;
      m.xSync = &FaultyVfs::sync;
      m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
        return of(f).real()->pMethods->xFileSize(of(f).real(), size);
      };
      m.xLock = [](sqlite3_file* f, int level) { return of(f).real()->pMethods->xLock(of(f).real(), level); };
      m.xUnlock = [](sqlite3_file* f, int level) { return of(f).real()->pMethods->xUnlock(of(f).real(), level); };
      m.xCheckReservedLock = [](sqlite3_file* f, int* out) {
        return of(f).real()->pMethods->xCheckReservedLock(of(f).real(), out);
      };
      m.xFileControl = [](sqlite3_file* f, int op, void* arg) {
        if (op == SQLITE_FCNTL_LAST_ERRNO && of(f).last_error != 0) {
          *static_cast<int*>(arg) = of(f).last_error;
          return SQLITE_OK;
        }
        return of(f).real()->pMethods->xFileControl(of(f).real(), op, arg);
      };
      m.xSectorSize = [](sqlite3_file* f) { return of(f).real()->pMethods->xSectorSize(of(f).real()); };
      m.xDeviceCharacteristics = [](sqlite3_file* f) {
        return of(f).real()->pMethods->xDeviceCharacteristics(of(f).real());
      };
      m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
        return of(f).real()->pMethods->xShmMap(of(f).real(), page, size, extend, out);
      };
      m.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
        return of(f).real()->pMethods->xShmLock(of(f).real(), offset, n, flags);
      };
      m.xShmBarrier = [](sqlite3_file* f) { of(f).real()->pMethods->xShmBarrier(of(f).real()); };
      m.xShmUnmap = [](sqlite3_file* f, int remove) { return of(f).real()->pMethods->xShmUnmap(of(f).real(), remove); };
      return m;
    }();
    return &made_once;
  }

  inline static std::atomic<int> made{0};

  sqlite3_vfs real_;
  std::string name_;
  sqlite3_vfs vfs_{};
  Listener listener_;
  bool pretends_syncs_ = false;

  std::mutex mutex_;  // guards what follows
  Fault write_fault_;
  Fault sync_fault_;
  std::vector<FileCall> calls_;
};

}  // namespace flashbid::testing
