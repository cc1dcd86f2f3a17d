"""Owns a network namespace with a cable of its own to this machine, which can be pulled: for tests of a cut. Needs root."""
import itertools
import os
import subprocess

NUMBERS = itertools.count(1)


def run(*words, check=True):
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert not check or done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
    return done


class NetworkNamespace:
    """`outside` is this machine's address on the cable, `inside` the namespace's."""

    def __init__(self):
        number = os.getpid() * 16 + next(NUMBERS)
        self.name = f"flashbid-{number}"
        self.cable = f"fb{number % 10**9}"
        network = f"10.{198 + number % 2}.{number // 256 % 256}"
        first = number % 64 * 4
        self.outside, self.inside = f"{network}.{first + 1}", f"{network}.{first + 2}"

    def __enter__(self):
        run("ip", "netns", "add", self.name)
        run("ip", "link", "add", self.cable, "type", "veth", "peer", "name", "cable", "netns", self.name)
        run("ip", "address", "add", f"{self.outside}/30", "dev", self.cable)
        run("ip", "link", "set", self.cable, "up")
        run(*self.prefix, "ip", "address", "add", f"{self.inside}/30", "dev", "cable")
        run(*self.prefix, "ip", "link", "set", "cable", "up")
        run(*self.prefix, "ip", "link", "set", "lo", "up")
        return self

    def __exit__(self, *unused):
        run("ip", "link", "del", self.cable, check=False)
        run("ip", "netns", "del", self.name, check=False)

    @property
    def prefix(self):
        """Runs a command inside, by exec."""
        return ["nsenter", f"--net=/run/netns/{self.name}"]

    def cut(self):
        run("ip", "link", "set", self.cable, "down")

    def mend(self):
        run("ip", "link", "set", self.cable, "up")
