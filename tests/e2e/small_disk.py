"""A disk of a few megabytes, for tests of what happens when it is full."""
import subprocess
from pathlib import Path

import pytest

SIZE_MB = 24
BALLAST_MB = 20


class SmallDisk:
    """A tmpfs kept by a sleeping process; `root` is its folder as seen from outside the namespace."""

    def __init__(self, folder):
        script = f"mount -t tmpfs -o size={SIZE_MB}m none '{folder}' && echo mounted && exec sleep 600"
        self.keeper = subprocess.Popen(["unshare", "-m", "sh", "-c", script], stdout=subprocess.PIPE,
                                       stderr=subprocess.DEVNULL)
        if self.keeper.stdout.readline() != b"mounted\n":
            self.keeper.wait()
            pytest.skip("no permission to mount a small disk here")
        self.root = Path(f"/proc/{self.keeper.pid}/root{folder}")
        self.prefix = ["nsenter", "-t", str(self.keeper.pid), "-m", "-r", "--"]

    def fill(self):
        (self.root / "ballast").write_bytes(b"x" * BALLAST_MB * 2**20)

    def free(self):
        (self.root / "ballast").unlink()

    def close(self):
        self.keeper.kill()
        self.keeper.wait()
