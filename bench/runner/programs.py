"""The processes of a benchmark: started on their core, asked for their CPU time, ended. Knows no row of the contract."""

import json
import os
import re
import resource
import signal
import subprocess
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
BUILD = REPOSITORY / "build" / "release"
LISTENING = re.compile(r"^listening on http://127\.0\.0\.1:(\d+)\s*$")
STOP_TIMEOUT_S = 30
SETTLE_TIMEOUT_S = 120


class BenchError(Exception):
    """A wrong answer, a program that failed: the run has no figures to give."""


def raise_descriptor_limit():
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def cores():
    """(server's core, load's core); the same one if there is only one."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[1 % len(usable)]


def pinned_to(core):
    """What a child does first: one core, or several."""
    return lambda: os.sched_setaffinity(0, {core} if isinstance(core, int) else core)


def cpu_seconds_of(pid):
    """User and system time of a process so far; 0 of one that has ended."""
    try:
        return time.clock_gettime((~pid << 3) | 2)  # the kernel's number for a process's CPU clock
    except OSError:
        return 0.0


class Program:
    """A server or limit on the server's core (or `core`), until `with` ends. Ready once it prints `first_line`; at once
    if that is None."""

    def __init__(self, folder, *command, core=None, first_line=LISTENING):
        self.command = [str(word) for word in command]
        self.name = Path(self.command[0]).name
        self.log = Path(folder) / f"{self.name}-{time.monotonic_ns()}.log"
        self.core = cores()[0] if core is None else core
        self.first_line = first_line
        self.port = None

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL,
                                          preexec_fn=pinned_to(self.core), text=True)
        if self.first_line is None:
            return self
        for line in self.child.stdout:
            if found := self.first_line.match(line):
                self.port = int(found.group(1)) if found.groups() else None
                return self
        raise self.failure("ended before it was ready")

    def __exit__(self, *_):
        if self.child.poll() is None:
            self.resume()
            self.child.terminate()
        try:
            self.child.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()

    def pause(self):
        self.child.send_signal(signal.SIGSTOP)

    def resume(self):
        self.child.send_signal(signal.SIGCONT)

    def end(self):
        """SIGTERM; the JSON that it prints at its end."""
        self.child.send_signal(signal.SIGTERM)
        printed = self.child.stdout.read()
        if self.child.wait(STOP_TIMEOUT_S) != 0:
            raise self.failure("failed")
        return json.loads(printed)

    def cpu_seconds(self):
        """User and system time of the process so far, all threads: what /proc/PID/stat shows, in nanoseconds."""
        if self.child.poll() is not None:
            raise self.failure("ended under load")
        return cpu_seconds_of(self.child.pid)

    def resident_bytes(self):
        """Memory of the process that is in RAM now."""
        found = re.search(r"^VmRSS:\s*(\d+) kB", Path(f"/proc/{self.child.pid}/status").read_text(), re.M)
        if found is None:
            raise self.failure("ended under load")
        return int(found.group(1)) * 1024

    def settle(self):
        """Waits until the process has nothing more to do (the ledger's move to history runs when it is idle)."""
        deadline = time.monotonic() + SETTLE_TIMEOUT_S
        while time.monotonic() < deadline:
            before = self.cpu_seconds()
            time.sleep(0.1)
            if self.cpu_seconds() - before < 0.003:
                return
        raise self.failure(f"still busy {SETTLE_TIMEOUT_S} s after the load")

    def failure(self, what):
        text = self.log.read_text(errors="replace")[-2000:]
        return BenchError(f"{self.name} {what}\n{' '.join(self.command)}\n{text}")


def flashbid(folder, *flags, core=None):
    """The real server in --dev with one thread; its ledger, if that is the embedded one, in `folder`/ledger."""
    return Program(folder, BUILD / "flashbid", "serve", "--dev", "--listen", "127.0.0.1:0", "--data",
                   Path(folder) / "ledger", "--threads", 1, *flags, core=core)


def house(folder, key, *flags):
    """The same without --dev: who bids has a token that `key` verifies, and may bid as often as he likes."""
    return Program(folder, BUILD / "flashbid", "serve", "--jwt-key", key, "--rate-bidder", "off", "--rate-address", "off",
                   "--max-connections-per-address", 0, "--listen", "127.0.0.1:0", "--data", Path(folder) / "ledger",
                   "--threads", 1, *flags)


def token(key, name, role="bidder"):
    minted = subprocess.run([BUILD / "flashbid", "token", "--key", key, "--sub", name, "--role", role],
                            capture_output=True, text=True)
    if minted.returncode != 0:
        raise BenchError(f"flashbid token: {minted.stderr}")
    return minted.stdout.strip()


def attackers(folder, port, *flags, **options):
    """Ready when all of them are there."""
    return Program(folder, BUILD / "bench" / "hostile_load", "--port", port, *flags, *words_of(options), core=cores()[1],
                   first_line=re.compile("^attacking$"))


def relay(folder, source, destination, *flags, core=None):
    """Moves events from the moment it is there; it says nothing when it begins."""
    return Program(folder, BUILD / "flashbid", "relay", "--from", source, "--to", destination, *flags, core=core,
                   first_line=None)


def limit(folder, name, *flags):
    return Program(folder, BUILD / "bench" / name, *flags)


def watchers(folder, port, auction, count, *flags, core=None):
    """Ready when each of them has its snapshot."""
    return Program(folder, BUILD / "bench" / "watch_load", "--port", port, "--auction", auction, "--watchers", count,
                   *flags, core=cores()[1] if core is None else core, first_line=re.compile("^watching$"))


def run(name, *flags, core=None):
    """A program that runs to its end on the load's core; its JSON."""
    command = [str(BUILD / "bench" / name), *(str(flag) for flag in flags)]
    before = cpu_of_ended_children()
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          preexec_fn=pinned_to(cores()[1] if core is None else core))
    if done.returncode != 0:
        raise BenchError(f"{' '.join(command)} exited with {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout) | {"stderr": done.stderr, "own_cpu_s": cpu_of_ended_children() - before}


def cpu_of_ended_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bid_load(port, want, *flags, core=None, **options):
    """Bids over HTTP; every answer must be `want`. Options become flags: first_auction=1 -> --first-auction 1."""
    return all_wanted(want, run("bid_load", "--port", port, "--want", want, *flags, *words_of(options), core=core))


def raw_redis(redis, want, *flags, core=None, **options):
    """Bids on Redis itself; every answer must be `want`, and its events are read if the flags say so."""
    return all_wanted(want, run("raw_redis", "--port", redis.port, "--function", redis.function("bid"), "--epoch",
                                redis.ask("HGET", "flashbid:{0}", "epoch"), "--want", want, *flags,
                                *words_of(options), core=core))


def words_of(options):
    return [word for name, value in options.items() for word in ("--" + name.replace("_", "-"), value)]


def all_wanted(want, counts):
    if counts["unexpected"] or counts["lost"] or counts[want] != counts["asked"] or counts["asked"] == 0:
        shown = {name: counts[name] for name in ("asked", "accepted", "rejected", "other_answers", "http_errors",
                                                 "lost", "unexpected")}
        raise BenchError(f"every answer should have been {want}: {shown}\n{counts['stderr']}")
    return counts


def machine_busy_seconds():
    """CPU time that the whole machine has spent, all cores: to tell how much was not ours."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(field) for field in fields[:8])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
