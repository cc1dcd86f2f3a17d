"""What nobody may see is in no answer: every route and frame that the documents name, asked by everybody.

Who may see what. `full` and `masked` are --public-bidders; "himself" is the bidder that a name, a key or a token is of.

| what                     | nobody    | another bidder | himself                                | operator             |
|--------------------------|-----------|----------------|----------------------------------------|----------------------|
| the reserve              | never     | never          | -                                      | never, not its own   |
| an idempotency key       | never     | never          | when it is refused: the request's own  | the same             |
| a token                  | never     | never          | never                                  | never                |
| the key of tokens        | never     | never          | never                                  | never                |
| a password               | never     | never          | never                                  | never                |
| a path of this machine   | never     | never          | never                                  | never                |
| the seller's name        | yes       | yes            | yes                                    | yes                  |
| a bidder's name, full    | yes       | yes            | yes                                    | yes                  |
| a bidder's name, masked  | its mask  | its mask       | in the answers to his own bids         | yes, but not in what |
|                          |           |                | (POST .../bids, bid_result); elsewhere | is sent live         |
|                          |           |                | its mask                               |                      |

An operator who bids is a bidder among others, and is named nowhere else. The reserve shows as `reserve_met` only.
The routes and frames are the documents' own: one that has no rule here fails.
"""
import json
import time

import pytest

from api_client import Api, in_seconds
from api_documents import AsyncApi, OpenApi
from flashbid_server import BINARY, REPOSITORY, Server, run_command
from http_wire import Connection, request_bytes
from stream_client import Events, Stream, StreamClosed

RESERVE = 734_918_265_501
MET_RESERVE = 734_918_264_277
ABOVE_IT = 734_918_265_000
UNMET_RESERVE = 734_918_265_313
SECRET = "quartz-sphinx-0123456789abcdef-jackdaws-love"
HIMSELF, OTHER, SELLER, OPERATOR = "Alexandra-Quint", "Bartholomew:Zyx", "Seraphina.Vend", "Oswald@Steward"
MASKS = {HIMSELF: "A***t", OTHER: "B***x", OPERATOR: "O***d"}
TITLE = 'A bowl, "bidder":"nobody at all", 中文'


def key_of(what):
    return f"key-of-{what}-vexing"


PASSWORD = "vexing horse of the walk"
KEYS = [key_of(what) for what in ("creation", "himself", "other", "cancelling", "socket", "walk")]


class House:
    """A server without --dev, with auctions in every state, bids by two, and a token for each."""

    def __init__(self, folder, names):
        self.names = names
        self.folder = folder
        self.key = folder / "key-of-tokens"
        self.key.write_text(SECRET)
        self.tokens = {who: self.mint(who, role) for who, role in
                       ((HIMSELF, "bidder"), (OTHER, "bidder"), (OPERATOR, "operator"))}
        self.callers = {"nobody": None, "other": OTHER, "himself": HIMSELF, "operator": OPERATOR}
        self.server = Server(folder / "data-of-house", "--jwt-key", str(self.key), "--public-bidders", names,
                             "--rate-bidder", "off", "--rate-address", "off", "--rate-failures", "off", "--accounts",
                             "--rate-login", "off", "--rate-login-address", "off", dev=False)

    def mint(self, who, role):
        ended = run_command("token", "--key", str(self.key), "--sub", who, "--role", role)
        assert ended.returncode == 0, ended
        return ended.stdout.strip()

    def start(self):
        self.server.start()
        self.api = Api(self.server)
        self.openapi = OpenApi(self.api.get_json("/openapi.json"))
        self.asyncapi = AsyncApi(self.api.get_json("/asyncapi.json"))
        self.api.documents = self.openapi
        self.auctions = {
            "open": self.create(reserve=RESERVE, key=key_of("creation")),
            "met": self.create(reserve=MET_RESERVE),
            "cancelled": self.create(reserve=RESERVE),
            "scheduled": self.create(reserve=RESERVE, opens_at=in_seconds(3600), closes_at=in_seconds(7200)),
        }
        for state in ("open", "met", "cancelled"):
            assert self.bid_twice(self.auctions[state], ABOVE_IT if state == "met" else 10_400)
        self.auctions["closed"] = self.bid_twice_and_end(MET_RESERVE)
        self.auctions["unsold"] = self.bid_twice_and_end(UNMET_RESERVE)
        self.as_caller("operator", "POST", f"/v1/auctions/{self.auctions['cancelled']}/cancel",
                       key=key_of("cancelling"))
        for state in ("closed", "unsold"):
            self.api.wait_state(self.auctions[state], "closed", timeout=60)
        return self

    def bid_twice(self, auction, highest):
        bids = ((OTHER, 10_100, key_of("other")), (HIMSELF, highest, key_of("himself")))
        return all(self.bid(who, auction, amount, key)["verdict"] == "accepted" for who, amount, key in bids)

    def bid_twice_and_end(self, reserve):
        """An auction that ends soon after both bids, however slow this machine is."""
        for seconds in (1, 4, 16, 64):
            auction = self.create(reserve=reserve, closes_at=in_seconds(seconds))
            if self.bid_twice(auction, ABOVE_IT):
                return auction
        raise AssertionError("the bids come too late")

    def headers(self, caller):
        who = self.callers[caller]
        return [("Authorization", f"Bearer {self.tokens[who]}")] if who else []

    def as_caller(self, caller, method, target, body=None, *, headers=(), **how):
        headers = [*self.headers(caller), *headers]
        if method in ("HEAD", "OPTIONS"):  # no body, and every route answers
            return self.api.exchange(method, target, headers, None)
        return self.api.request(method, target, body, headers=headers, **how)

    def create(self, **fields):
        key = fields.pop("key", None)
        body = {"title": TITLE, "currency": "CNY", "opening_price": 10_000, "increment": 100, "seller": SELLER,
                "closes_at": in_seconds(3600), **fields}
        answer = self.as_caller("operator", "POST", "/v1/auctions", body, key=key)
        assert answer.status == 201, answer
        return answer.json()["id"]

    def bid(self, who, auction, amount, key=None):
        caller = next(caller for caller, name in self.callers.items() if name == who)
        return self.as_caller(caller, "POST", f"/v1/auctions/{auction}/bids", {"amount": amount}, key=key).json()

    def never(self):
        """Text -> what it is: in no answer to anybody."""
        found = {SECRET: "the key of tokens", PASSWORD: "a password", "accounts.db": "a path"}
        found |= {str(reserve): "the reserve" for reserve in (RESERVE, MET_RESERVE, UNMET_RESERVE)}
        found |= {str(path): "a path" for path in (self.folder, REPOSITORY, BINARY, self.key.name, "data-of-house")}
        found |= {key: "an idempotency key" for key in KEYS}
        for token in self.tokens.values():
            found |= {part: "a token" for part in token.split(".")[1:]}
        return found

    def check(self, caller, told, place, where, said=None):
        """place: "answer" (HTTP), "own bid" (the answer to a bid), "live" (streams). said: the request's own key."""
        if isinstance(told, bytes):
            told = told.decode("utf-8")
        for text, what in self.never().items():
            if text == said:
                continue
            assert text not in told, f"{where} tells {caller} {what}: {told[:2000]}"
        assert '"reserve":' not in told or "/components/schemas" in told, f"{where} has a reserve: {told[:2000]}"
        for name in MASKS:
            if name in told and not self.may_see(caller, name, place):
                raise AssertionError(f"{where} tells {caller} who {name} is: {told[:2000]}")

    def may_see(self, caller, name, place):
        if self.names == "full":
            return True
        if caller == "operator":
            return place != "live"
        return place == "own bid" and self.callers[caller] == name


@pytest.fixture(scope="module", params=["full", "masked"])
def house(request, tmp_path_factory):
    house = House(tmp_path_factory.mktemp("leaks"), request.param)
    try:
        yield house.start()
        house.server.check_alive()
    finally:
        if house.server.child is not None:
            house.server.stop()


QUERIES = ["", "?limit=1", "?limit=0", "?after_sequence=2", "?after_sequence=x", "?cursor=%00", "?nonsense=1",
           "?state=open", "?state=nonsense"]
BAD_BODIES = ["", "{", "[]", '"x"', "null", "\xff", "{}", '{"amount":"1"}', '{"amount":-1}', '{"amount":1e3}',
              '{"amount":1,"amount":1}', '{"nonsense":1}', '{"title":1}', '{"reserve":"x"}', "[" * 200]
# What is asked of a route besides every method; {id} becomes every auction, and one that is not there.
GET_RULES = {
    "/v1/auctions": QUERIES, "/v1/auctions/{id}": ["", "?x=1"], "/v1/auctions/{id}/bids": QUERIES,
    "/v1/auctions/{id}/bids.csv": ["", "?x=1"], "/v1/increments": ["", "?currency=CNY", "?currency=x"],
    "/v1/auctions/{id}/events": QUERIES, "/v1/auctions/{id}/actions": ["", "?x=1"],
    "/v1/auctions/{id}/explain": QUERIES, "/v1/health": [""], "/v1/stream": [""], "/v1/access": [""], "/healthz": [""],
    "/readyz": [""], "/metrics": [""], "/v1/load": [""],
    "/openapi.json": ["", "?x=1"], "/asyncapi.json": [""], "/docs": [""], "/": ["", "?auction=1"], "/item/{id}": [""],
}
POST_RULES = {
    "/v1/auctions": [{"title": TITLE, "currency": "CNY", "opening_price": 1, "reserve": RESERVE, "seller": SELLER,
                      "closes_at": in_seconds(3600)},
                     {"title": TITLE, "currency": "CNY", "opening_price": 1, "reserve": RESERVE, "id": 1,
                      "closes_at": in_seconds(3600)},
                     {"title": TITLE, "currency": "XXY", "opening_price": 1, "closes_at": in_seconds(3600)},
                     {"title": TITLE, "currency": "CNY", "opening_price": 1, "closes_at": in_seconds(-1)}],
    "/v1/auctions/{id}/bids": [{"amount": 1}, {"amount": 10_500}, {"amount": 2**53 - 1}],
    "/v1/auctions/{id}/cancel": [None, {}], "/v1/load": [{}, {"auction_id": 1}], "/v1/load/stop": [None, {}],
    # Never whose names are looked for: what a request says itself may be in its answer.
    "/v1/accounts": [{"name": "Quillon", "password": PASSWORD}, {"name": "Quillon", "password": PASSWORD + "!"},
                     {"name": "a b", "password": PASSWORD}],
    "/v1/accounts/password": [{"name": "Quillon", "password": "wrong horse", "new_password": PASSWORD},
                              {"name": "Quillon", "password": PASSWORD, "new_password": PASSWORD}],
    "/v1/sessions": [{"name": "Quillon", "password": PASSWORD}, {"name": "Quillon", "password": "wrong horse"}],
    "/v1/sessions/refresh": [{"refresh_token": "nonsense"}],
    "/v1/sessions/logout": [{"refresh_token": "nonsense"}],
    "/init": [{"item_id": 1, "start_price": 1}],
    "/bid": [{"item_id": 1, "user_id": OTHER, "amount": 1}],
}
HTTP_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}


def test_every_route_has_a_rule(house):
    """A new route is walked once somebody has written down what is asked of it."""
    documented = {method: set() for method in HTTP_METHODS}
    for path, item in house.openapi.document["paths"].items():
        for method in HTTP_METHODS & set(item):
            documented[method].add(path)
    assert documented.pop("get") == set(GET_RULES)
    assert documented.pop("post") == set(POST_RULES)
    assert not any(documented.values()), f"routes of other methods: {documented}"


def targets(house, template, auctions=None):
    if "{id}" not in template:
        return [template]
    return [template.replace("{id}", str(number)) for number in
            (*(auctions or house.auctions.values()), 987_654, "nonsense", 0)]


def text_of(response):
    head = "".join(f"{name}: {value}\n" for name, value in response.headers)
    return head + response.body.decode("utf-8")


def ask(house, caller, method, target, body=None, *, place="answer", **how):
    response = house.as_caller(caller, method, target, body, **how)
    house.check(caller, text_of(response), place, f"{method} {target} ({response.status})", said=how.get("key"))
    return response


@pytest.mark.parametrize("caller", ["nobody", "other", "himself", "operator"])
def test_no_route_tells_it_to_who_reads(house, caller):
    for template, queries in GET_RULES.items():
        for target in targets(house, template):
            for query in queries:
                ask(house, caller, "GET", target + query)
            for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "PATCH"):
                ask(house, caller, method, target)
    page = ask(house, caller, "GET", "/v1/auctions?limit=1000")
    met = {auction["id"]: auction["reserve_met"] for auction in page.json()["auctions"]}
    assert met[house.auctions["open"]] is False and met[house.auctions["met"]] is True, "only that shows"
    assert not ask(house, caller, "GET", f"/v1/auctions/{house.auctions['open']}/events").json()["events"][0].get("key")


@pytest.mark.parametrize("caller", ["nobody", "other", "himself", "operator"])
def test_no_route_tells_it_to_who_writes(house, caller):
    spare = {state: house.create(reserve=RESERVE) for state in ("open", "to_cancel")}
    assert house.bid(OTHER, spare["open"], 10_100)["verdict"] == "accepted"
    assert house.bid(HIMSELF, spare["open"], 10_300)["verdict"] == "accepted"
    auctions = {"/v1/auctions/{id}/cancel": [spare["to_cancel"], house.auctions["closed"]]}
    for template, bodies in POST_RULES.items():
        place = "own bid" if template.endswith("/bids") else "answer"
        for target in targets(house, template, auctions.get(template, [spare["open"], house.auctions["closed"],
                                                                       house.auctions["scheduled"]])):
            for body in bodies:
                ask(house, caller, "POST", target, body, place=place, key=key_of("walk") if body else None)
                ask(house, caller, "POST", target, body, place=place)
            for raw in BAD_BODIES:
                ask(house, caller, "POST", target, raw=raw.encode("latin-1"), place=place)
            for headers in ([("Content-Type", "text/plain")], [("Idempotency-Key", "a b")], [("Origin", "http://x.y")]):
                ask(house, caller, "POST", target, raw=b"{}", place=place, headers=headers)


def test_a_key_used_again_tells_nothing(house):
    auction = house.auctions["open"]
    for caller in ("other", "himself"):
        key = key_of(caller)
        for amount in (10_100, 10_400, 10_999):
            ask(house, caller, "POST", f"/v1/auctions/{auction}/bids", {"amount": amount}, place="own bid", key=key)
    again = {"title": "Another", "currency": "CNY", "opening_price": 1, "closes_at": in_seconds(3600)}
    answer = ask(house, "operator", "POST", "/v1/auctions", again, key=key_of("creation"))
    assert answer.status == 422


def broken(token):
    head, claims, signature = token.split(".")
    return [f"{head}.{claims}.", f"{head}.{claims}", f"{claims}", f"{head}.{claims}.{signature[:-4]}AAAA",
            f"{head}.{claims}.{signature}x", f"{head}.{claims}.{signature}." + "a" * 10_000]


def test_a_wrong_token_is_not_said_again(house):
    for token in broken(house.tokens[HIMSELF]):
        for method, target in (("GET", "/v1/auctions"), ("POST", f"/v1/auctions/{house.auctions['open']}/bids")):
            response = house.api.request(method, target, {"amount": 1} if method == "POST" else None,
                                         headers=[("Authorization", f"Bearer {token}")])
            assert response.status == 401, response
            house.check("nobody", text_of(response), "answer", f"{method} {target} with a wrong token")
    for scheme in ("Basic QWxleDpwdw==", "Bearer", house.tokens[HIMSELF]):
        response = house.api.request("GET", "/v1/auctions", headers=[("Authorization", scheme)])
        house.check("nobody", text_of(response), "answer", "GET with another scheme")


MALFORMED = [b"\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
             b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
             b"POST /v1/auctions HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n",
             b"POST /v1/auctions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
             b"POST /v1/auctions HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
             b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
             b"GET / HTTP/1.1\r\nHost: x\r\nExpect: nonsense\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"]


def test_a_malformed_request_is_told_nothing(house):
    answered = 0
    for raw in MALFORMED:
        with Connection(house.server) as connection:
            connection.send_all_it_takes(raw)
            connection.half_close()
            told = b""
            while more := connection.receive():
                told += more
            answered += told.startswith(b"HTTP/1.1 ")
            house.check("nobody", told, "answer", f"{raw[:60]!r}")
    assert answered >= len(MALFORMED) - 2, "most of them have an answer to look at"


def test_a_bad_key_file_is_told_without_its_path(house):
    """What is wrong is for everybody who asks /readyz."""
    house.key.write_text("short")
    try:
        deadline = time.monotonic() + 60
        while not (degraded := ask(house, "nobody", "GET", "/readyz").json()["degraded"]):
            assert time.monotonic() < deadline, "never degraded"
            time.sleep(0.1)
        assert len(degraded) == 1 and degraded[0].startswith("jwt_key: "), degraded
    finally:
        house.key.write_text(SECRET)
    for route in ("/metrics", "/healthz", "/readyz"):
        ask(house, "nobody", "GET", route)


def snapshot(stream, house):
    stream.subscribe(house.auctions["closed"])
    stream.subscribe(house.auctions["open"])


def reset(stream, house):
    stream.subscribe(house.auctions["closed"], epoch=1, after_sequence=999)
    stream.subscribe(house.auctions["open"], epoch=77, after_sequence=1)


def event(stream, house):
    for state in house.auctions:
        stream.subscribe(house.auctions[state], epoch=1, after_sequence=0)


def state_frames(stream, house):
    auction = house.create(reserve=RESERVE)
    stream.subscribe(auction, mode="latest")
    stream.fence()
    house.bid(OTHER, auction, 10_100)
    house.bid(HIMSELF, auction, 10_200)


def bid_result(stream, house):
    auction = house.create(reserve=RESERVE)
    house.bid(OTHER, auction, 10_100)
    house.bid(HIMSELF, auction, 10_200)
    stream.bid(auction, 1, idempotency_key=key_of("socket"))
    stream.bid(auction, 10_300)
    stream.bid(auction, 10_300)


def error(stream, house):
    for text in ("{", "[]", '{"type":"nonsense"}', '{"type":"auth","token":"x"}', '{"type":"bid"}', "{}",
                 '{"type":"subscribe","auction_id":"x"}', '{"type":"subscribe","auction_id":987654}',
                 '{"type":"unsubscribe","auction_id":1234}', '{"type":"auth","bidder":"x"}',
                 json.dumps({"type": "auth", "token": broken(house.tokens[HIMSELF])[3]})):
        stream.send_text(text)


def server_time(stream, house):
    stream.send(type="time", id="x")


# How each frame that the server may send is brought about.
FRAME_RULES = {"snapshot": snapshot, "reset": reset, "event": event, "state": state_frames, "bid_result": bid_result,
               "error": error, "time": server_time}


def test_every_frame_has_a_rule(house):
    sent = {}
    for operation in house.asyncapi.document["operations"].values():
        if operation["action"] == "send":
            kinds = sent.setdefault(operation["channel"]["$ref"], set())
            for message in map(house.asyncapi.resolve, map(house.asyncapi.resolve, operation["messages"])):
                kinds |= house.asyncapi.types_of(message["payload"])
    assert sent.pop("#/channels/stream") == set(FRAME_RULES)
    # What relays send has whole names and no secrets: tests/unit/relay/envelope_test.cpp.
    assert set(sent) == {"#/channels/events"}


@pytest.mark.parametrize("caller", ["nobody", "other", "himself", "operator"])
@pytest.mark.parametrize("kind", FRAME_RULES)
def test_no_frame_tells_it(house, caller, kind):
    with Stream(house.server, house.asyncapi, headers=house.headers(caller)) as stream:
        FRAME_RULES[kind](stream, house)
        frames, deadline = [], time.monotonic() + 60
        expected = "error" if kind == "bid_result" and caller == "nobody" else kind
        while expected not in {frame["type"] for frame in frames}:
            assert time.monotonic() < deadline, f"no {kind} came, but {frames}"
            frames += stream.fence() if kind != "time" else [stream.read()]
        frames += stream.fence()
        for frame in frames:
            place = "own bid" if frame["type"] == "bid_result" else "live"
            house.check(caller, json.dumps(frame, ensure_ascii=False), place, f"frame {frame['type']}")
    if house.names == "masked" and kind in ("snapshot", "event", "reset"):
        assert any(MASKS[HIMSELF] in json.dumps(frame) for frame in frames), "he is named, by his mask"


def test_a_token_said_on_the_socket_is_not_said_again(house):
    with Stream(house.server, house.asyncapi) as stream:
        stream.send(type="auth", token=house.tokens[HIMSELF])
        bid_result(stream, house)
        frames = []
        while len([frame for frame in frames if frame["type"] == "bid_result"]) < 3:
            frames.append(stream.read())
        for frame in frames:
            house.check("himself", json.dumps(frame), "own bid", "bid_result after auth")
        first = frames[0]
        assert first["bidder"] == first["leader"] == HIMSELF, "his own name is whole where he leads"


@pytest.mark.parametrize("caller", ["nobody", "other", "himself", "operator"])
@pytest.mark.parametrize("how", [{}, {"query": "?after_sequence=0"}, {"headers": [("Last-Event-ID", "9-9")]}],
                         ids=["snapshot", "missed", "reset"])
def test_no_feed_tells_it(house, caller, how):
    for state in ("open", "closed", "cancelled", "unsold"):
        auction = house.auctions[state]
        headers = [*house.headers(caller), *how.get("headers", ())]
        with Events(house.server, auction, query=how.get("query", ""), headers=headers) as feed:
            sequence = house.api.auction(auction)["sequence"]
            blocks = []
            while not blocks or blocks[-1]["data"].get("sequence", sequence) < sequence:
                blocks.append(feed.read())
            for block in blocks:
                house.check(caller, json.dumps(block, ensure_ascii=False), "live", f"the feed of {state}")
            assert house.names == "full" or MASKS[HIMSELF] in json.dumps(blocks)


def test_live_events_are_masked_for_all_alike(house):
    """One shared frame: what comes after the snapshot, too, on sockets and feeds."""
    auction = house.create(reserve=RESERVE)
    sockets = {caller: Stream(house.server, house.asyncapi, headers=house.headers(caller)) for caller in house.callers}
    feeds = {caller: Events(house.server, auction, headers=house.headers(caller)) for caller in house.callers}
    try:
        for stream in sockets.values():
            stream.subscribe(auction)
            stream.expect("snapshot")
        for feed in feeds.values():
            assert feed.read()["event"] == "snapshot"
        house.bid(OTHER, auction, 10_100)
        answer = house.bid(HIMSELF, auction, 10_200)
        shown = MASKS if house.names == "masked" else dict(zip(MASKS, MASKS))
        for caller in house.callers:
            by_socket = [sockets[caller].expect("event") for _ in range(2)]
            by_feed = [feeds[caller].read()["data"] for _ in range(2)]
            for events in (by_socket, by_feed):
                assert [event["bidder"] for event in events] == [shown[OTHER], shown[HIMSELF]]
                assert [event["leader"] for event in events] == [shown[OTHER], shown[HIMSELF]]
                house.check(caller, json.dumps(events), "live", "events")
            assert by_socket[-1]["sequence"] == answer["sequence"], "by which he knows that he leads"
    finally:
        for each in (*sockets.values(), *feeds.values()):
            each.connection.close()


def test_who_sees_which_name(house):
    """The same as the table says, said the other way round: what is to be there is there."""
    auction = house.auctions["closed"]
    shown = MASKS if house.names == "masked" else dict(zip(MASKS, MASKS))
    for caller in house.callers:
        names = dict(zip(MASKS, MASKS)) if caller == "operator" else shown
        read = ask(house, caller, "GET", f"/v1/auctions/{auction}").json()
        assert (read["leader"], read["winner"], read["seller"]) == (names[HIMSELF], names[HIMSELF], SELLER)
        bids = ask(house, caller, "GET", f"/v1/auctions/{auction}/bids").json()["bids"]
        assert [bid["bidder"] for bid in bids] == [names[OTHER], names[HIMSELF]]
        events = ask(house, caller, "GET", f"/v1/auctions/{auction}/events").json()["events"]
        assert [event["bidder"] for event in events if "bidder" in event] == [names[OTHER], names[HIMSELF]]
        assert events[-1]["winner"] == names[HIMSELF] and events[0]["auction"]["title"] == TITLE
    fresh = house.create()
    assert house.bid(OTHER, fresh, 10_100)["leader"] == OTHER
    answer = house.bid(HIMSELF, fresh, 5)
    assert (answer["bidder"], answer["leader"]) == (HIMSELF, shown[OTHER])
    answer = house.bid(HIMSELF, fresh, 10_300, "again")
    assert (answer["bidder"], answer["leader"]) == (HIMSELF, HIMSELF)
    assert house.bid(HIMSELF, fresh, 10_300, "again") == answer, "a retry hears the same"
    assert house.bid(OPERATOR, fresh, 1)["leader"] == HIMSELF
    for mask in MASKS.values():
        response = house.api.request("POST", f"/v1/auctions/{fresh}/bids", {"amount": 10_900},
                                     headers=[("X-Bidder", mask)])
        assert response.status == 401, "a mask is nobody"


def test_the_ledger_keeps_whole_names(house):
    """Last of the house's tests: the server is stopped under it, and goes on with the same names."""
    house.server.stop()
    ended = run_command("verify", "--data", str(house.server.data), timeout=60)
    assert ended.returncode == 0, ended
    journal = b"".join(path.read_bytes() for path in house.server.data.rglob("*") if path.is_file())
    assert HIMSELF.encode() in journal and MASKS[HIMSELF].encode() not in journal
    house.server.start()
    house.api = Api(house.server, house.openapi)
    test_who_sees_which_name(house)


def test_the_demos_routes_mask_too(own_server):
    """They are there with --dev only, and ask nobody for a token."""
    server = own_server("--public-bidders", "masked").start()
    api = Api(server)
    documents = OpenApi(api.get_json("/openapi.json"))
    api.documents = documents
    assert api.post("/init", {"item_id": 7, "start_price": 100}).status == 200
    assert api.get_json("/item/7")["user_id"] == "system"
    assert api.post("/bid", {"item_id": 7, "user_id": HIMSELF, "amount": 101}).json()["status"] == "accepted"
    for body in ({"item_id": 7, "user_id": OTHER, "amount": 101}, {"item_id": 7, "user_id": OTHER, "amount": "x"}):
        assert HIMSELF not in text_of(api.post("/bid", body))
    assert api.get_json("/item/7")["user_id"] == MASKS[HIMSELF]
    answer = api.bid(7, 20_000, OTHER)
    assert (answer["bidder"], answer["leader"]) == (OTHER, OTHER), "with --dev he is who he says"
    assert api.bid(7, 1, HIMSELF)["leader"] == MASKS[OTHER]
    assert api.auction(7)["leader"] == MASKS[OTHER]


def test_the_flag_says_what_it_takes():
    ended = run_command("serve", "--dev", "--public-bidders", "hidden")
    assert ended.returncode != 0 and "--public-bidders" in ended.stderr
