"""An auction house of several machines: nodes on one Redis, a relay beside them, PostgreSQL behind.

Starts and ends the processes; what they are asked and what must hold is the tests'.
"""
import time

import requests

from flashbid_server import Server
from relay_worker import Relay, wait_for_drain

READY_TIMEOUT_S = 60


class House:
    def __init__(self, folder, engine, archive, *flags, nodes=3, hops=None):
        """engine, archive: URLs; flags: further ones of every node; hops: what each relay is told (--from, --to, further
        flags), if it is not one from the engine to the archive."""
        self.engine = engine
        self.archive = archive
        self.nodes = [Server(folder / f"node{k}", "--engine", engine, "--archive", archive, "--threads", "1", *flags)
                      for k in range(nodes)]
        self.hops = hops or [(engine, archive)]
        self.relays = []

    def start(self):
        for node in self.nodes:
            node.start()
        self.relays = [Relay(*hop) for hop in self.hops]
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
                    said = requests.get(node.url + "/readyz", timeout=60)
                    if said.status_code == 200:
                        break
                except requests.RequestException as failure:
                    said = failure
                assert time.monotonic() < deadline, f"{said!r} {getattr(said, 'text', '')}\n{node.tail()}"
                time.sleep(0.05)

    def wait_for_drain(self):
        return wait_for_drain("--engine", self.engine, "--archive", self.archive)

    def stop(self):
        """All must end cleanly."""
        for relay in self.relays:
            code, said = relay.stop()
            assert code == 0, said
        for node in self.nodes:
            node.stop()

    def close(self):
        """Whatever still runs is killed."""
        for each in [*self.relays, *self.nodes]:
            if each.child is not None:
                each.kill()
