"""Runs `flashbid relay` as a process of its own, beside a crowd of bots; knows nothing of what either must do."""
import signal
import subprocess

from flashbid_server import BINARY, clean_environment


class Relay:
    """Started at once; ended by kill() or stop()."""

    def __init__(self, source, url):
        self.child = subprocess.Popen([str(BINARY), "relay", "--from", source, "--to", url], env=clean_environment(),
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def kill(self):
        self.child.kill()
        self.child.communicate(timeout=20)

    def stop(self):
        """Its exit code, and what it said."""
        self.child.send_signal(signal.SIGTERM)
        _, said = self.child.communicate(timeout=30)
        return self.child.returncode, said


def bots(server, seconds=3, bidders=20):
    return subprocess.Popen([str(BINARY), "bots", "--url", server.url, "--bots", str(bidders), "--duration",
                             f"{seconds}s", "--auctions", "4", "--keys", "--seed", "7"], env=clean_environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def crowd(server, seconds=3):
    child = bots(server, seconds)
    said, _ = child.communicate(timeout=seconds + 60)
    assert child.returncode == 0, said


def counted(postgres, url):
    """Events in the archive."""
    return int(postgres.sql("SELECT count(*) FROM flashbid.events", url.rsplit("/", 1)[1]))
