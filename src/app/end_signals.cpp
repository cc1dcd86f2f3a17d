#include "app/end_signals.hpp"

#include <pthread.h>
#include <unistd.h>

namespace flashbid {

EndSignals::EndSignals() {
  ::sigemptyset(&set_);
  ::sigaddset(&set_, SIGTERM);
  ::sigaddset(&set_, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

void EndSignals::wait() {
  int caught = 0;
  ::sigwait(&set_, &caught);
}

bool EndSignals::wait_for(std::chrono::milliseconds patience) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(patience);
  const timespec most{seconds.count(), std::chrono::nanoseconds(patience - seconds).count()};
  return ::sigtimedwait(&set_, nullptr, &most) > 0;
}

void EndSignals::raise() { ::kill(::getpid(), SIGTERM); }

}  // namespace flashbid
