// Preloaded into a server that a test starts: its wall clock shows what stands in the file that STANDING_CLOCK names
// (8 bytes, milliseconds since 1970), and moves only when the test writes another time there. Time that only passes
// (CLOCK_MONOTONIC) is the machine's own.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

namespace {

const std::atomic<std::int64_t>* shown_ms() {
  static const std::atomic<std::int64_t>* const shown = [] {
    const int file = ::open(::getenv("STANDING_CLOCK"), O_RDONLY | O_CLOEXEC);
    void* there = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
    if (file < 0 || there == MAP_FAILED) ::abort();
    return static_cast<const std::atomic<std::int64_t>*>(there);
  }();
  return shown;
}

}  // namespace

extern "C" int gettimeofday(timeval* __restrict time, void* __restrict) noexcept {
  const std::int64_t ms = *shown_ms();
  time->tv_sec = ms / 1000;
  time->tv_usec = ms % 1000 * 1000;
  return 0;
}

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  if (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE) {
    return static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  }
  const std::int64_t ms = *shown_ms();
  time->tv_sec = ms / 1000;
  time->tv_nsec = ms % 1000 * 1'000'000;
  return 0;
}

extern "C" time_t time(time_t* out) noexcept {
  const time_t seconds = *shown_ms() / 1000;
  if (out != nullptr) *out = seconds;
  return seconds;
}
