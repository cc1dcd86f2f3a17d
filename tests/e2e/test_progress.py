"""Long work says how far it is: on a terminal one line that is drawn anew and goes, elsewhere nothing while it is short."""
import base64
import http.server
import json
import os
import pty
import re
import select
import subprocess
import threading
import time

import pytest

from api_client import Api
from flashbid_server import BINARY, Server, clean_environment, run_command
from stream_client import Stream

TIMEOUT_S = 60
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
REDRAWN = b"\r"
ERASED = b"\r\x1b[K"


@pytest.fixture
def ledger(tmp_path):
    folder = tmp_path / "data"
    with Server(folder) as server:
        api = Api(server)
        api.accept(api.create()["id"], 10_600)
    return folder


class OnTerminal:
    """A command whose stderr is a terminal: what it says there."""

    def __init__(self, *words, **environment):
        ours, theirs = pty.openpty()
        self.stderr = ours
        self.said = b""
        self.child = subprocess.Popen([str(BINARY), *words], stderr=theirs, stdout=subprocess.DEVNULL,
                                      stdin=subprocess.DEVNULL, env=clean_environment() | environment)
        os.close(theirs)

    def read(self):
        """Some more; False at the end."""
        assert select.select([self.stderr], [], [], TIMEOUT_S)[0], self.said
        try:
            more = os.read(self.stderr, 65536)
        except OSError:  # EIO: nobody has the other side open any more
            return False
        self.said += more
        return bool(more)

    def read_until(self, mark):
        while not re.search(mark, self.said):
            assert self.read(), self.said
        return self.said

    def end(self):
        while self.read():
            pass
        return self.child.wait(timeout=TIMEOUT_S)

    def __del__(self):
        self.child.kill()
        self.child.wait()
        os.close(self.stderr)


def relay_to(url, ledger, tmp_path):
    """A relay's words: the webhook's receiver looks at no signature."""
    secret = tmp_path / "secret"
    secret.write_text("whsec_" + base64.b64encode(bytes(32)).decode() + "\n")
    return ["relay", "--from", f"sqlite:{ledger}", "--to", url, "--webhook-allow-private", "--webhook-secret-file", str(secret),
            "--dead-letters", str(tmp_path / "dead")]


def commands(ledger, tmp_path):
    return {"verify": ["verify", "--data", str(ledger)],
            "backup": ["backup", "--data", str(ledger), "--to", str(tmp_path / "copy")],
            "restore": ["restore", "--from", f"sqlite:{ledger}", "--to", f"sqlite:{tmp_path / 'back'}"]}


@pytest.mark.parametrize("command", ["verify", "backup", "restore"])
def test_on_a_terminal_a_line_is_drawn_and_goes(ledger, tmp_path, command):
    shown = OnTerminal(*commands(ledger, tmp_path)[command])
    assert shown.end() == 0, shown.said
    assert shown.said.startswith(REDRAWN) and shown.said.endswith(ERASED) and b"\n" not in shown.said, shown.said
    assert COLOUR.search(shown.said) and b" of 3 events" in shown.said, shown.said


def test_no_color_is_honoured(ledger, tmp_path):
    """By the line, and by the log."""
    plain = OnTerminal("verify", "--data", str(ledger), NO_COLOR="1")
    assert plain.end() == 0 and b" of 3 events" in plain.said and not COLOUR.search(plain.said), plain.said
    for settings, coloured in (({"NO_COLOR": "1"}, False), ({}, True)):
        relay = OnTerminal(*relay_to("https://127.0.0.1:1/", ledger, tmp_path), **settings)
        relay.read_until(rb"trying again")
        relay.child.terminate()
        assert relay.end() == 0 and bool(COLOUR.search(relay.said)) == coloured, relay.said


@pytest.mark.parametrize("command", ["verify", "backup", "restore"])
def test_elsewhere_short_work_says_nothing(ledger, tmp_path, command):
    done = run_command(*commands(ledger, tmp_path)[command])
    assert (done.returncode, done.stderr) == (0, ""), done


class Slow(http.server.BaseHTTPRequestHandler):
    """Takes its time for each batch of a hundred, but less than the relay's patience, until it may be quick."""
    may_be_quick = threading.Event()
    events = 0

    def do_POST(self):
        self.may_be_quick.wait(5)
        type(self).events += len(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_a_relay_shows_what_it_makes_up_for(tmp_path):
    """While a receiver is slow; and no more once it has caught up."""
    folder = tmp_path / "data"
    bids = 1_900
    with Server(folder) as server:
        auction = Api(server).create(opening_price=1, increment=1)["id"]
        with Stream(server, bidder="Alice") as stream:
            for amount in range(1, bids + 1):
                stream.bid(auction, amount)
            for _ in range(bids):
                assert stream.expect("bid_result")["verdict"] == "accepted"
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Slow) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        relay = OnTerminal(*relay_to(f"http://127.0.0.1:{receiver.server_port}/", folder, tmp_path))
        relay.read_until(rb"relay  (\[[=> ]+\]  )? *0%  \d of 1,\d{3} events")
        Slow.may_be_quick.set()
        deadline = time.monotonic() + TIMEOUT_S
        while Slow.events < bids and time.monotonic() < deadline:
            time.sleep(0.05)
        relay.child.terminate()
        assert relay.end() == 0, relay.said
        receiver.shutdown()
    assert Slow.events >= bids and b"stored" in relay.said.rsplit(ERASED, 1)[-1], relay.said[-2000:]
