"""The C++ client as a program of somebody else's gets it: installed, found by find_package, run against a real server."""
import os
import re
import shutil
import subprocess
import threading

import pytest

from api_client import Api
from flashbid_server import BINARY, REPOSITORY, Server, clean_environment, run_command
from postgres_server import free_port

BUILD = BINARY.parent
PATIENCE_S = 60
OPEN_FOR_S = 6


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, f"{command}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The program, built from a copy of the example's folder and the installed package alone."""
    folder = tmp_path_factory.mktemp("outside")
    run("cmake", "--install", BUILD, "--component", "client", "--prefix", folder / "installed")
    shutil.copytree(REPOSITORY / "clients" / "cpp" / "examples", folder / "program")
    run("cmake", "-G", "Ninja", "-S", folder / "program", "-B", folder / "built", f"-DCMAKE_PREFIX_PATH={folder}/installed",
        "-DCMAKE_CXX_COMPILER=clang++-19", "-DCMAKE_BUILD_TYPE=Debug")
    run("cmake", "--build", folder / "built")
    return folder / "built" / "one_auction"


class Running:
    """The example at work; its lines as they come."""

    def __init__(self, example, url, **variables):
        self.child = subprocess.Popen([str(example), url, str(OPEN_FOR_S)], text=True, stdout=subprocess.PIPE,
                                      stderr=subprocess.PIPE, env=clean_environment(**variables))
        self.lines = []
        self.changed = threading.Condition()
        self.reader = threading.Thread(target=self.read)
        self.reader.start()

    def read(self):
        for line in self.child.stdout:
            with self.changed:
                self.lines.append(line.rstrip("\n"))
                self.changed.notify_all()

    def await_lines(self, count):
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.lines) >= count or self.child.poll() is not None, PATIENCE_S)
            assert len(self.lines) >= count, self.lines

    def end(self):
        try:
            code = self.child.wait(timeout=2 * PATIENCE_S)
        finally:
            self.child.kill()
            self.reader.join()
        assert code == 0, f"{self.lines[-5:]}\n{self.child.stderr.read()}"
        return self.lines


def told(lines):
    """(the auction's id, every bid that was answered as accepted, the winner and the price that were told last)"""
    auction = int(re.match(r"auction (\d+) is open", lines[0])[1])
    bids = [(match[1], int(match[2])) for line in lines if (match := re.fullmatch(r"(\S+) bids (\d+)", line))]
    sold = re.fullmatch(r"sold to (\S+) for (\d+)", lines[-1])
    return auction, bids, (sold[1], int(sold[2]))


def bids_of(server, auction):
    api = Api(server)
    page = api.get_json(f"/v1/auctions/{auction}/bids?limit=1000")
    api.close()
    return [(bid["bidder"], bid["amount"]) for bid in page["bids"]]


def test_killed_in_the_middle_every_bid_is_there_once_and_seen(example, tmp_path):
    server = Server(tmp_path / "data", listen=f"127.0.0.1:{free_port()}").start()
    running = Running(example, server.url)
    try:
        for count in (5, 15):
            running.await_lines(count)
            server.kill()
            server.start()
    finally:
        lines = running.end()
    auction, bids, sold = told(lines)
    assert len(bids) > 10 and {bidder for bidder, _ in bids} == {"Alice", "Bob"}
    assert bids_of(server, auction) == bids
    assert sold == bids[-1]
    server.stop()


def test_by_token_and_what_cannot_be(example, tmp_path):
    key = tmp_path / "key"
    key.write_bytes(os.urandom(48))
    token = run_command("token", "--key", str(key), "--sub", "Olga", "--role", "operator").stdout.strip()
    with Server(tmp_path / "data", "--jwt-key", str(key), "--public-bidders", "full", dev=False) as server:
        auction, bids, sold = told(Running(example, server.url, FLASHBID_TOKEN=token).end())
        assert {bidder for bidder, _ in bids} == {"Olga"} and sold == bids[-1]
        assert bids_of(server, auction) == bids
        refused = subprocess.run([str(example), server.url], capture_output=True, text=True, timeout=PATIENCE_S,
                                 env=clean_environment(FLASHBID_TOKEN="no.token.atall"))
        assert refused.returncode == 1 and "unauthenticated" in refused.stderr
    wrong = subprocess.run([str(example), "ftp://house"], capture_output=True, text=True, timeout=PATIENCE_S)
    assert wrong.returncode == 1 and "http://127.0.0.1:8080" in wrong.stderr
