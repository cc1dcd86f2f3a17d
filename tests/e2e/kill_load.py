"""The load of the kill tests: bidders and a watcher that write down all they are told until the server is gone, or they
are asked to stop.

Every thread keeps its own record; nothing is shared until it has ended.
"""
import json
import random
import socket
import threading
import time

from http_wire import Connection, ConnectionEnded
from recorded_history import operation, seen
from stream_client import Stream, StreamClosed

GONE = (ConnectionEnded, ConnectionError, StreamClosed, TimeoutError, OSError)


class Bid:
    """One keyed bid and the answer it got: None while the outcome is unknown."""

    def __init__(self, auction, bidder, amount, key):
        self.auction = auction
        self.bidder = bidder
        self.amount = amount
        self.key = key
        self.answer = None
        self.sent_ns = 0
        self.attempts = []  # operations, as the checker reads them

    def attempt(self, answered_ns, response):
        """Notes how this sending ended: with a response, or with none (response None)."""
        answer, outcome = None, "unknown"
        if response is not None and response.status == 200:
            answer = response.json()
        elif response is not None and response.json().get("code") != "outcome_unknown":
            outcome = "refused"
        status = 0 if response is None else response.status
        self.attempts.append(operation(self, self.sent_ns, answered_ns, outcome, status, answer))

    def request(self, authority):
        body = b'{"amount":%d}' % self.amount
        return (f"POST /v1/auctions/{self.auction}/bids HTTP/1.1\r\nHost: {authority}\r\nX-Bidder: {self.bidder}\r\n"
                f"Content-Type: application/json\r\nIdempotency-Key: {self.key}\r\nContent-Length: {len(body)}\r\n\r\n"
                ).encode() + body


class Bidder(threading.Thread):
    """Bids on the auctions, mostly enough, sometimes too little, `depth` requests in flight, until cut off or stopped."""

    def __init__(self, server, name, auctions, seed, depth):
        super().__init__(name=name, daemon=True)
        self.server = server
        self.auctions = auctions
        self.random = random.Random(seed)
        self.depth = depth
        self.bids = []
        self.used = set()
        self.next_amount = {auction: 1 for auction in auctions}
        self.failure = None
        self.stopped = False

    def stop(self):
        self.stopped = True

    def run(self):
        try:
            with Connection(self.server) as connection:
                while not self.stopped:
                    batch = [self.next_bid() for _ in range(self.random.randint(1, self.depth))]
                    self.bids += batch
                    sent_ns = time.monotonic_ns()
                    for bid in batch:
                        bid.sent_ns = sent_ns
                    connection.send(b"".join(bid.request(connection.authority) for bid in batch))
                    for bid in batch:
                        self.note(bid, connection.read_response())
        except GONE as gone:
            if isinstance(gone, AssertionError) and not isinstance(gone, (ConnectionEnded, StreamClosed)):
                self.failure = gone
        except Exception as failure:  # told to the test, which fails on it
            self.failure = failure

    def next_bid(self):
        auction = self.random.choice(self.auctions)
        amount = max(0, self.next_amount[auction] + self.random.choice((-20, -1, 0, 0, 0, 1, 5)))
        while (auction, amount) in self.used:  # so that (bidder, amount) in the history tells which bid it was
            amount += 1
        self.used.add((auction, amount))
        self.next_amount[auction] = max(self.next_amount[auction], amount + 1)
        return Bid(auction, self.name, amount, f"{self.name}-{len(self.bids)}-{self.random.getrandbits(40):x}")

    def note(self, bid, response):
        bid.attempt(time.monotonic_ns(), response)
        if response.status == 503:
            time.sleep(0.01)
            return
        assert response.status == 200, response
        bid.answer = response.json()
        if bid.answer["minimum_next"] is not None:
            self.next_amount[bid.auction] = max(self.next_amount[bid.auction], bid.answer["minimum_next"])


class Watcher(threading.Thread):
    """Subscribes to every auction and keeps each event received."""

    def __init__(self, server, auctions):
        super().__init__(daemon=True)
        self.stream = Stream(server)
        self.asked_ns = time.monotonic_ns()
        for auction in auctions:
            self.stream.subscribe(auction)
        self.events = []
        self.told = {auction: {"events": [], "states": []} for auction in auctions}  # as the checker reads it
        self.failure = None

    def stop(self):
        """Ends it as if the server had gone."""
        try:
            self.stream.connection.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def run(self):
        try:
            while True:
                frame = self.stream.read()
                seen_ns = time.monotonic_ns()
                if frame["type"] == "event":
                    del frame["type"]
                    self.events.append(frame)
                    self.told[frame["auction_id"]]["events"].append([frame, None, seen_ns])
                elif frame["type"] in ("snapshot", "reset"):
                    told = self.told[frame["auction"]["id"]]
                    asked_ns = self.asked_ns if not told["states"] else 0
                    told["states"].append({"events_before": len(told["events"]),
                                           **seen(frame["auction"], asked_ns, seen_ns)})
        except GONE:
            pass
        except Exception as failure:  # told to the test, which fails on it
            self.failure = failure
        self.stream.connection.close()


def same(one, other):
    """Equal as JSON texts with sorted names, so that 1 and 1.0 or true differ."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
