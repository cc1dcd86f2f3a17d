"""Planted bugs that a client can see: bots bid on a server that has one, and the history checker finds it."""

import os
import sys

import plant
import pytest

os.environ["FLASHBID_BINARY"] = str(plant.ROOT / "build" / "planted" / "flashbid")
sys.path.insert(0, str(plant.ROOT / "tests" / "e2e"))
from flashbid_server import Server, clean_environment, run_command  # noqa: E402  (it reads FLASHBID_BINARY)

# Two loops, so that some watchers are on another one than their auction; every bid under a key, some of them twice.
SERVER = ("--threads", "2")
BOTS = ("--bots", "24", "--watchers", "12", "--auctions", "3", "--keys", "--duration", "1500ms", "--seed", "1")
TIMEOUT_S = 120


def verdict(folder, planted=""):
    """(exit status, all that the bots say) after a moment on a server with the bug. The bots have none."""
    server = Server(folder, *SERVER, env=clean_environment(FLASHBID_PLANTED=planted)).start()
    try:
        ended = run_command("bots", "--url", server.url, *BOTS, timeout=TIMEOUT_S)
    finally:
        server.kill()
    return ended.returncode, ended.stdout + ended.stderr


def test_an_honest_server_is_cleared(tmp_path):
    status, said = verdict(tmp_path / "house")
    assert status == 0, said


@pytest.mark.parametrize("bug", [bug for bug in plant.load()[0] if bug.checker_says], ids=lambda bug: bug.name)
def test_the_checker_finds_it(bug, tmp_path):
    status, said = verdict(tmp_path / "house", bug.name)
    assert status == 1, f"{bug.what}: the checker saw nothing\n{said[-3000:]}"
    assert plant.is_said(bug.checker_says, said), f"{bug.what}: not {bug.checker_says!r}\n{said[-3000:]}"
