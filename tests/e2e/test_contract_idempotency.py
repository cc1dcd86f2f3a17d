"""Idempotency keys (INV-8): one effect and one answer, over HTTP and WebSocket, across restart and SIGKILL."""
import time

import pytest

from api_client import Api, in_seconds
from stream_client import Stream


def as_http(frame):
    """A bid_result without what the frame adds."""
    return {name: value for name, value in frame.items() if name not in ("type", "id")}


def test_an_accepted_bid_is_repeated_not_made_again(api, fresh):
    auction, key = api.create()["id"], fresh("key")
    first = api.accept(auction, 10000, "Alice", key)
    api.accept(auction, 20000, "Bob")
    assert api.bid(auction, 10000, "Alice", key) == first
    assert [bid["bidder"] for bid in api.history(auction)] == ["Alice", "Bob"]


def test_a_rejection_is_remembered_too(api, fresh):
    auction, key = api.create()["id"], fresh("key")
    first = api.reject(auction, 1, "amount_below_minimum", "Alice", key)
    api.accept(auction, 10000, "Bob")
    assert api.bid(auction, 1, "Alice", key) == first


def test_a_rejection_stands_though_the_same_bid_would_now_win(api, fresh):
    auction, key = api.create(opens_at=in_seconds(0.3), closes_at=in_seconds(600))["id"], fresh("key")
    first = api.reject(auction, 10000, "not_open_yet", "Alice", key)
    api.wait_state(auction, "open")
    assert api.bid(auction, 10000, "Alice", key) == first
    assert api.history(auction) == []


def test_the_same_key_with_another_body_is_422(api, fresh):
    auction, key = api.create()["id"], fresh("key")
    api.accept(auction, 10000, "Alice", key)
    target = f"/v1/auctions/{auction}/bids"
    api.problem("POST", target, 422, "idempotency_key_reused", body={"amount": 10100}, bidder="Alice", key=key)
    rejected = fresh("key")
    api.reject(auction, 1, "amount_below_minimum", "Alice", rejected)
    api.problem("POST", target, 422, "idempotency_key_reused", body={"amount": 99999}, bidder="Alice", key=rejected)
    assert len(api.history(auction)) == 1


def test_the_scope_is_bidder_and_auction(api, fresh):
    one, two, key = api.create()["id"], api.create()["id"], fresh("key")
    api.accept(one, 10000, "Alice", key)
    api.accept(one, 10100, "Bob", key)
    api.accept(two, 10200, "Alice", key)
    assert (len(api.history(one)), len(api.history(two))) == (2, 1)


def test_the_key_is_shared_by_http_and_websocket(api, stream, fresh):
    auction, key = api.create()["id"], fresh("key")
    over_http = api.accept(auction, 10000, "Alice", key)
    alice = stream(bidder="Alice")
    alice.bid(auction, 10000, "again", idempotency_key=key)
    repeated = alice.expect("bid_result")
    assert repeated["id"] == "again" and as_http(repeated) == over_http
    other = fresh("key")
    alice.bid(auction, 10100, "first", idempotency_key=other)
    over_stream = alice.expect("bid_result")
    assert over_stream["verdict"] == "accepted"
    assert api.bid(auction, 10100, "Alice", other) == as_http(over_stream)
    alice.bid(auction, 10200, "changed", idempotency_key=other)
    error = alice.expect("error")
    assert (error["id"], error["code"]) == ("changed", "idempotency_key_reused")
    api.problem("POST", f"/v1/auctions/{auction}/bids", 422, "idempotency_key_reused", body={"amount": 10200},
                bidder="Alice", key=other)
    assert len(api.history(auction)) == 2


def test_creating_twice_with_one_key(api, fresh):
    key, body = fresh("key"), {"title": "Once", "currency": "CNY", "opening_price": 1, "closes_at": in_seconds(60)}
    first = api.post("/v1/auctions", body, key=key)
    second = api.post("/v1/auctions", body, key=key)
    assert first.status == second.status == 201
    assert first.json()["id"] == second.json()["id"]
    assert second.header("location") == first.header("location")
    api.problem("POST", "/v1/auctions", 422, "idempotency_key_reused", body={**body, "title": "Twice"}, key=key)
    assert api.post("/v1/auctions", body, key=fresh("key")).json()["id"] != first.json()["id"]


def test_cancelling_twice_with_one_key(api, fresh):
    auction, key = api.create()["id"], fresh("key")
    first = api.post(f"/v1/auctions/{auction}/cancel", {}, key=key)
    second = api.post(f"/v1/auctions/{auction}/cancel", {}, key=key)
    assert (first.status, second.status) == (200, 200)
    assert second.json()["sequence"] == first.json()["sequence"]


def test_4xx_is_not_remembered(api, fresh):
    auction, key = api.create()["id"], fresh("key")
    target = f"/v1/auctions/{auction}/bids"
    api.problem("POST", target, 400, "invalid_amount", raw='{"amount":1.5}', bidder="Alice", key=key)
    api.accept(auction, 10000, "Alice", key)


@pytest.mark.parametrize("key", ["k", "x" * 64, "!~#'()*+,-./:;<=>?@[]^_`{|}\"\\"])
def test_keys(api, key):
    auction = api.create()["id"]
    first = api.accept(auction, 10000, "Alice", key)
    assert api.bid(auction, 10000, "Alice", key) == first


@pytest.mark.parametrize("key", ["", "x" * 65, "a b", "\u00e9", "a\tb"])
def test_keys_that_are_none(api, key):
    auction = api.create()["id"]
    api.problem("POST", f"/v1/auctions/{auction}/bids", 400, body={"amount": 10000}, bidder="Alice", key=key)
    assert api.history(auction) == []


def test_two_keys_in_one_request(api):
    auction = api.create()["id"]
    response = api.post(f"/v1/auctions/{auction}/bids", {"amount": 10000}, bidder="Alice", key="one",
                        headers=[("Idempotency-Key", "two")])
    assert response.status == 400


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_answers_outlive_the_process(own_server, documents, how):
    server = own_server().start()
    api = Api(server, documents.openapi)
    auction = api.create()["id"]
    low = api.reject(auction, 1, "amount_below_minimum", "Alice", "low")
    high = api.accept(auction, 10000, "Alice", "high")
    with Stream(server, documents.asyncapi, bidder="Bob") as bob:
        bob.bid(auction, 10100, "x", idempotency_key="bob")
        over_stream = as_http(bob.expect("bid_result"))
    body = {"title": "Once", "currency": "CNY", "opening_price": 1, "closes_at": in_seconds(60)}
    made = api.post("/v1/auctions", body, key="made").json()["id"]
    history, events = api.history(auction), api.events(auction)
    api.accept(auction, 20000, "Carol")
    getattr(server, how)()
    server.start()
    again = Api(server, documents.openapi)
    assert again.bid(auction, 1, "Alice", "low") == low
    assert again.bid(auction, 10000, "Alice", "high") == high
    assert again.bid(auction, 10100, "Bob", "bob") == over_stream
    again.problem("POST", f"/v1/auctions/{auction}/bids", 422, "idempotency_key_reused", body={"amount": 2},
                  bidder="Alice", key="low")
    assert again.post("/v1/auctions", body, key="made").json()["id"] == made
    assert again.history(auction)[:2] == history and len(again.history(auction)) == 3
    assert again.events(auction)[:4] == events
    assert again.auction(auction)["price"] == 20000
    again.reject(auction, 20000, "amount_below_minimum", "Dave")
    assert again.accept(auction, 20100, "Dave")["sequence"] == 6


def test_timers_go_on_after_a_restart(own_server):
    server = own_server().start()
    api = Api(server)
    opens_meanwhile = api.create(opens_at=in_seconds(0.2))["id"]
    closes_meanwhile = api.create(closes_at=in_seconds(0.3))["id"]
    closes_later = api.create(closes_at=in_seconds(2.5))["id"]
    api.accept(closes_meanwhile, 10000, "Alice")
    server.kill()
    time.sleep(0.4)
    server.start()
    again = Api(server)
    assert again.wait_state(opens_meanwhile, "open")["sequence"] == 2
    assert again.wait_state(closes_meanwhile, "closed")["winner"] == "Alice"
    again.reject(closes_meanwhile, 99999, "closed", "Bob")
    again.wait_state(closes_later, "closed")
    for auction in (closes_meanwhile, closes_later):
        assert [event["event"] for event in again.events(auction)].count("closed") == 1
