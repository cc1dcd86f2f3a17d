"""What the benchmarks ask of the server besides the load: auctions, and the very bytes that it answers."""

import datetime
import http.client
import json
import socket
import time
import struct

from .programs import BenchError

# As bid_load bids: amounts of 15 digits, the lowest of which loses against STANDING.
LOWEST = 100_000_000_000_000
STANDING = 200_000_000_000_000
BIDDER = "bidder-0"


def ask(port, method, path, body=None, token=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {token}"} if token else {"X-Bidder": BIDDER}
    headers |= {"Content-Type": "application/json"} if body is not None else {}
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = connection.getresponse()
        answer = json.loads(response.read())
    finally:
        connection.close()
    if response.status >= 300:
        raise BenchError(f"{method} {path}: {response.status} {answer}")
    return answer


def create(port, first, count, opening_price=0, token=None):
    closes_at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    for auction in range(first, first + count):
        ask(port, "POST", "/v1/auctions", {
            "id": auction, "title": f"Bench {auction}", "currency": "CNY", "opening_price": opening_price,
            "closes_at": closes_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")}, token)


def create_lost(port, auction, token=None):
    """An auction on which bid_load's lowest amount loses against a standing bid."""
    create(port, auction, 1, token=token)
    ask(port, "POST", f"/v1/auctions/{auction}/bids", {"amount": STANDING}, token)


def open_sequence(port, auction):
    """The sequence of the auction once it is open: that is an event, too, and may come a moment after the creation."""
    deadline = time.monotonic() + 30
    while (there := ask(port, "GET", f"/v1/auctions/{auction}"))["state"] != "open":
        if time.monotonic() > deadline:
            raise BenchError(f"auction {auction} does not open: {there}")
        time.sleep(0.01)
    return there["sequence"]


def bids(port, auction):
    return ask(port, "GET", f"/v1/auctions/{auction}")["bids"]


def raw_reply(port, auction, amount):
    """The bytes of the answer to a bid, as bid_load would get them."""
    body = b'{"amount":%d}' % amount
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"POST /v1/auctions/%d/bids HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Bidder: bidder-0\r\n"
                           b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (auction, len(body), body))
        reply = b""
        while True:
            got = connection.recv(65536)
            if not got:
                raise BenchError(f"the server closed the connection after {reply!r}")
            reply += got
            head, end, rest = reply.partition(b"\r\n\r\n")
            if end:
                length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n")
                              if line.lower().startswith(b"content-length:"))
                if len(rest) >= length:
                    return reply


def last_event(port, auction):
    """The newest event of the auction, as the bytes that ledger and watchers get."""
    sequence = ask(port, "GET", f"/v1/auctions/{auction}")["sequence"]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", f"/v1/auctions/{auction}/events?after_sequence={sequence - 1}&limit=1")
    page = connection.getresponse().read()
    connection.close()
    event = json.loads(page)["events"][0]
    return json.dumps(event, separators=(",", ":")).encode()


def event_frame(event):
    """The event as an unmasked WebSocket text frame of the feed."""
    payload = b'{"type":"event",' + event[1:]
    size = len(payload)
    head = b"\x81" + (bytes([size]) if size < 126 else b"\x7e" + struct.pack(">H", size))
    return head + payload
