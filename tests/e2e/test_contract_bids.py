"""Bids: the exact shapes, the order of the reasons, money in every form, history and events."""
import pytest

from api_client import MAX_AMOUNT, in_seconds, milliseconds


def test_accepted_to_the_letter(api):
    auction = api.create(opening_price=10000, increment=100)
    answer = api.bid(auction["id"], 10500, "Alice")
    at = answer.pop("decided_at")
    assert answer == {"verdict": "accepted", "auction_id": auction["id"], "sequence": 3, "bidder": "Alice",
                      "amount": 10500, "price": 10500, "leader": "Alice", "minimum_next": 10600,
                      "closes_at": auction["closes_at"], "as_of_sequence": 3}
    assert abs(milliseconds(at) - milliseconds(in_seconds(0))) < 5000


def test_rejected_to_the_letter(api):
    auction = api.create(opening_price=10000, increment=100)
    api.accept(auction["id"], 10500, "Alice")
    answer = api.bid(auction["id"], 10599, "Bob")
    milliseconds(answer.pop("decided_at"))
    assert answer == {"verdict": "rejected", "reason": "amount_below_minimum", "auction_id": auction["id"],
                      "bidder": "Bob", "amount": 10599, "price": 10500, "leader": "Alice", "minimum_next": 10600,
                      "closes_at": auction["closes_at"], "as_of_sequence": 3}


def test_a_rejection_leaves_no_event(api):
    auction = api.create()
    api.reject(auction["id"], 1, "amount_below_minimum")
    current = api.auction(auction["id"])
    assert (current["sequence"], current["bids"]) == (2, 0)
    assert api.history(auction["id"]) == []


def test_the_opening_price_is_enough_and_one_less_is_not(api):
    auction = api.create(opening_price=10000)
    answer = api.reject(auction["id"], 9999, "amount_below_minimum")
    assert (answer["price"], answer["leader"], answer["minimum_next"]) == (None, None, 10000)
    assert api.accept(auction["id"], 10000)["minimum_next"] == 10100


def test_an_equal_amount_never_wins(api):
    auction = api.create(increment=1)
    api.accept(auction["id"], 10000, "Alice")
    assert api.reject(auction["id"], 10000, "amount_below_minimum", "Bob")["leader"] == "Alice"
    assert api.auction(auction["id"])["leader"] == "Alice"


def test_self_outbid_is_allowed_unless_forbidden(api):
    allowed = api.create()["id"]
    api.accept(allowed, 10000, "Alice")
    api.accept(allowed, 10100, "Alice")
    forbidden = api.create(self_outbid=False)["id"]
    api.accept(forbidden, 10000, "Alice")
    api.reject(forbidden, 10100, "already_leading", "Alice")
    api.accept(forbidden, 10100, "Bob")
    api.accept(forbidden, 10200, "Alice")


def test_the_seller_may_not_bid(api):
    auction = api.create(seller="Sam")
    api.reject(auction["id"], 10000, "own_auction", "Sam")
    api.accept(auction["id"], 10000, "Alice")


def test_amount_limit(api):
    auction = api.create(amount_limit=20000)
    api.reject(auction["id"], 20001, "amount_above_limit")
    api.accept(auction["id"], 20000)


def test_amounts_of_nothing(api):
    auction = api.create(opening_price=0)
    assert auction["minimum_next"] == 0
    api.accept(auction["id"], 0)
    api.reject(auction["id"], 0, "amount_below_minimum", "Bob")


def test_the_first_reason_wins(api):
    """Each line breaks the rule named and every later one that it can."""
    limits = {"seller": "Sam", "self_outbid": False, "increment": 5000, "amount_limit": 12000}
    scheduled = api.create(opens_at=in_seconds(300), **limits)["id"]
    api.reject(scheduled, 1, "not_open_yet", "Sam")
    closed = api.wait_state(api.create(closes_at=in_seconds(0.2), **limits)["id"], "closed")["id"]
    api.reject(closed, 1, "closed", "Sam")
    cancelled = api.create(**limits)["id"]
    api.post(f"/v1/auctions/{cancelled}/cancel", {})
    api.reject(cancelled, 1, "cancelled", "Sam")
    running = api.create(**limits)["id"]
    api.reject(running, 1, "own_auction", "Sam")
    api.accept(running, 10000, "Alice")
    api.reject(running, 1, "already_leading", "Alice")
    api.reject(running, 14000, "already_leading", "Alice")
    # 14000 is below the minimum of 15000 and above the limit of 12000.
    api.reject(running, 14000, "amount_below_minimum", "Bob")
    api.reject(running, 15000, "amount_above_limit", "Bob")


MONEY = [
    # (JSON text, code expected or None for a good amount)
    ("0", None), ("1", None), ("9007199254740991", None), ("-0", "invalid_amount"), ("-1", "invalid_amount"),
    ("100.5", "invalid_amount"), ("100.0", "invalid_amount"), ("1e2", "invalid_amount"), ("1E2", "invalid_amount"),
    ("1e+2", "invalid_amount"), ("1.0e2", "invalid_amount"), ("0.0", "invalid_amount"), ("1e-400", "invalid_amount"),
    ("1e400", "invalid_amount"), ('"100"', "invalid_amount"), ('""', "invalid_amount"),
    ("9007199254740992", "invalid_amount"), ("9007199254740993", "invalid_amount"),
    ("9223372036854775807", "invalid_amount"), ("9223372036854775808", "invalid_amount"),
    ("18446744073709551615", "invalid_amount"), ("18446744073709551616", "invalid_amount"),
    ("18446744073709551716", "invalid_amount"), ("1" + "0" * 400, "invalid_amount"),
    ("-9223372036854775809", "invalid_amount"),
]
NOT_JSON = ["+5", "0100", "00", "100.", ".5", "1e", "0x10", "1_000", "NaN", "Infinity", "-", "100 200", "١٠٠", "1,000"]


@pytest.fixture(scope="module")
def money_auction(shared_api):
    """Its seller is who bids, so that no amount of the tables moves it."""
    return shared_api.create(seller="Alice")["id"]


@pytest.mark.parametrize("text, code", MONEY, ids=[text[:30] for text, _ in MONEY])
def test_money_in_a_bid(api, money_auction, text, code):
    target, raw = f"/v1/auctions/{money_auction}/bids", f'{{"amount":{text}}}'
    if code:
        api.problem("POST", target, 400, code, raw=raw, bidder="Alice")
    else:
        answer = api.post(target, raw=raw, bidder="Alice")
        assert answer.status == 200 and answer.json()["amount"] == int(text)


@pytest.mark.parametrize("text", NOT_JSON)
def test_what_is_not_even_json_in_a_bid(api, money_auction, text):
    api.problem("POST", f"/v1/auctions/{money_auction}/bids", 400, raw=f'{{"amount":{text}}}', bidder="Alice")


@pytest.mark.parametrize("field", ["opening_price", "increment", "reserve", "amount_limit"])
@pytest.mark.parametrize("text, code", MONEY, ids=[text[:30] for text, _ in MONEY])
def test_money_in_an_auction(api, field, text, code):
    fields = {"opening_price": "0", "increment": "100", field: text}
    money = ",".join(f'"{name}":{value}' for name, value in fields.items())
    raw = f'{{"title":"x","currency":"CNY","closes_at":"{in_seconds(600)}",{money}}}'
    if code and not (field == "increment" and text.startswith('"')):
        api.problem("POST", "/v1/auctions", 400, code, raw=raw)
    elif code or (field == "increment" and text == "0"):
        api.problem("POST", "/v1/auctions", 400, raw=raw)
    else:
        response = api.post("/v1/auctions", raw=raw)
        assert response.status == 201, response
        if field in ("opening_price", "increment", "amount_limit"):
            assert response.json()[field] == int(text)


def test_unknown_fields_are_refused(api):
    auction = api.create()["id"]
    api.problem("POST", f"/v1/auctions/{auction}/bids", 400, "unknown_field", body={"amount": 1, "amout": 2},
                bidder="Alice")
    body = {"title": "x", "currency": "CNY", "opening_price": 1, "closes_at": in_seconds(600)}
    api.problem("POST", "/v1/auctions", 400, "unknown_field", body={**body, "reserved": 5})
    soft = {"window_ms": 1000, "extend_ms": 1000, "mode": "from_bid", "max": 3}
    api.problem("POST", "/v1/auctions", 400, "unknown_field", body={**body, "soft_close": soft})
    api.problem("POST", f"/v1/auctions/{auction}/cancel", 400, "unknown_field", body={"reason": "why"})
    assert api.auction(auction)["state"] == "open"


def test_a_bid_needs_a_bidder(api):
    auction = api.create()["id"]
    api.problem("POST", f"/v1/auctions/{auction}/bids", 401, "unauthenticated", body={"amount": 10000})


@pytest.mark.parametrize("bidder", ["a", "Alice", "a.b_c:d@e-f", "0", "x" * 64, "A9._:@-"])
def test_bidder_ids(api, bidder):
    auction = api.create()["id"]
    assert api.accept(auction, 10000, bidder)["leader"] == bidder
    assert api.history(auction)[0]["bidder"] == bidder


@pytest.mark.parametrize("bidder", ["x" * 65, "a b", "a/b", "Zo\u00eb", "a,b", "a\tb", '"a"', "a;b", "<a>",
                                    "x" * 4000])
def test_bidder_ids_that_are_none(api, bidder):
    auction = api.create()["id"]
    response = api.post(f"/v1/auctions/{auction}/bids", {"amount": 10000}, bidder=bidder)
    assert response.status in (400, 401), response
    assert api.history(auction) == []


def test_history_in_pages(api):
    auction = api.create(opening_price=100, increment=100, closes_at=in_seconds(20),
                         soft_close={"window_ms": 60000, "extend_ms": 1000, "mode": "from_close"})["id"]
    answers = [api.accept(auction, 100 * n, f"B{n}") for n in range(1, 9)]
    expected = [{"sequence": answer["sequence"], "bidder": answer["bidder"], "amount": answer["amount"],
                 "at": answer["decided_at"]} for answer in answers]
    # Each bid is followed by its extension, so the bids skip every other number.
    assert [bid["sequence"] for bid in expected] == list(range(3, 19, 2))
    assert api.get_json(f"/v1/auctions/{auction}/bids")["bids"] == expected
    for limit in (1, 2, 3, 8, 1000):
        assert api.pages(auction, "bids", limit) == expected
    page = api.get_json(f"/v1/auctions/{auction}/bids?after_sequence=3&limit=2")
    assert page["bids"] == expected[1:3]
    assert api.get_json(f"/v1/auctions/{auction}/bids?after_sequence=4&limit=1")["bids"] == expected[1:2]
    assert api.get_json(f"/v1/auctions/{auction}/bids?after_sequence=100")["bids"] == []


def test_events_in_pages(api):
    auction = api.create(opening_price=100, increment=100)
    for n in range(1, 6):
        api.accept(auction["id"], 100 * n, "Alice")
    events = api.events(auction["id"])
    assert [event["sequence"] for event in events] == list(range(1, 8))
    assert [event["event"] for event in events] == ["created", "opened"] + ["bid_accepted"] * 5
    assert all(event["auction_id"] == auction["id"] and event["epoch"] == 1 for event in events)
    assert [milliseconds(event["at"]) for event in events] == sorted(milliseconds(event["at"]) for event in events)
    for limit in (1, 3, 7):
        assert api.pages(auction["id"], "events", limit) == events
    assert api.get_json(f"/v1/auctions/{auction['id']}/events?after_sequence=5")["events"] == events[5:]
    bid = dict(events[-1])
    bid.pop("at")
    assert bid == {"auction_id": auction["id"], "epoch": 1, "sequence": 7, "event": "bid_accepted", "bidder": "Alice",
                   "amount": 500, "price": 500, "leader": "Alice", "minimum_next": 600,
                   "closes_at": auction["closes_at"]}


def test_an_event_is_the_same_text_every_time(api):
    auction = api.create()["id"]
    api.accept(auction, 10000)
    first = api.get(f"/v1/auctions/{auction}/events").body
    assert api.get(f"/v1/auctions/{auction}/events").body == first


@pytest.mark.parametrize("kind", ["bids", "events"])
@pytest.mark.parametrize("query", ["after_sequence=-1", "after_sequence=x", "after_sequence=1.5",
                                   "limit=0", "limit=1001", "limit=-5", "limit=x", "limit=1e2",
                                   "after_sequence=99999999999999999999", "limit=5&limit=6", "after_seqence=1"])
def test_page_queries_that_make_no_sense(api, kind, query):
    auction = api.create()["id"]
    api.problem("GET", f"/v1/auctions/{auction}/{kind}?{query}", 400, "invalid_query")
