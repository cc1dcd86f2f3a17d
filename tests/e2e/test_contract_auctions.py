"""`POST /v1/auctions` and the reading of auctions: defaults, increments, presets, soft close, reserve, list, cancel."""
import time
from decimal import Decimal

import pytest

from api_client import AUCTION_FIELDS, MAX_AMOUNT, in_seconds, milliseconds, parse_time


def test_created_answer_has_every_field_and_a_location(api):
    body = {"title": "Lot", "currency": "CNY", "opening_price": 10000, "closes_at": in_seconds(600)}
    response = api.post("/v1/auctions", body)
    assert response.status == 201
    auction = response.json()
    assert set(auction) >= AUCTION_FIELDS
    assert "reserve" not in auction
    assert response.header("location") == f"/v1/auctions/{auction['id']}"
    assert isinstance(auction["id"], int) and auction["id"] > 0


def test_defaults(api):
    closes_at = in_seconds(600)
    auction = api.create(increment=1, closes_at=closes_at)
    body = {"title": "A lot", "currency": "CNY", "opening_price": 10000, "closes_at": closes_at}
    auction = api.post("/v1/auctions", body).json()
    expected = {"format": "english", "increment": 1, "soft_close": None, "seller": None, "self_outbid": True,
                "amount_limit": None, "description": "", "image_url": None, "reserve_met": None, "state": "open",
                "price": None, "leader": None, "minimum_next": 10000, "bids": 0, "extensions": 0, "winner": None,
                "sold": None, "watchers": 0, "epoch": 1, "sequence": 2, "closes_at": closes_at}
    assert {name: auction[name] for name in expected} == expected
    now = milliseconds(auction["server_time"])
    assert 0 <= now - milliseconds(auction["opens_at"]) < 5000


def test_everything_given_comes_back(api, fresh):
    given = {"title": "夜の猫 🐈 \"quoted\" \\ /", "currency": "JPY", "format": "english", "opening_price": 0,
             "increment": {"table": [[1000, 10], [5000, 100], [None, 250]]}, "opens_at": in_seconds(300),
             "closes_at": in_seconds(900), "seller": fresh("Seller"), "self_outbid": False, "amount_limit": 1000000,
             "soft_close": {"window_ms": 30000, "extend_ms": 60000, "mode": "from_close", "max_extensions": 5},
             "description": "line\nline\ttab", "image_url": "https://example.org/a.png?x=1"}
    auction = api.create(**given)
    assert {name: auction[name] for name in given} == given
    assert auction["state"] == "scheduled" and auction["sequence"] == 1
    again = api.auction(auction["id"])
    del again["server_time"], auction["server_time"]
    assert again == auction


def test_soft_close_without_a_limit_comes_back_with_null(api):
    soft = {"window_ms": 1000, "extend_ms": 1000, "mode": "from_bid"}
    assert api.create(soft_close=soft)["soft_close"] == {**soft, "max_extensions": None}


def test_ids_given_and_taken(api):
    given = api.create(id=700001)
    assert given["id"] == 700001
    body = {"title": "x", "currency": "CNY", "opening_price": 1, "closes_at": in_seconds(60), "id": 700001}
    api.problem("POST", "/v1/auctions", 409, "auction_exists", body=body)
    assert api.auction(700001)["opening_price"] == given["opening_price"]
    later = api.create()
    assert later["id"] != 700001


def test_new_ids_are_never_those_taken(api):
    first = api.create()["id"]
    api.create(id=first + 1)
    assert api.create()["id"] not in (first, first + 1)


@pytest.mark.parametrize("fields", [
    pytest.param({"closes_at": in_seconds(-1)}, id="closes a second ago"),
    {"closes_at": "2001-01-01T00:00:00.000Z"},
    pytest.param({"opens_at": in_seconds(500), "closes_at": in_seconds(400)}, id="closes before it opens"),
    {"opens_at": "2999-01-01T00:00:00.000Z", "closes_at": "2999-01-01T00:00:00.000Z"},
    {"increment": {"preset": "ebay-us"}, "currency": "JPY"},
    {"increment": {"preset": "ebay-eu"}},
    {"format": "dutch"},
    {"image_url": "ftp://example.org/a.png"}, {"image_url": "javascript:alert(1)"}, {"image_url": "//example.org/a"},
    {"image_url": "data:image/png;base64,AAAA"}, {"image_url": "httpsx://a"}, {"image_url": "a.png"},
    {"currency": "cny"}, {"currency": "CN"}, {"currency": "CNYY"}, {"currency": "ZZZ"},
    {"seller": ""}, {"seller": "a b"}, {"seller": "x" * 65}, {"seller": "Zoë"},
    {"increment": 0},
    {"soft_close": {"window_ms": 0, "extend_ms": 1000, "mode": "from_bid"}},
    {"soft_close": {"window_ms": 1000, "extend_ms": 0, "mode": "from_bid"}},
    {"soft_close": {"window_ms": 1000, "extend_ms": 1000, "mode": "from_now"}},
    {"soft_close": {"window_ms": -1, "extend_ms": 1000, "mode": "from_bid"}},
    {"soft_close": {"window_ms": 1.5, "extend_ms": 1000, "mode": "from_bid"}},
    {"soft_close": {"window_ms": 1000, "extend_ms": 1000, "mode": "from_bid", "max_extensions": -1}},
    {"id": 0}, {"id": -1}, {"id": 1.5}, {"id": "7"},
], ids=str)
def test_what_makes_no_sense_is_400(api, fields):
    body = {"title": "x", "currency": "CNY", "opening_price": 100, "closes_at": in_seconds(600), **fields}
    api.problem("POST", "/v1/auctions", 400, body=body)


@pytest.mark.parametrize("url", ["http://example.org/a.png", "https://example.org/", "https://例え.jp/絵.png"])
def test_http_and_https_images(api, url):
    assert api.create(image_url=url)["image_url"] == url


@pytest.mark.parametrize("table", [
    [], [[100, 1]], [[None, 1], [100, 1]], [[None, 1], [None, 2]], [[100, 1], [100, 2], [None, 3]],
    [[200, 1], [100, 2], [None, 3]], [[100, 0], [None, 1]], [[100, 1], [None, 0]], [[100, 1], [None, -1]],
    [[100, 1, 1], [None, 1]], [[100], [None, 1]], [100, None], {}, "x", None, [["100", 1], [None, 1]],
    [[100, "1"], [None, 1]], [[100, 1.5], [None, 1]], [[0, 1], [None, 1]], [[-5, 1], [None, 1]],
    [[100, 1], [None, None]], [[n + 1, 1] for n in range(100000)] + [[None, 1]],
], ids=lambda table: str(table)[:40])
def test_tables_that_are_not_tables(api, table):
    body = {"title": "x", "currency": "CNY", "opening_price": 100, "closes_at": in_seconds(600),
            "increment": {"table": table}}
    response = api.post("/v1/auctions", body)
    assert response.status in ((400, 413) if table and len(table) > 1000 else (400,)), response


@pytest.mark.parametrize("increment", [{}, {"table": [[None, 1]], "preset": "ebay-us"}, {"tables": []}, [], "100",
                                       {"preset": 5}, {"preset": None}, True], ids=str)
def test_increments_that_are_none(api, increment):
    body = {"title": "x", "currency": "CNY", "opening_price": 100, "closes_at": in_seconds(600),
            "increment": increment}
    api.problem("POST", "/v1/auctions", 400, body=body)


def test_a_fixed_step(api):
    auction = api.create(opening_price=500, increment=250)
    assert api.accept(auction["id"], 500)["minimum_next"] == 750
    api.reject(auction["id"], 749, "amount_below_minimum", "Bob")
    assert api.accept(auction["id"], 751, "Bob")["minimum_next"] == 1001


@pytest.mark.parametrize("price, step", [(0, 5), (99, 5), (100, 25), (499, 25), (500, 50), (501, 50), (10**9, 50)])
def test_a_table_of_steps(api, price, step):
    auction = api.create(opening_price=0, increment={"table": [[100, 5], [500, 25], [None, 50]]})
    assert api.accept(auction["id"], price)["minimum_next"] == price + step


PRESETS = {
    # (from, step) in major units of the currency, which has 10^digits minor units.
    ("ebay-us", "USD", 2): [("0", "0.05"), ("1", "0.25"), ("5", "0.50"), ("25", "1"), ("100", "2.50"), ("250", "5"),
                            ("500", "10"), ("1000", "25"), ("2500", "50"), ("5000", "100")],
    ("yahoo-jp", "JPY", 0): [("0", "10"), ("1000", "100"), ("5000", "250"), ("10000", "500"), ("50000", "1000")],
    ("yahoo-jp", "CNY", 2): [("0", "10"), ("1000", "100"), ("5000", "250"), ("10000", "500"), ("50000", "1000")],
    ("whatnot", "USD", 2): [("1", "1"), ("30", "2"), ("50", "3"), ("100", "5"), ("300", "10"), ("1000", "20"),
                            ("2000", "50")],
    ("whatnot", "KWD", 3): [("1", "1"), ("30", "2"), ("50", "3"), ("100", "5"), ("300", "10"), ("1000", "20"),
                            ("2000", "50")],
}


def preset_points():
    """The first and the last price of every row, and the step expected there."""
    for (preset, currency, digits), rows in PRESETS.items():
        minor = [(int(Decimal(start).scaleb(digits)), int(Decimal(step).scaleb(digits))) for start, step in rows]
        ends = [start - 1 for start, _ in minor[1:]] + [10**9]
        for (start, step), end in zip(minor, ends):
            yield preset, currency, start, step
            yield preset, currency, end, step


@pytest.mark.parametrize("preset, currency, price, step", preset_points())
def test_presets(api, preset, currency, price, step):
    auction = api.create(opening_price=0, increment={"preset": preset}, currency=currency)
    assert auction["increment"] == {"preset": preset}
    assert api.accept(auction["id"], price)["minimum_next"] == price + step


def test_a_scheduled_auction_opens_by_itself(api):
    auction = api.create(opens_at=in_seconds(0.6), closes_at=in_seconds(60))
    assert auction["state"] == "scheduled"
    answer = api.reject(auction["id"], 10000, "not_open_yet")
    assert answer["as_of_sequence"] == 1 and answer["price"] is None and answer["minimum_next"] == 10000
    opened = api.wait_state(auction["id"], "open")
    assert opened["sequence"] == 2
    events = api.events(auction["id"])
    assert [event["event"] for event in events] == ["created", "opened"]
    assert milliseconds(events[1]["at"]) >= milliseconds(auction["opens_at"])
    assert api.accept(auction["id"], 10000)["sequence"] == 3


def test_closing_with_a_winner(api):
    auction = api.create(closes_at=in_seconds(0.6))
    api.accept(auction["id"], 10000, "Alice")
    api.accept(auction["id"], 10100, "Bob")
    closed = api.wait_state(auction["id"], "closed")
    assert (closed["winner"], closed["sold"], closed["price"], closed["leader"]) == ("Bob", True, 10100, "Bob")
    api.reject(auction["id"], 99999, "closed", "Carol")
    last = api.events(auction["id"])[-1]
    assert (last["event"], last["winner"], last["price"], last["sold"]) == ("closed", "Bob", 10100, True)
    assert milliseconds(last["at"]) >= milliseconds(closed["closes_at"])


def test_closing_without_a_bid(api):
    closed = api.wait_state(api.create(closes_at=in_seconds(0.3))["id"], "closed")
    assert (closed["winner"], closed["sold"], closed["price"]) == (None, False, None)
    assert [event["event"] for event in api.events(closed["id"])] == ["created", "opened", "closed"]


def test_no_bid_at_or_after_the_end(api):
    """INV-7: bids sent up to and past the end; none accepted is decided at or after closes_at, and one close only."""
    auction = api.create(closes_at=in_seconds(0.4), increment=1)
    amount, answers = 10000, []
    while True:
        answer = api.bid(auction["id"], amount)
        answers.append(answer)
        amount += 1
        if answer["verdict"] == "rejected":
            break
    assert answers[-1]["reason"] == "closed" and len(answers) > 1
    end = milliseconds(auction["closes_at"])
    assert milliseconds(answers[-1]["decided_at"]) >= end
    assert all(milliseconds(answer["decided_at"]) < end for answer in answers[:-1])
    api.wait_state(auction["id"], "closed")
    assert [event["event"] for event in api.events(auction["id"])].count("closed") == 1


@pytest.mark.parametrize("bids, met, sold", [([], False, False), ([400], False, False), ([400, 500], True, True)])
def test_a_reserve_shows_only_whether_it_is_met(api, bids, met, sold):
    auction = api.create(opening_price=400, increment=100, reserve=500, closes_at=in_seconds(0.5))
    assert auction["reserve_met"] is False and "reserve" not in auction
    for amount in bids:
        api.accept(auction["id"], amount, "Alice")
    current = api.auction(auction["id"])
    assert current["reserve_met"] is met and "reserve" not in current
    closed = api.wait_state(auction["id"], "closed")
    assert closed["sold"] is sold and closed["winner"] == ("Alice" if sold else None)
    assert '"reserve"' not in api.get(f"/v1/auctions/{auction['id']}/events").body.decode()


def soft(mode, window_ms=60000, extend_ms=20000, **more):
    return {"window_ms": window_ms, "extend_ms": extend_ms, "mode": mode, **more}


def test_soft_close_from_bid(api):
    """The end moves to the bid's time + extend, if that is later."""
    auction = api.create(closes_at=in_seconds(10), soft_close=soft("from_bid"))
    answer = api.accept(auction["id"], 10000)
    moved = milliseconds(answer["decided_at"]) + 20000
    assert milliseconds(answer["closes_at"]) == moved
    assert answer["as_of_sequence"] == answer["sequence"] + 1
    bid, extended = api.events(auction["id"])[-2:]
    assert (bid["event"], bid["closes_at"]) == ("bid_accepted", auction["closes_at"])
    assert (extended["event"], milliseconds(extended["closes_at"]), extended["extensions"]) == ("extended", moved, 1)
    now = api.auction(auction["id"])
    assert (now["extensions"], milliseconds(now["closes_at"])) == (1, moved)


def test_soft_close_from_bid_that_would_not_move_the_end(api):
    auction = api.create(closes_at=in_seconds(40), soft_close=soft("from_bid", extend_ms=5000))
    answer = api.accept(auction["id"], 10000)
    assert answer["closes_at"] == auction["closes_at"] and answer["as_of_sequence"] == answer["sequence"]
    assert api.auction(auction["id"])["extensions"] == 0


def test_soft_close_from_close(api):
    auction = api.create(closes_at=in_seconds(30), soft_close=soft("from_close"))
    end = milliseconds(auction["closes_at"])
    assert milliseconds(api.accept(auction["id"], 10000)["closes_at"]) == end + 20000
    assert milliseconds(api.accept(auction["id"], 10100, "Bob")["closes_at"]) == end + 40000
    assert api.auction(auction["id"])["extensions"] == 2
    # Now the end is 70 s away and the window 60 s: no further extension.
    last = api.accept(auction["id"], 10200)
    assert milliseconds(last["closes_at"]) == end + 40000 and last["as_of_sequence"] == last["sequence"]


def test_soft_close_outside_the_window(api):
    auction = api.create(closes_at=in_seconds(600), soft_close=soft("from_close", window_ms=1000))
    assert api.accept(auction["id"], 10000)["closes_at"] == auction["closes_at"]


@pytest.mark.parametrize("mode", ["from_bid", "from_close"])
def test_soft_close_has_a_limit(api, mode):
    soft_close = soft(mode, window_ms=600000, max_extensions=1)
    auction = api.create(closes_at=in_seconds(5), soft_close=soft_close)
    first = api.accept(auction["id"], 10000)
    second = api.accept(auction["id"], 10100)
    assert first["closes_at"] != auction["closes_at"] and second["closes_at"] == first["closes_at"]
    assert api.auction(auction["id"])["extensions"] == 1


def test_a_rejected_bid_extends_nothing(api):
    auction = api.create(closes_at=in_seconds(10), soft_close=soft("from_close"))
    api.reject(auction["id"], 1, "amount_below_minimum")
    assert api.auction(auction["id"])["closes_at"] == auction["closes_at"]


def test_an_extended_auction_really_stays_open(api):
    auction = api.create(closes_at=in_seconds(0.5), soft_close=soft("from_close", window_ms=5000, extend_ms=800,
                                                                      max_extensions=1))
    moved = milliseconds(api.accept(auction["id"], 10000)["closes_at"])
    assert moved == milliseconds(auction["closes_at"]) + 800
    closed = api.wait_state(auction["id"], "closed")
    at = milliseconds(api.events(auction["id"])[-1]["at"])
    assert moved <= at and milliseconds(closed["closes_at"]) == moved


def test_the_list_pages_through_everything_once(api, fresh):
    made = [api.create(title=fresh("Paged"))["id"] for _ in range(7)]
    seen, cursor, pages = [], None, 0
    while True:
        page = api.get_json("/v1/auctions?limit=5" + (f"&cursor={cursor}" if cursor else ""))
        assert set(page) >= {"auctions", "next_cursor"} and len(page["auctions"]) <= 5
        seen += [auction["id"] for auction in page["auctions"]]
        cursor, pages = page["next_cursor"], pages + 1
        if cursor is None:
            break
    assert pages >= 2 and len(seen) == len(set(seen)) and set(seen) >= set(made)
    assert all(set(auction) >= AUCTION_FIELDS for auction in page["auctions"])


def test_the_list_by_state(api):
    scheduled = api.create(opens_at=in_seconds(300))["id"]
    open_one = api.create()["id"]
    cancelled = api.create()["id"]
    api.post(f"/v1/auctions/{cancelled}/cancel", {})
    closed = api.create(closes_at=in_seconds(0.1))["id"]
    api.wait_state(closed, "closed")
    expected = {"scheduled": scheduled, "open": open_one, "cancelled": cancelled, "closed": closed}
    for state, wanted in expected.items():
        found, cursor = {}, ""
        while cursor is not None:
            page = api.get_json(f"/v1/auctions?state={state}&limit=100{cursor and '&cursor=' + str(cursor)}")
            found.update({auction["id"]: auction["state"] for auction in page["auctions"]})
            cursor = page["next_cursor"]
        assert wanted in found and set(found.values()) == {state}


@pytest.mark.parametrize("query", ["state=opened", "state=Open", "limit=0", "limit=-1", "limit=x", "limit=1001",
                                   "limit=1.5", "limit=99999999999999999999", "cursor=%00%ff", "cursor=nonsense!"])
def test_list_queries_that_make_no_sense(api, query):
    api.problem("GET", f"/v1/auctions?{query}", 400, "invalid_query")


@pytest.mark.parametrize("given, read", [
    ("2099-01-31T08:00:00Z", "2099-01-31T08:00:00.000Z"), ("2099-01-31T08:00:00.5Z", "2099-01-31T08:00:00.500Z"),
    ("2099-01-31T16:00:00+08:00", "2099-01-31T08:00:00.000Z"), ("2096-02-29T00:00:00.000Z", None),
    ("2099-01-31T08:00:00.123456789Z", "2099-01-31T08:00:00.123Z"),
    ("2099-01-30T23:30:00.001-09:30", "2099-01-31T09:00:00.001Z")])
def test_times_in_every_form_of_rfc_3339(api, given, read):
    assert api.create(closes_at=given)["closes_at"] == (read or given)


def test_cancel(api):
    auction = api.create()
    api.accept(auction["id"], 10000)
    response = api.post(f"/v1/auctions/{auction['id']}/cancel", {})
    assert response.status == 200
    assert response.json()["state"] == "cancelled"
    current = api.auction(auction["id"])
    assert (current["state"], current["winner"], current["sequence"]) == ("cancelled", None, 4)
    answer = api.reject(auction["id"], 20000, "cancelled")
    assert answer["as_of_sequence"] == 4
    assert api.events(auction["id"])[-1]["event"] == "cancelled"
    api.problem("POST", f"/v1/auctions/{auction['id']}/cancel", 409, "auction_not_cancellable", body={})
    assert api.auction(auction["id"])["sequence"] == 4


def test_cancel_a_scheduled_one(api):
    auction = api.create(opens_at=in_seconds(300))
    assert api.post(f"/v1/auctions/{auction['id']}/cancel", {}).json()["state"] == "cancelled"
    assert [event["event"] for event in api.events(auction["id"])] == ["created", "cancelled"]


def test_cancel_without_a_body(api):
    auction = api.create()
    response = api.post(f"/v1/auctions/{auction['id']}/cancel", raw=b"")
    assert response.status == 200 and response.json()["state"] == "cancelled"


def test_cancel_what_is_closed_or_unknown(api):
    closed = api.wait_state(api.create(closes_at=in_seconds(0.1))["id"], "closed")
    api.problem("POST", f"/v1/auctions/{closed['id']}/cancel", 409, "auction_not_cancellable", body={})
    assert api.auction(closed["id"])["state"] == "closed"
    api.problem("POST", "/v1/auctions/999999999/cancel", 404, body={})


@pytest.mark.parametrize("rest", ["", "/bids", "/events"])
def test_an_unknown_auction_is_404(api, rest):
    api.problem("GET", f"/v1/auctions/999999999{rest}", 404)


def wait_for_watchers(api, auction_id, count):
    """Whoever answers may hear of them a moment later than they do themselves."""
    deadline = time.monotonic() + 60
    while api.auction(auction_id)["watchers"] != count:
        assert time.monotonic() < deadline, f"not {count}"
        time.sleep(0.01)


def test_watchers_are_counted(api, stream):
    auction = api.create()
    watcher = stream()
    watcher.subscribe(auction["id"])
    assert watcher.expect("snapshot")["auction"]["id"] == auction["id"]
    wait_for_watchers(api, auction["id"], 1)
    watcher.send(type="unsubscribe", auction_id=auction["id"])
    watcher.fence()
    wait_for_watchers(api, auction["id"], 0)


def test_times_are_the_servers(api):
    before, after = in_seconds(-2), in_seconds(2)
    assert parse_time(before) < parse_time(api.auction(api.create()["id"])["server_time"]) < parse_time(after)


def test_the_largest_opening_price(api):
    auction = api.create(opening_price=MAX_AMOUNT)
    assert auction["minimum_next"] == MAX_AMOUNT
    answer = api.accept(auction["id"], MAX_AMOUNT)
    assert answer["minimum_next"] is None
    api.reject(auction["id"], MAX_AMOUNT, "amount_below_minimum", "Bob")
