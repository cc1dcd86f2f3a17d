"""A small auction server that can be told to lie, so that `flashbid bots` is seen to catch it. As a program: PORT LIE.

Honest without a lie (that is tested too). It knows just what the bots ask for: create, read, bid, pages, WebSocket
watching. Each lie is one fault that a real server could have.
"""
import asyncio
import base64
import hashlib
import json
import struct
import sys
import time
from datetime import datetime, timezone

LIES = {  # lie: the rule that it breaks
    "equal_wins": "price_step",          # >= for >
    "forgets": "changed_bid",            # acknowledged before it was stored, lost, its sequence given to another
    "decides_twice": "same_key",         # idempotency keys are not remembered
    "closes_late": "late_bid",           # only the timer closes
    "never_extends": "extension",        # no soft close
    "quotes_old_state": "stale_answer",  # rejections rest on a snapshot that is not renewed
    "wrong_reason": "wrong_reason",      # checks in another order
    "skips_events": "watcher_gap",       # watchers miss some
    "shows_another_price": "read_state",
}


def text_of(ms):
    return datetime.fromtimestamp(ms // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def now_ms():
    return time.time_ns() // 1_000_000


class Auction:
    def __init__(self, number, terms, lie):
        self.id, self.terms, self.lie = number, terms, lie
        closes = datetime.fromisoformat(terms["closes_at"].replace("Z", "+00:00"))
        self.closes_ms = round(closes.timestamp() * 1000)
        self.opens_ms = now_ms()
        self.state, self.price, self.leader, self.bids, self.extensions = "scheduled", None, None, 0, 0
        self.events, self.watchers, self.answers, self.old_state, self.forgotten = [], {}, {}, None, 0
        self.emit("created", self.opens_ms, auction=self.view())
        self.state = "open"
        self.emit("opened", self.opens_ms)

    @property
    def minimum_next(self):
        return self.terms["opening_price"] if self.price is None else self.price + self.terms["increment"]

    def view(self):
        ended = self.state == "closed"
        shown = {name: self.terms.get(name) for name in ("title", "currency", "opening_price", "increment", "soft_close",
                                                         "seller", "self_outbid")}
        return {**shown, "id": self.id, "amount_limit": None, "opens_at": text_of(self.opens_ms),
                "closes_at": text_of(self.closes_ms), "reserve_met": None, "state": self.state, "price": self.price,
                "leader": self.leader, "minimum_next": self.minimum_next, "bids": self.bids,
                "extensions": self.extensions, "winner": self.leader if ended else None,
                "sold": self.bids > 0 if ended else None, "watchers": len(self.watchers), "epoch": 1,
                "sequence": len(self.events), "server_time": text_of(now_ms())}

    def emit(self, name, at, **fields):
        sequence = len(self.events) + 1
        self.events.append({"auction_id": self.id, "epoch": 1, "sequence": sequence, "event": name, **fields,
                            "at": text_of(at)})
        if self.lie == "skips_events" and sequence % 10 == 0:
            return
        for send, mode in list(self.watchers.items()):
            send({"type": "state", **self.view()} if mode == "latest" else {"type": "event", **self.events[-1]})

    def tick(self, now):
        grace = 200 if self.lie == "closes_late" else 0
        if self.state == "open" and now >= self.closes_ms + grace:
            self.state = "closed"
            self.emit("closed", now, winner=self.leader, price=self.price, sold=self.bids > 0)

    def reason_for(self, bidder, amount):
        below = amount < self.minimum_next and not (self.lie == "equal_wins" and amount == self.price)
        checks = [("closed", self.state == "closed"), ("own_auction", bidder == self.terms["seller"]),
                  ("already_leading", not self.terms["self_outbid"] and bidder == self.leader),
                  ("amount_below_minimum", below)]
        if self.lie == "wrong_reason":
            checks[1:] = reversed(checks[1:])
        return next((reason for reason, applies in checks if applies), None)

    def quoted(self, now):
        return {"price": self.price, "leader": self.leader, "minimum_next": self.minimum_next,
                "closes_at": text_of(self.closes_ms), "as_of_sequence": len(self.events), "decided_at": text_of(now)}

    def bid(self, bidder, amount, key):
        if key and self.lie != "decides_twice" and (bidder, key) in self.answers:
            return self.answers[bidder, key]
        now = now_ms()
        self.tick(now)
        answer = {"auction_id": self.id, "bidder": bidder, "amount": amount}
        reason = self.reason_for(bidder, amount)
        if reason is None:
            answer = {"verdict": "accepted", "sequence": self.accept(bidder, amount, now), **answer, **self.quoted(now)}
            self.forget_sometimes()
        else:
            state = self.quoted(now)
            if self.lie == "quotes_old_state":
                if self.old_state is None or len(self.events) > self.old_state["as_of_sequence"] + 40:
                    self.old_state = state
                state = self.old_state
            answer = {"verdict": "rejected", "reason": reason, **answer, **state}
        self.answers[bidder, key] = answer
        return answer

    def accept(self, bidder, amount, now):
        self.price, self.leader, self.bids = amount, bidder, self.bids + 1
        self.emit("bid_accepted", now, bidder=bidder, amount=amount, price=amount, leader=bidder,
                  minimum_next=self.minimum_next, closes_at=text_of(self.closes_ms))
        sequence, soft = len(self.events), self.terms["soft_close"]
        extended = now + soft["extend_ms"]
        late = self.closes_ms - soft["window_ms"] <= now < self.closes_ms < extended
        if late and self.extensions < soft["max_extensions"] and self.lie != "never_extends":
            self.closes_ms, self.extensions = extended, self.extensions + 1
            self.emit("extended", now, closes_at=text_of(extended), extensions=self.extensions)
        return sequence

    def forget_sometimes(self):
        """Once: the last event was answered, and is gone."""
        if self.lie == "forgets" and self.bids == 20 and not self.forgotten:
            self.forgotten = 1
            del self.events[-1]
            before = next(event for event in reversed(self.events) if event["event"] == "bid_accepted")
            self.price, self.leader, self.bids = before["price"], before["leader"], self.bids - 1


class LyingServer:
    def __init__(self, lie):
        self.lie = lie
        self.auctions = {}

    def answer(self, method, target, headers, body):
        """(status, JSON)"""
        path, _, query = target.partition("?")
        query = dict(pair.split("=") for pair in query.split("&")) if query else {}
        parts = path.strip("/").split("/")
        if method == "POST" and len(parts) == 2:
            auction = Auction(len(self.auctions) + 1, json.loads(body), self.lie)
            self.auctions[auction.id] = auction
            return 201, auction.view()
        auction = self.auctions[int(parts[2])]
        if method == "POST":
            return 200, auction.bid(headers["x-bidder"], json.loads(body)["amount"], headers.get("idempotency-key"))
        if len(parts) == 3:
            auction.tick(now_ms())
            shown = auction.view()
            if self.lie == "shows_another_price" and shown["price"]:
                shown["price"] += 1
            return 200, shown
        after, limit = int(query["after_sequence"]), int(query["limit"])
        if parts[3] == "events":
            return 200, {"events": auction.events[after:after + limit]}
        rows = [{name: event[name] for name in ("sequence", "bidder", "amount", "at")}
                for event in auction.events[after:] if event["event"] == "bid_accepted"]
        return 200, {"bids": rows[:limit]}

    async def serve(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                method, target, _ = head[0].split()
                headers = {name.lower(): value.strip() for name, _, value in
                           (line.partition(":") for line in head[1:] if line)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                if target == "/v1/stream":
                    await self.watch(reader, writer, headers)
                    return
                status, answer = self.answer(method, target, headers, body)
                text = json.dumps(answer).encode()
                writer.write(b"HTTP/1.1 %d OK\r\nContent-Length: %d\r\n\r\n%s" % (status, len(text), text))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def watch(self, reader, writer, headers):
        key = headers["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        writer.write(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     f"Sec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: flashbid.v1\r\n\r\n".encode())

        def send(frame):
            text = json.dumps(frame).encode()
            size = bytes([len(text)]) if len(text) < 126 else b"\x7e" + struct.pack(">H", len(text))
            writer.write(b"\x81" + size + text)

        try:
            while True:
                first, second = await reader.readexactly(2)
                size = second & 127
                if size == 126:
                    size = struct.unpack(">H", await reader.readexactly(2))[0]
                mask = await reader.readexactly(4)
                text = bytes(byte ^ mask[i % 4] for i, byte in enumerate(await reader.readexactly(size)))
                if first & 15 != 1:
                    continue
                asked = json.loads(text)
                auction = self.auctions[asked["auction_id"]]
                if "after_sequence" in asked:
                    for event in auction.events[asked["after_sequence"]:]:
                        send({"type": "event", **event})
                else:
                    send({"type": "snapshot", "auction": auction.view()})
                auction.watchers[send] = asked.get("mode", "every")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for auction in self.auctions.values():
                auction.watchers.pop(send, None)

    async def run(self, port):
        server = await asyncio.start_server(self.serve, "127.0.0.1", port, backlog=200)
        print(server.sockets[0].getsockname()[1], flush=True)
        while True:
            await asyncio.sleep(0.02)
            for auction in self.auctions.values():
                auction.tick(now_ms())


if __name__ == "__main__":
    asyncio.run(LyingServer(sys.argv[2]).run(int(sys.argv[1])))
