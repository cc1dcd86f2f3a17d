"""The programs in docs/webhooks.md, run as they stand there: the receiver, and what sends dead letters again."""
import base64
import hashlib
import hmac
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from flashbid_server import REPOSITORY, Server
from postgres_server import free_port
from relay_worker import Relay, bots

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OTHER = "whsec_" + base64.b64encode(bytes(32)).decode()


def program(name, folder):
    """A block of the document, as a file."""
    text = (REPOSITORY / "docs" / "webhooks.md").read_text(encoding="utf-8")
    path = folder / name
    path.write_text(re.search(rf"^```python {re.escape(name)}\n(.*?)^```$", text, re.M | re.S).group(1), encoding="utf-8")
    return path


def event(sequence, auction=7):
    return {"specversion": "1.0", "id": f"{auction}-1-{sequence}", "source": "/flashbid/redis/16/3",
            "type": "flashbid.bid_accepted.v1", "subject": str(auction), "time": "2026-01-31T08:00:00.000Z",
            "data": {"auction_id": auction, "epoch": 1, "sequence": sequence, "event": "bid_accepted", "bidder": "Zoë"}}


class Receiver:
    def __init__(self, folder):
        self.port = free_port()
        self.said = folder / "said"
        with self.said.open("wb") as said:
            self.child = subprocess.Popen([sys.executable, str(program("receiver.py", folder)), str(self.port), SECRET],
                                          stdout=said, stderr=subprocess.DEVNULL,
                                          env={**os.environ, "PYTHONIOENCODING": "utf-8"})
        self.url = f"http://127.0.0.1:{self.port}/hook"
        deadline = time.monotonic() + 60
        while self.post(b"[]", {}) is None:
            assert time.monotonic() < deadline and self.child.poll() is None
            time.sleep(0.05)

    def post(self, body, headers):
        """The status; None while nobody listens."""
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except urllib.error.URLError:
            return None

    def ids(self):
        return [line.split(" ")[0] for line in self.said.read_text(encoding="utf-8").splitlines()]

    def close(self):
        self.child.kill()
        self.child.wait()


@pytest.fixture
def receiver(tmp_path):
    made = Receiver(tmp_path)
    yield made
    made.close()


def signed(body, key=KEY, at=None, name="7-1-1_7-1-2"):
    now = str(int(time.time()) if at is None else at)
    signature = base64.b64encode(hmac.new(key, f"{name}.{now}.".encode() + body, hashlib.sha256).digest()).decode()
    return {"webhook-id": name, "webhook-timestamp": now, "webhook-signature": f"v1,{signature}"}


def test_events_are_taken_once(receiver):
    body = json.dumps([event(1), event(2)]).encode()
    assert receiver.post(body, signed(body)) == 204
    assert receiver.post(body, signed(body)) == 204
    later = json.dumps([event(2), event(3)]).encode()
    assert receiver.post(later, signed(later, name="7-1-2_7-1-3")) == 204
    assert receiver.ids() == ["7-1-1", "7-1-2", "7-1-3"]


def test_one_of_several_signatures_is_enough(receiver):
    body = json.dumps([event(1)]).encode()
    headers = signed(body)
    headers["webhook-signature"] = signed(body, key=bytes(32))["webhook-signature"] + " " + headers["webhook-signature"]
    assert receiver.post(body, headers) == 204


def test_what_is_not_signed_is_refused(receiver):
    body = json.dumps([event(1)]).encode()
    good = signed(body)
    now = int(time.time())
    for headers in ({}, signed(body, key=bytes(32)), signed(body + b" "), signed(body, at=now - 400),
                    signed(body, at=now + 400), {**good, "webhook-id": "7-1-1_7-1-3"},
                    {**good, "webhook-timestamp": str(now - 1)}, {**good, "webhook-timestamp": "now"},
                    {**good, "webhook-signature": good["webhook-signature"].removeprefix("v1,")}):
        assert receiver.post(body, headers) == 401, headers
    assert receiver.ids() == []


def test_dead_letters_are_sent_again(receiver, tmp_path):
    letters = [[event(1), event(2)], [event(1, auction=8)]]
    lines = [json.dumps({"at": "2026-01-31T08:12:00.000Z", "url": receiver.url, "reason": "it answered 500", "tries": 12,
                         "webhook_id": f"{events[0]['id']}_{events[-1]['id']}", "events": events}, ensure_ascii=False)
             for events in letters]
    (tmp_path / "again.jsonl").write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    (tmp_path / "secrets").write_text(f"# ours\n{SECRET}\n{OTHER}\n")
    run = subprocess.run([sys.executable, str(program("resend.py", tmp_path)), str(tmp_path / "secrets"),
                          str(tmp_path / "again.jsonl")], capture_output=True, text=True, timeout=30)
    assert run.returncode == 0, run.stderr
    assert receiver.ids() == ["7-1-1", "7-1-2", "8-1-1"]
    assert run.stdout.splitlines() == ["sent 7-1-1_7-1-2", "sent 8-1-1_8-1-1"]


def in_streams(redis):
    """Each auction's events, by the ids that envelopes give them."""
    events = {}
    for stream in redis.keys("flashbid:{*}:stream"):
        for text in re.findall(r'{"auction_id":(\d+),"epoch":(\d+),"sequence":(\d+),', redis.cli("XRANGE", stream, "-", "+")):
            events.setdefault(text[0], []).append("-".join(text))
    return events


def test_a_relay_killed_again_and_again_tells_every_event_in_order(receiver, redis, tmp_path):
    (tmp_path / "secrets").write_text(f"{OTHER}\n{SECRET}\n")
    flags = [redis.url, receiver.url, "--webhook-secret-file", str(tmp_path / "secrets"), "--webhook-allow-private",
             "--dead-letters", str(tmp_path / "dead.jsonl")]
    server = Server(tmp_path / "data", "--engine", redis.url).start()
    relay = Relay(*flags)
    try:
        child = bots(server, seconds=4)
        for _ in range(4):
            time.sleep(0.9)
            relay.kill()
            relay = Relay(*flags)
        said, _ = child.communicate(timeout=60)
        assert child.returncode == 0, said
        expected = in_streams(redis)
        count = sum(len(events) for events in expected.values())
        assert count > 100
        deadline = time.monotonic() + 60
        while len(receiver.ids()) < count and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        server.stop()
        code, said = relay.stop()
    assert code == 0, said
    told = {}
    for name in receiver.ids():
        told.setdefault(name.split("-")[0], []).append(name)
    assert told == expected, said
    assert (tmp_path / "dead.jsonl").read_text() == ""
