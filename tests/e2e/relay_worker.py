"""Runs `flashbid relay` as a process of its own, beside a crowd of bots; knows nothing of what either must do."""
import re
import signal
import subprocess
import time

import requests

from flashbid_server import BINARY, clean_environment, folder_of_logs, run_command
from postgres_server import free_port

DRAIN_TIMEOUT_S = 90


class Relay:
    """Started at once; ended by kill() or stop(), and then it may be started again."""

    def __init__(self, source, url, *flags):
        self.words = [str(BINARY), "relay", "--from", source, "--to", url, *flags]
        self.log = folder_of_logs() / "relay"
        self.child = None
        self.start()

    def start(self):
        assert self.child is None, "already running"
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(self.words, env=clean_environment(), stdout=subprocess.DEVNULL, stderr=log,
                                          stdin=subprocess.DEVNULL)

    def tail(self):
        return self.log.read_text(errors="replace")[-3000:]

    def kill(self):
        self.child.kill()
        self.child.wait(timeout=60)
        self.child = None

    def stop(self):
        """Its exit code, and what it said."""
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(timeout=60)
        self.child = None
        return code, self.tail()


class Watched(Relay):
    """One with --listen: what it says of itself."""

    def __init__(self, source, url, *flags):
        self.hop = "archive" if url.startswith("postgres") else "rabbitmq"
        self.url = f"http://127.0.0.1:{free_port()}"
        super().__init__(source, url, "--listen", self.url.removeprefix("http://"), *flags)

    def get(self, path):
        """None while it does not listen yet."""
        try:
            return requests.get(self.url + path, timeout=60)
        except requests.ConnectionError:
            return None

    def metric(self, name):
        """-1 while it does not listen yet."""
        said = self.get("/metrics")
        return -1 if said is None else float(re.search(rf"^flashbid_{self.hop}_{name} (\S+)$", said.text, re.M)[1])

    def wait_until(self, holds, what):
        deadline = time.monotonic() + DRAIN_TIMEOUT_S
        while not holds(self):
            assert time.monotonic() < deadline, f"{what}\n{self.tail()}"
            time.sleep(0.1)

    def is_ready(self):
        said = self.get("/readyz")
        return said is not None and said.status_code == 200

    def reason(self):
        """Why it is not ready; empty if it is, or does not listen yet."""
        said = self.get("/readyz")
        return said.json()["detail"] if said is not None and said.status_code == 503 else ""


def bots(server, seconds=3, bidders=20):
    return subprocess.Popen([str(BINARY), "bots", "--url", server.url, "--bots", str(bidders), "--duration",
                             f"{seconds}s", "--auctions", "4", "--keys", "--seed", "7"], env=clean_environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def crowd(server, seconds=3):
    child = bots(server, seconds)
    said, _ = child.communicate(timeout=seconds + 60)
    assert child.returncode == 0, said


def wait_for_drain(*flags):
    """`flashbid verify` with these flags, once the archive has everything."""
    deadline = time.monotonic() + DRAIN_TIMEOUT_S
    while True:
        done = run_command("verify", *flags, timeout=120)
        if done.returncode != 3 or time.monotonic() > deadline:
            return done
        time.sleep(0.3)


def counted(postgres, url):
    """Events in the archive."""
    return int(postgres.sql("SELECT count(*) FROM flashbid.events", url.rsplit("/", 1)[1]))
