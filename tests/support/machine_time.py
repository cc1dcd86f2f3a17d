"""Seconds that pass only while the machine runs.

A machine of CI may stand still for many seconds. What a server "took" then says nothing of the server, and an auction that
a test gave two seconds has ended. So limits of time are measured by `running_s`, and what failed while the machine stood
still is run again (`again.py`, script/test).

Its disk may stand still alone, while it writes what a build has left to write: a server that syncs before it answers then
answers nobody for seconds. That counts as standing still, too, but not for `running_s`.

    machine_time.py FILE      keeps the seconds for which the machine stood still so far in FILE, until it is ended
"""
import os
import pathlib
import sys
import tempfile
import threading
import time

PULSE_S = 0.1
STANDSTILL_S = 0.5  # a longer silence between two pulses is none of the server's
DISK_PULSE_S = 1.0
DISK_STANDSTILL_S = 1.0  # a sync of one byte that takes longer

_lock = threading.Lock()
_last = time.monotonic()
_stood_still_s = 0.0
_disk_stood_still_s = 0.0
_sync_began = None


def _feel():
    """Called with the lock held: counts the silence since the last pulse, if it was one. Returns the time."""
    global _last, _stood_still_s
    now = time.monotonic()
    silence = now - _last
    if silence > STANDSTILL_S:
        _stood_still_s += silence - PULSE_S
    _last = now
    return now


def _beat():
    while True:
        time.sleep(PULSE_S)
        with _lock:
            _feel()


def _beat_disk():
    global _disk_stood_still_s, _sync_began
    with tempfile.TemporaryFile() as file:
        while True:
            time.sleep(DISK_PULSE_S)
            os.pwrite(file.fileno(), b"x", 0)
            with _lock:
                _sync_began = time.monotonic()
            os.fdatasync(file.fileno())
            with _lock:
                _disk_stood_still_s += _sync_so_far_s()
                _sync_began = None


def _sync_so_far_s():
    """Called with the lock held: of a sync that takes too long."""
    took = 0.0 if _sync_began is None else time.monotonic() - _sync_began
    return took if took > DISK_STANDSTILL_S else 0.0


def stood_still_s():
    """For how long the machine, or its disk, has stood still since this process began."""
    with _lock:
        _feel()
        return _stood_still_s + _disk_stood_still_s + _sync_so_far_s()


def running_s():
    """Like time.monotonic(), but it does not go on while nothing does."""
    with _lock:
        return _feel() - _stood_still_s


threading.Thread(target=_beat, daemon=True).start()
threading.Thread(target=_beat_disk, daemon=True).start()


def _keep(path):
    parent, said = os.getppid(), None
    while os.getppid() == parent:
        if (now := stood_still_s()) != said:
            path.with_suffix(".new").write_text(f"{now:.0f}\n")
            path.with_suffix(".new").replace(path)
            said = now
        time.sleep(PULSE_S)


if __name__ == "__main__":
    _keep(pathlib.Path(sys.argv[1]))
