"""An auction house of several machines: nodes on one Redis, a relay beside them, PostgreSQL behind.

Starts and ends the processes; what they are asked and what must hold is the tests'.
"""
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import requests

from flashbid_server import BINARY, Server, clean_environment, run_command

READY_TIMEOUT_S = 60
DRAIN_TIMEOUT_S = 90


class Relay:
    """`flashbid relay`, a process of its own."""

    def __init__(self, source, sink, *flags):
        self.words = [str(BINARY), "relay", "--from", source, "--to", sink, *flags]
        self.log = Path(tempfile.mkdtemp(prefix="flashbid-logs-")) / "relay"
        self.child = None

    def start(self):
        assert self.child is None, "already running"
        with open(self.log, "ab") as log:
            self.child = subprocess.Popen(self.words, env=clean_environment(), stdout=log, stderr=log,
                                          stdin=subprocess.DEVNULL)
        return self

    def kill(self):
        self.child.kill()
        self.child.wait(timeout=20)
        self.child = None

    def stop(self):
        self.child.send_signal(signal.SIGTERM)
        code = self.child.wait(timeout=30)
        self.child = None
        assert code == 0, self.log.read_text()[-3000:]


class House:
    def __init__(self, folder, engine, archive, *flags, nodes=3):
        """engine, archive: URLs; flags: further ones of every node."""
        self.engine = engine
        self.archive = archive
        self.nodes = [Server(folder / f"node{k}", "--engine", engine, "--archive", archive, "--threads", "1", *flags)
                      for k in range(nodes)]
        self.relay = Relay(engine, archive)

    def start(self):
        for node in self.nodes:
            node.start()
        self.relay.start()
        self.wait_until_ready()
        return self

    def wait_until_ready(self):
        """Until every node that runs may be asked anything."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        for node in self.nodes:
            said = None
            while node.child is not None:
                node.check_alive()
                try:
                    said = requests.get(node.url + "/readyz", timeout=5)
                    if said.status_code == 200:
                        break
                except requests.RequestException as failure:
                    said = failure
                assert time.monotonic() < deadline, f"{said!r} {getattr(said, 'text', '')}\n{node.tail()}"
                time.sleep(0.05)

    def metric(self, name):
        """Its sum over the nodes."""
        total = 0.0
        for node in self.nodes:
            for line in requests.get(node.url + "/metrics", timeout=10).text.splitlines():
                if line.split("{")[0].split(" ")[0] == name:
                    total += float(line.rsplit(" ", 1)[1])
        return total

    def verify(self):
        return run_command("verify", "--engine", self.engine, "--archive", self.archive, timeout=120)

    def wait_for_drain(self):
        """`flashbid verify` once the archive has everything."""
        deadline = time.monotonic() + DRAIN_TIMEOUT_S
        while True:
            done = self.verify()
            if done.returncode != 3 or time.monotonic() > deadline:
                return done
            time.sleep(0.3)

    def stop(self):
        """All must end cleanly."""
        self.relay.stop()
        for node in self.nodes:
            node.stop()

    def close(self):
        """Whatever still runs is killed."""
        for each in [self.relay, *self.nodes]:
            if each.child is not None:
                each.kill()
