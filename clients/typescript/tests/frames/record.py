#!/usr/bin/env -S /usr/bin/python3 -B
"""Records what the real server says to a watcher into clients/typescript/tests/frames/*.json, for tests/frames.test.ts.

To be run again when the wire contract grows:  FLASHBID_BINARY=build/release/flashbid clients/typescript/tests/frames/record.py
"""
import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[3] / "tests" / "e2e"))

from api_client import Api, in_seconds  # noqa: E402
from flashbid_server import Server  # noqa: E402
from stream_client import Stream  # noqa: E402


class Recording:
    """What one socket was asked and said, and what the server knew of the auction when it was over."""

    def __init__(self, server, bidder=None):
        self.stream = Stream(server, bidder=bidder)
        self.frames = []

    def ask(self, **frame):
        self.stream.send(**frame)
        self.listen()

    def listen(self):
        self.frames += self.stream.fence()

    def wait_for(self, event):
        while not any(frame.get("event") == event for frame in self.frames):
            self.frames.append(self.stream.read())

    def keep(self, name, api=None, auction=None):
        self.listen()
        self.stream.close()
        kept = {"frames": self.frames}
        if auction is not None:
            kept |= {"auction": api.auction(auction), "events": api.events(auction)}
        lines = ",\n".join(f" {json.dumps(key)}: {lines_of(value)}" for key, value in kept.items())
        (HERE / f"{name}.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")
        print(f"{name}: {', '.join(frame['type'] for frame in self.frames)}")


def lines_of(value):
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join(f"  {json.dumps(each, ensure_ascii=False)}" for each in value) + "\n ]"


def soft_close(api):
    """The end moves with every bid of the last ten minutes."""
    return api.create(closes_at=in_seconds(60), soft_close={"window_ms": 120_000, "extend_ms": 300_000, "mode": "from_bid"},
                      reserve=20_000)["id"]


def in_the_open(server, api):
    every, auction = Recording(server, "Alice"), soft_close(api)
    every.ask(type="subscribe", auction_id=auction)
    every.ask(type="bid", id="c1", auction_id=auction, amount=10_000, idempotency_key="a")
    every.ask(type="bid", id="c2", auction_id=auction, amount=10_000, idempotency_key="a")
    every.ask(type="bid", id="c3", auction_id=auction, amount=10_050, idempotency_key="b")
    api.accept(auction, 25_000, "Bob")
    api.post(f"/v1/auctions/{auction}/cancel")
    every.keep("snapshot_bids_cancelled", api, auction)

    auction = soft_close(api)
    api.accept(auction, 11_000, "Bob")
    resumed = Recording(server)
    resumed.ask(type="subscribe", auction_id=auction, epoch=1, after_sequence=2)
    api.accept(auction, 12_000, "Carol")
    resumed.keep("resumed", api, auction)

    reset = Recording(server)
    reset.ask(type="subscribe", auction_id=auction, epoch=999, after_sequence=2)
    api.accept(auction, 13_000, "Bob")
    reset.ask(type="subscribe", auction_id=auction, epoch=1, after_sequence=9_999)
    api.accept(auction, 14_000, "Carol")
    reset.keep("reset", api, auction)

    latest = Recording(server)
    latest.ask(type="subscribe", auction_id=auction, mode="latest")
    for amount in (15_000, 16_000, 17_000):
        api.accept(auction, amount, "Bob")
        latest.listen()
    latest.keep("latest", api, auction)

    for name, sold in (("closed_sold", True), ("closed_unsold", False)):
        closing, auction = Recording(server), api.create(closes_at=in_seconds(1.5), reserve=10_500)["id"]
        closing.ask(type="subscribe", auction_id=auction, epoch=1, after_sequence=0)
        api.accept(auction, 11_000 if sold else 10_000, "Bob")
        closing.wait_for("closed")
        closing.keep(name, api, auction)


def refusals(server):
    stranger = Recording(server)
    stranger.ask(type="subscribe", auction_id=987654)
    stranger.ask(type="unsubscribe", auction_id=987654)
    stranger.ask(type="bid", id="c1", auction_id=987654, amount=1)
    stranger.ask(type="auth", token="no.to.ken")
    stranger.ask(type="subscribe", auction_id=1, beyond=2)
    stranger.keep("refused")


def private_house(folder):
    key = folder / "key"
    key.write_bytes(b"0123456789abcdef0123456789abcdef")
    with Server(folder / "private", "--jwt-key", str(key), "--private", dev=False) as server:
        outside = Recording(server)
        outside.ask(type="subscribe", auction_id=1)
        outside.ask(type="auth", token="no.to.ken")
        outside.keep("private_house")


def main():
    folder = Path(tempfile.mkdtemp())
    with Server(folder / "open") as server:
        api = Api(server)
        in_the_open(server, api)
        refusals(server)
        api.close()
    private_house(folder)


if __name__ == "__main__":
    main()
