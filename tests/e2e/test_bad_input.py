"""Generated tables of bad bodies: each field of each request missing, null, of every wrong type, too long, out of
range, duplicated, in bad UTF-8. Each gets 400, the server goes on, and the auction that watches over it is untouched.
"""
import json

import pytest

from api_client import in_seconds

FAR = in_seconds(3600)
WRONG = {"string": b'"x"', "number": b"5", "fraction": b"1.5", "true": b"true", "array": b"[]", "object": b"{}"}


class Field:
    """One field: an example, the kinds of JSON it admits, and values out of its range."""

    def __init__(self, example, kinds, *, required=False, nullable=False, bad=(), longest=None):
        self.example = example if isinstance(example, bytes) else json.dumps(example).encode()
        self.kinds = kinds.split()
        self.required = required
        self.nullable = nullable
        self.bad = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in bad]
        self.longest = longest


BIDDER = {"kinds": "string", "bad": ["", "a b", "x" * 65, "é", "\u0000"]}
MONEY = {"kinds": "number", "bad": [-1, 2**53, 10**30, b"1e3", b"-0", b"0x1", b"01"]}
STEPS = {"table": [[100, 1], [None, 2]]}
SOFT = {"window_ms": 1000, "extend_ms": 1000, "mode": "from_bid", "max_extensions": 3}
MILLISECONDS = {"kinds": "number", "bad": [-1, 0, 10**30, b"1e3"]}
TIME_BAD = ["", "x", "2030-01-01", "2030-13-01T00:00:00.000Z", "2030-02-30T00:00:00.000Z",
            "2030-01-01T24:00:01.000Z", "2030-01-01T00:00:00.000", "2030-01-01T00:00:00.000Zx", "x" * 1000,
            "99999-01-01T00:00:00.000Z", "２０３０-01-01T00:00:00.000Z", "1969-12-31T23:59:59.999Z"]

CREATE = {
    "title": Field("Lot", "string", required=True),
    "currency": Field("CNY", "string", required=True, bad=["", "cny", "C1Y", "CNYX", "x" * 1000, "ÇNY"]),
    "opening_price": Field(100, required=True, **MONEY),
    "closes_at": Field(FAR, "string", required=True, bad=TIME_BAD),
    "opens_at": Field(in_seconds(1800), "string", nullable=True, bad=TIME_BAD[:-1]),
    "format": Field("english", "string", bad=["", "English", "dutch", "x" * 1000]),
    "increment": Field(1, "number object", bad=[0, {}, -1, 2**53, b"1e3", {"table": 5}, {"preset": "x"}]),
    "reserve": Field(500, nullable=True, **MONEY),
    "soft_close": Field(SOFT, "object", nullable=True, bad=[{}, {"window_ms": 1}]),
    "seller": Field("Sam", nullable=True, **BIDDER),
    "self_outbid": Field(True, "true"),
    "amount_limit": Field(1000, nullable=True, **MONEY),
    "description": Field("text", "string"),
    "image_url": Field("https://example.org/a.png", "string", nullable=True,
                       bad=["", "x", "http://", "https://" + "x" * 20000]),
    "id": Field(0, "number", bad=[0, -1, 2**53, 2**64, 10**30, b"1e3"]),
}
SOFT_CLOSE = {
    "window_ms": Field(1000, required=True, **MILLISECONDS),
    "extend_ms": Field(1000, required=True, **MILLISECONDS),
    "mode": Field("from_bid", "string", required=True, bad=["", "FROM_BID", "x" * 1000]),
    "max_extensions": Field(3, "number", nullable=True, bad=[-1, 10**30, b"1e1"]),
}
BID = {"amount": Field(10000, required=True, **MONEY)}
INIT = {
    "item_id": Field(999001, "number", required=True, bad=[0, -1, 2**64, b"1e3"]),
    "start_price": Field(b"100.0", "number fraction", required=True, bad=[-1, b"1e400", b"100.001"]),
}
DEMO_BID = {
    "item_id": Field(999000, "number", required=True, bad=[0, -1, 2**64, b"1e3"]),
    "user_id": Field("Alice", required=True, **BIDDER),
    "amount": Field(b"105.5", "number fraction", required=True, bad=[-1, b"1e400", b"100.001"]),
}
REQUESTS = {"create": CREATE, "soft_close": SOFT_CLOSE, "bid": BID, "init": INIT, "demo_bid": DEMO_BID}


def body_of(fields, **replaced):
    """The examples as a body; replaced[name] = JSON text, or None to leave the field out."""
    parts = []
    for name, field in fields.items():
        value = replaced.get(name, field.example)
        if value is not None and not (name == "id" and name not in replaced):
            parts.append(b'"%s":%s' % (name.encode(), value))
    return b"{" + b",".join(parts) + b"}"


JSON_CODES = {"invalid_json"}
TEXT_CODES = {"invalid_utf8", "invalid_json"}
TYPE_CODES = {"invalid_type", "invalid_amount"}
VALUE_CODES = {"invalid_value", "invalid_type", "invalid_amount", "missing_field", "invalid_json"}


def cases():
    """(request, label, body, codes one of which the answer must bear)"""
    for request, fields in REQUESTS.items():
        for name, field in fields.items():
            if field.required:
                yield request, f"{name} missing", body_of(fields, **{name: None}), {"missing_field"}
            if not field.nullable and name != "id":
                yield request, f"{name} null", body_of(fields, **{name: b"null"}), TYPE_CODES
            for kind, value in WRONG.items():
                if kind not in field.kinds:
                    yield request, f"{name} is {kind}", body_of(fields, **{name: value}), TYPE_CODES
            for value in field.bad:
                yield request, f"{name} = {value[:40]!r}", body_of(fields, **{name: value}), VALUE_CODES
            if name != "id":
                twice = body_of(fields)[:-1] + b',"%s":%s}' % (name.encode(), field.example)
                yield request, f"{name} twice", twice, {"duplicate_field"}
            if "string" in field.kinds:
                for label, text in (("cut", b"\xc3"), ("overlong", b"\xc0\x80"), ("surrogate", b"\xed\xa0\x80"),
                                    ("too high", b"\xf4\x90\x80\x80"), ("lone tail", b"\x80"), ("ff", b"\xff")):
                    bad = b'"a' + text + b'b"'
                    yield request, f"{name} bad UTF-8 {label}", body_of(fields, **{name: bad}), {"invalid_utf8"}
                yield request, f"{name} lone surrogate", body_of(fields, **{name: b'"a\\ud800b"'}), TEXT_CODES
                yield request, f"{name} bad escape", body_of(fields, **{name: b'"a\\xb"'}), JSON_CODES
                yield request, f"{name} raw control", body_of(fields, **{name: b'"a\nb"'}), JSON_CODES
                yield request, f"{name} unended", body_of(fields, **{name: b'"abc'}), JSON_CODES
        valid = body_of(fields)
        yield request, "bad UTF-8 in a name", valid[:-1] + b',"a\xff":1}', {"invalid_utf8"}
        yield request, "an unknown field", valid[:-1] + b',"unknown":1}', {"unknown_field"}
        yield request, "an empty name", valid[:-1] + b',"":1}', {"unknown_field"}
        yield request, "comma at the end", valid[:-1] + b",}", JSON_CODES
        if request == "soft_close":
            continue  # broken apart, it would only spill into the auction around it
        yield request, "something behind", valid + b"{}", JSON_CODES
        yield request, "NUL behind", valid + b"\x00", JSON_CODES
        yield request, "BOM before", b"\xef\xbb\xbf" + valid, JSON_CODES
        yield request, "UTF-16", valid.decode().encode("utf-16"), TEXT_CODES
        yield request, "in an array", b"[" + valid + b"]", JSON_CODES
        for length in range(0, len(valid), max(1, len(valid) // 12)):
            yield request, f"cut at {length}", valid[:length], JSON_CODES
    for label, body in (("null", b"null"), ("a number", b"1"), ("a string", b'"x"'), ("true", b"true"), ("[]", b"[]"),
                        ("{}", b"{}"), ("spaces", b"   "), ("deep arrays", b"[" * 10000), ("one byte", b"{"),
                        ("deep objects", b'{"a":' * 10000 + b"1" + b"}" * 10000),
                        ("deep in a field", b'{"amount":' + b"[" * 5000 + b"]" * 5000 + b"}"),
                        ("single quotes", b"{'amount':1}"), ("comment", b'{"amount":1/**/}')):
        for request in ("create", "bid", "init", "demo_bid"):
            yield request, f"body is {label}", body, JSON_CODES | VALUE_CODES | {"unknown_field"}


@pytest.fixture(scope="module")
def canary(shared_api):
    """An auction with a bid; every bad request must leave it exactly so."""
    auction = shared_api.create(opening_price=10000)["id"]
    shared_api.accept(auction, 10000, "Canary")
    shared_api.post("/init", raw='{"item_id":999000,"start_price":100.0}')
    return shared_api.auction(auction)


@pytest.fixture(autouse=True)
def untouched(api, canary):
    yield
    now = api.auction(canary["id"])
    assert {**now, "server_time": 0} == {**canary, "server_time": 0}
    assert [bid["bidder"] for bid in api.history(canary["id"])] == ["Canary"]


def target_of(request, canary):
    return {"create": "/v1/auctions", "soft_close": "/v1/auctions", "bid": f"/v1/auctions/{canary['id']}/bids",
            "init": "/init", "demo_bid": "/bid"}[request]


def wrap(request, body):
    """A soft_close stands inside an auction."""
    if request != "soft_close":
        return body
    return body_of(CREATE, soft_close=body)


CASES = list(cases())


@pytest.mark.parametrize("request_name, label, body, codes", CASES, ids=[f"{case[0]}: {case[1]}" for case in CASES])
def test_bad_bodies(api, canary, request_name, label, body, codes):
    api.problem("POST", target_of(request_name, canary), 400, codes, raw=wrap(request_name, body), bidder="Mallory")


@pytest.mark.parametrize("request_name", ["create", "soft_close", "init", "demo_bid"])
def test_the_examples_themselves_are_good(api, canary, request_name):
    """Else the table above would prove nothing."""
    response = api.post(target_of(request_name, canary), raw=wrap(request_name, body_of(REQUESTS[request_name])))
    assert response.status in (200, 201), response
    if request_name == "create":
        assert response.json()["reserve_met"] is False and response.json()["state"] == "scheduled"


@pytest.mark.parametrize("name", [name for name, field in CREATE.items() if not field.required])
def test_optional_fields_may_be_left_out(api, name):
    assert api.post("/v1/auctions", raw=body_of(CREATE, **{name: None})).status == 201


@pytest.mark.parametrize("name", [name for name, field in CREATE.items() if field.nullable])
def test_nullable_fields_may_be_null(api, name):
    response = api.post("/v1/auctions", raw=body_of(CREATE, **{name: b"null"}))
    assert response.status == 201, response


def texts_with_limits(documents):
    schema = documents.openapi.request_schema("POST", "/v1/auctions")
    found = {}
    for name in ("title", "description", "image_url"):
        part = documents.openapi.resolve(schema["properties"][name])
        limits = [documents.openapi.resolve(each).get("maxLength") for each in (part, *part.get("anyOf", ()),
                                                                                *part.get("oneOf", ()))]
        found[name] = max(limit for limit in limits if limit)
    return found


@pytest.mark.parametrize("name", ["title", "description", "image_url"])
@pytest.mark.parametrize("letter", ["a", "é", "猫", "🐈"])
def test_texts_up_to_their_stated_length(api, documents, name, letter):
    """As many bytes as stated are good in any script; one more character than stated is 400 in any."""
    limit = texts_with_limits(documents)[name]
    start = "https://a/" if name == "image_url" else ""
    longest = start + letter * ((limit - len(start)) // len(letter.encode()))
    assert api.create(**{name: longest})[name] == longest
    body = {"title": "x", "currency": "CNY", "opening_price": 1, "closes_at": FAR,
            name: start + letter * (limit - len(start) + 1)}
    api.problem("POST", "/v1/auctions", 400, body=body)


@pytest.mark.parametrize("number", ["0", "-1", "01", "abc", "1.5", "1e3", "+1", "%31x", "%00", "9007199254740993",
                                    "9223372036854775807", "9223372036854775808", "18446744073709551617",
                                    "1" * 500, "１", "-", "null", "..", "%2e%2e"])
@pytest.mark.parametrize("rest", ["", "/bids", "/events", "/cancel"])
def test_auction_ids_that_are_none(api, number, rest):
    method = "POST" if rest == "/cancel" else "GET"
    target = f"/v1/auctions/{number}{rest}".encode("utf-8").decode("latin-1")
    response = api.request(method, target, {} if method == "POST" else None)
    assert response.status in (400, 404), response
    assert api.post(f"/v1/auctions/{number}/bids".encode("utf-8").decode("latin-1"), {"amount": 1},
                    bidder="Mallory").status in (400, 404)
