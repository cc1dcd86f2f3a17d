"""The API as a client sees it: JSON requests over one keep-alive connection, every answer checked.

Each answer is held against the conventions of the wire contract (problem+json, content types) and against
/openapi.json. One client is one connection and belongs to one thread.
"""
import json
import re
import time
from datetime import datetime, timedelta, timezone

from api_documents import CODES
from http_wire import Connection, ConnectionEnded, request_bytes

JSON = "application/json"
PROBLEM = "application/problem+json"
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
REQUEST_ID = re.compile(r"^[A-Za-z0-9._:@+/=-]{1,64}$")
MAX_AMOUNT = 2**53 - 1

AUCTION_FIELDS = {
    "id", "title", "currency", "format", "opening_price", "increment", "reserve_met", "opens_at", "closes_at",
    "soft_close", "seller", "self_outbid", "amount_limit", "description", "image_url", "state", "price", "leader",
    "minimum_next", "bids", "extensions", "winner", "sold", "watchers", "epoch", "sequence", "server_time"}
REJECTED_FIELDS = {
    "verdict", "reason", "auction_id", "bidder", "amount", "price", "leader", "minimum_next", "closes_at",
    "as_of_sequence", "decided_at"}
ACCEPTED_FIELDS = (REJECTED_FIELDS - {"reason"}) | {"sequence"}
REASONS = ["not_open_yet", "closed", "cancelled", "own_auction", "already_leading", "amount_below_minimum",
           "amount_above_limit"]


def in_seconds(seconds):
    """A time that many seconds from now, as the contract writes times."""
    moment = datetime.now(timezone.utc) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def parse_time(text):
    assert isinstance(text, str) and TIME.match(text), f"not RFC 3339 UTC with milliseconds: {text!r}"
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)


def milliseconds(text):
    return round(parse_time(text).timestamp() * 1000)


def check_conventions(response):
    """What holds for every answer, whatever the route."""
    assert response.header("x-content-type-options") == "nosniff", response
    request_id = response.header("x-request-id")
    assert request_id and REQUEST_ID.match(request_id), response
    if response.status < 400:
        return
    assert response.media_type == PROBLEM, f"an error must be problem+json: {response}"
    problem = response.json()
    for field, kind in (("type", str), ("title", str), ("status", int), ("code", str), ("detail", str)):
        assert isinstance(problem.get(field), kind), f"{field} missing or of the wrong type: {problem}"
    assert problem["status"] == response.status, problem
    assert problem.get("request_id") == request_id, problem
    assert CODES.get(problem["code"]) == response.status, f"the published table has not this code for it: {problem}"
    if response.status in (429, 503):
        assert response.header("retry-after"), "429 and 503 carry Retry-After"
    if response.status == 405:
        assert response.header("allow"), "405 carries Allow"


class Api:
    def __init__(self, server, documents=None):
        self.server = server
        self.documents = documents
        self.connection = None
        server.clients.append(self)

    def close(self):
        if self.connection:
            self.connection.close()
            self.connection = None

    def request(self, method, target, body=None, *, raw=None, bidder=None, key=None, headers=()):
        """body: sent as JSON; raw: bytes or text sent as they are. Both get the JSON content type unless overridden."""
        headers = list(headers)
        if raw is None and body is not None:
            raw = json.dumps(body)
        if isinstance(raw, str):
            raw = raw.encode("utf-8")
        if raw is not None and not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", JSON))
        if bidder is not None:
            headers.append(("X-Bidder", bidder))
        if key is not None:
            headers.append(("Idempotency-Key", key))
        response = self.exchange(method, target, headers, raw)
        check_conventions(response)
        if self.documents:
            wrong = self.documents.check(method, target, response)
            assert not wrong, wrong
        return response

    def exchange(self, method, target, headers, raw):
        """Uses the kept connection; one that the server has closed meanwhile is replaced once."""
        for fresh in (False, True):
            if self.connection is None or fresh:
                self.close()
                self.connection = Connection(self.server)
                fresh = True
            try:
                self.connection.send_all_it_takes(request_bytes(method, target, host=self.connection.authority,
                                                                headers=headers, body=raw))
                response = self.connection.read_response(method)
            except (ConnectionEnded, ConnectionError):
                if fresh:
                    raise
                continue
            if (response.header("connection") or "").lower() == "close":
                self.close()
            return response
        raise AssertionError("unreachable")

    def get(self, target, **more):
        return self.request("GET", target, **more)

    def post(self, target, body=None, **more):
        return self.request("POST", target, body, **more)

    def get_json(self, target, status=200, **more):
        response = self.get(target, **more)
        assert response.status == status, response
        return response.json()

    def problem(self, method, target, status, code=None, **more):
        """Expects an error and returns its body."""
        response = self.request(method, target, **more)
        assert response.status == status, f"{method} {target}: expected {status}, got {response}"
        problem = response.json()
        if code is not None:
            codes = (code,) if isinstance(code, str) else code
            assert problem["code"] in codes, f"{method} {target}: expected {codes}, got {problem}"
        return problem

    def create(self, *, bidder=None, key=None, **fields):
        """Creates an auction; what is not given gets a plain value."""
        body = {"title": "A lot", "currency": "CNY", "opening_price": 10000, "increment": 100,
                "closes_at": in_seconds(600)}
        body.update(fields)
        response = self.post("/v1/auctions", body, bidder=bidder, key=key)
        assert response.status == 201, response
        return response.json()

    def auction(self, auction_id):
        return self.get_json(f"/v1/auctions/{auction_id}")

    def bid(self, auction_id, amount, bidder="Alice", key=None):
        response = self.post(f"/v1/auctions/{auction_id}/bids", {"amount": amount}, bidder=bidder, key=key)
        assert response.status == 200, response
        answer = response.json()
        expected = ACCEPTED_FIELDS if answer["verdict"] == "accepted" else REJECTED_FIELDS
        assert set(answer) == expected, f"fields differ: {set(answer) ^ expected} in {answer}"
        return answer

    def accept(self, auction_id, amount, bidder="Alice", key=None):
        answer = self.bid(auction_id, amount, bidder, key)
        assert answer["verdict"] == "accepted", answer
        return answer

    def reject(self, auction_id, amount, reason, bidder="Alice", key=None):
        answer = self.bid(auction_id, amount, bidder, key)
        assert (answer["verdict"], answer.get("reason")) == ("rejected", reason), answer
        return answer

    def pages(self, auction_id, kind, limit=1000):
        """All of an auction's `bids` or `events`, read page by page."""
        found, after = [], 0
        while True:
            page = self.get_json(f"/v1/auctions/{auction_id}/{kind}?after_sequence={after}&limit={limit}")
            assert len(page[kind]) <= limit
            found += page[kind]
            after = page["next_after_sequence"]
            if after is None or not page[kind]:
                return found

    def history(self, auction_id):
        return self.pages(auction_id, "bids")

    def events(self, auction_id):
        return self.pages(auction_id, "events")

    def wait_state(self, auction_id, state, timeout=60):
        deadline = time.monotonic() + timeout
        while True:
            auction = self.auction(auction_id)
            if auction["state"] == state:
                return auction
            assert time.monotonic() < deadline, f"still {auction['state']}, waited for {state}"
            time.sleep(0.02)
