"""The WebSocket: snapshot, ordered events, resume, reset, bids, the clock, `latest`, pings, closing."""
import json
import socket
import threading
import time

import pytest
import websocket

from api_client import ACCEPTED_FIELDS, AUCTION_FIELDS, REJECTED_FIELDS, Api, in_seconds, parse_time
from api_documents import CODES
from http_wire import Connection, request_bytes
from stream_client import (CLOSE, CONTINUATION, PING, PONG, TEXT, StreamClosed, close_payload, frame_bytes,
                           upgrade_headers)


def events_of(frames):
    return [frame for frame in frames if frame["type"] == "event"]


def as_event(frame):
    return {name: value for name, value in frame.items() if name != "type"}


def test_snapshot_then_every_event_in_order(api, stream):
    auction = api.create(opening_price=100, increment=100)["id"]
    api.accept(auction, 100)
    watcher = stream()
    watcher.subscribe(auction)
    snapshot = watcher.expect("snapshot")["auction"]
    assert set(snapshot) >= AUCTION_FIELDS and "reserve" not in snapshot
    assert (snapshot["id"], snapshot["sequence"], snapshot["price"]) == (auction, 3, 100)
    for n in range(2, 22):
        api.accept(auction, 100 * n, f"B{n % 3}")
    received = [watcher.expect("event") for _ in range(20)]
    assert [frame["sequence"] for frame in received] == list(range(4, 24))
    assert [as_event(frame) for frame in received] == api.events(auction)[3:]


def test_several_watchers_of_several_auctions(api, stream):
    one, two = api.create()["id"], api.create()["id"]
    watchers = [stream() for _ in range(3)]
    for watcher in watchers:
        for auction in (one, two):
            watcher.subscribe(auction)
            assert watcher.expect("snapshot")["auction"]["id"] == auction
    for n in range(5):
        api.accept(one, 10000 + 100 * n)
        api.accept(two, 10000 + 100 * n)
    for watcher in watchers:
        received = [watcher.expect("event") for _ in range(10)]
        for auction in (one, two):
            assert [frame["sequence"] for frame in received if frame["auction_id"] == auction] == list(range(3, 8))


def test_a_watcher_sees_opening_extension_and_close(api, stream):
    auction = api.create(opens_at=in_seconds(0.3), closes_at=in_seconds(0.9),
                         soft_close={"window_ms": 5000, "extend_ms": 300, "mode": "from_close", "max_extensions": 1})
    watcher = stream()
    watcher.subscribe(auction["id"])
    assert watcher.expect("snapshot")["auction"]["state"] == "scheduled"
    assert watcher.expect("event")["event"] == "opened"
    api.accept(auction["id"], 10000)
    assert [watcher.expect("event")["event"] for _ in range(3)] == ["bid_accepted", "extended", "closed"]


def test_resume_where_it_broke_off(api, stream):
    auction = api.create(increment=1)["id"]
    for n in range(10):
        api.accept(auction, 10000 + n)
    watcher = stream()
    watcher.subscribe(auction, epoch=1, after_sequence=5)
    received = [watcher.expect("event") for _ in range(7)]
    assert [frame["sequence"] for frame in received] == list(range(6, 13))
    api.accept(auction, 20000)
    assert watcher.expect("event")["sequence"] == 13
    assert [as_event(frame) for frame in received] == api.events(auction)[5:12]


def test_resume_from_the_very_start_and_from_the_end(api, stream):
    auction = api.create()["id"]
    watcher = stream()
    watcher.subscribe(auction, epoch=1, after_sequence=0)
    assert [watcher.expect("event")["event"] for _ in range(2)] == ["created", "opened"]
    other = stream()
    other.subscribe(auction, epoch=1, after_sequence=2)
    assert other.fence() == []
    api.accept(auction, 10000)
    assert other.expect("event")["sequence"] == 3


@pytest.mark.parametrize("asked", [{"epoch": 2, "after_sequence": 1}, {"epoch": 1, "after_sequence": 99},
                                   {"epoch": 999, "after_sequence": 99}], ids=str)
def test_reset_when_it_cannot_be_continued(api, stream, asked):
    auction = api.create()["id"]
    watcher = stream()
    watcher.subscribe(auction, **asked)
    snapshot = watcher.expect("reset")["auction"]
    assert (snapshot["id"], snapshot["sequence"], snapshot["epoch"]) == (auction, 2, 1)
    api.accept(auction, 10000)
    assert watcher.expect("event")["sequence"] == 3


def test_resume_while_bids_pour_in(api, stream, server):
    """INV-10: whatever the moment of subscribing, every later event once, in order."""
    auction = api.create(opening_price=1, increment=1)["id"]
    stop, failures = threading.Event(), []

    def pour():
        bidder = Api(server)
        try:
            amount = 1
            while not stop.is_set():
                bidder.accept(auction, amount, "Pourer")
                amount += 1
        except Exception as failure:  # reported below
            failures.append(failure)
        bidder.close()

    pourer = threading.Thread(target=pour)
    pourer.start()
    try:
        watcher = stream()
        watcher.subscribe(auction)
        last = watcher.expect("snapshot")["auction"]["sequence"]
        for _ in range(15):
            for _ in range(10):
                frame = watcher.expect("event")
                assert frame["sequence"] == last + 1
                last = frame["sequence"]
            watcher.connection.close()
            watcher = stream()
            watcher.subscribe(auction, epoch=1, after_sequence=last)
    finally:
        stop.set()
        pourer.join()
    assert not failures


def test_unsubscribe(api, stream):
    auction = api.create()["id"]
    watcher = stream()
    watcher.subscribe(auction)
    watcher.expect("snapshot")
    watcher.send(type="unsubscribe", auction_id=auction)
    assert events_of(watcher.fence()) == []
    api.accept(auction, 10000)
    time.sleep(0.1)
    assert events_of(watcher.fence()) == []
    watcher.subscribe(auction)
    assert watcher.expect("snapshot")["auction"]["sequence"] == 3
    api.accept(auction, 10100)
    assert watcher.expect("event")["sequence"] == 4


def test_subscribing_twice_gives_each_event_once(api, stream):
    auction = api.create()["id"]
    watcher = stream()
    watcher.subscribe(auction)
    watcher.subscribe(auction)
    watcher.fence()
    api.accept(auction, 10000)
    api.accept(auction, 10100)
    time.sleep(0.1)
    assert [frame["sequence"] for frame in events_of(watcher.fence())] == [3, 4]


def test_subscribing_to_what_is_not_there(stream):
    watcher = stream()
    watcher.subscribe(999999999)
    assert watcher.expect("error")["code"]
    watcher.server_time()


def test_bids(api, stream):
    auction = api.create()["id"]
    alice = stream(bidder="Alice")
    alice.bid(auction, 10000, "c1")
    accepted = alice.expect("bid_result")
    assert set(accepted) == ACCEPTED_FIELDS | {"type", "id"}
    assert (accepted["id"], accepted["verdict"], accepted["bidder"], accepted["sequence"]) == ("c1", "accepted",
                                                                                               "Alice", 3)
    alice.bid(auction, 10000, "c2")
    rejected = alice.expect("bid_result")
    assert set(rejected) == REJECTED_FIELDS | {"type", "id"}
    assert (rejected["id"], rejected["reason"], rejected["minimum_next"]) == ("c2", "amount_below_minimum", 10100)
    assert [bid["amount"] for bid in api.history(auction)] == [10000]


def test_a_bidding_watcher_gets_result_and_event(api, stream):
    auction = api.create()["id"]
    alice = stream(bidder="Alice")
    alice.subscribe(auction)
    alice.expect("snapshot")
    alice.bid(auction, 10000)
    frames = [alice.read(), alice.read()]
    assert {frame["type"] for frame in frames} == {"bid_result", "event"}
    assert {frame["sequence"] for frame in frames} == {3}


def test_many_bids_in_one_write(api, stream):
    auction = api.create(opening_price=1, increment=1)["id"]
    alice = stream(bidder="Alice")
    alice.connection.send(b"".join(frame_bytes(TEXT, json.dumps(
        {"type": "bid", "id": f"n{n}", "auction_id": auction, "amount": n}).encode()) for n in range(1, 201)))
    results = [alice.expect("bid_result") for _ in range(200)]
    assert [result["id"] for result in results] == [f"n{n}" for n in range(1, 201)]
    assert [result["sequence"] for result in results] == list(range(3, 203))


def test_a_bid_without_auth_is_an_error_frame(api, stream):
    auction = api.create()["id"]
    nobody = stream()
    nobody.bid(auction, 10000, "c9")
    error = nobody.expect("error")
    assert (error["id"], error["code"]) == ("c9", "unauthenticated")
    nobody.send(type="auth", bidder="Late")
    nobody.bid(auction, 10000, "c10")
    answer = nobody.read()
    if answer["type"] == "bid_result":
        assert answer["bidder"] == "Late"
    else:
        assert answer["type"] == "error"
    nobody.server_time()


def test_the_bidder_may_be_named_by_header(api, stream):
    auction = api.create()["id"]
    alice = stream(headers=[("X-Bidder", "Alice")])
    alice.bid(auction, 10000)
    assert alice.expect("bid_result")["bidder"] == "Alice"


def test_the_time(stream):
    watcher = stream()
    watcher.send(type="time", id="q1")
    answer = watcher.expect("time")
    assert answer["id"] == "q1"
    assert abs(parse_time(answer["server_time"]) - parse_time(in_seconds(0))).total_seconds() < 5


def test_latest_gives_the_newest_state(api, stream):
    auction = api.create(opening_price=1, increment=1)["id"]
    watcher = stream()
    watcher.subscribe(auction, mode="latest")
    first = watcher.read()
    assert first["type"] == "snapshot"
    for amount in range(1, 101):
        api.accept(auction, amount)
    last, seen = 0, []
    while last < 102:
        frame = watcher.expect("state")
        assert frame["auction_id"] == auction and frame["sequence"] > last, "never late ones"
        last = frame["sequence"]
        seen.append(frame)
    assert seen[-1]["price"] == 100 and last == 102


BAD_FRAMES = [
    "", " ", "x", "{", "[]", "1", "null", '"x"', "{}", '{"type":5}', '{"type":null}', '{"type":"nonsense"}',
    '{"type":"subscribe"}', '{"type":"subscribe","auction_id":"1"}', '{"type":"subscribe","auction_id":0}',
    '{"type":"subscribe","auction_id":-1}', '{"type":"subscribe","auction_id":1.5}',
    '{"type":"subscribe","auction_id":99999999999999999999}', '{"type":"subscribe","auction_id":1,"mode":"late"}',
    '{"type":"subscribe","auction_id":1,"after_sequence":-1,"epoch":1}',
    '{"type":"subscribe","auction_id":1,"after_sequence":"1","epoch":1}',
    '{"type":"subscribe","auction_id":1,"after":1}', '{"type":"subscribe","auction_id":1,"auction_id":1}',
    '{"type":"unsubscribe"}', '{"type":"time","id":5}', '{"type":"time","id":"' + "x" * 2000 + '"}',
    '{"type":"bid","id":"c","auction_id":1}', '{"type":"bid","id":"c","amount":1}',
    '{"type":"bid","auction_id":1,"amount":1.5,"id":"c"}', '{"type":"bid","auction_id":1,"amount":"1","id":"c"}',
    '{"type":"bid","auction_id":1,"amount":1,"id":"c","idempotency_key":""}',
    '{"type":"bid","auction_id":1,"amount":1,"id":"c","idempotency_key":"' + "x" * 65 + '"}',
    '{"type":"bid","auction_id":1,"amount":1,"id":"c","idempotency_key":5}',
    '{"type":"bid","auction_id":1,"amount":1,"id":"c","bidder":"Mallory"}',
    '{"type":"bid","auction_id":999999999,"amount":1,"id":"c"}', '{"type":"auth"}', '{"type":"auth","bidder":""}',
    '{"type":"auth","bidder":"a b"}', '{"type":"auth","bidder":5}', '{"type":"time","id":"q"} x',
    '{"type":"time","id":"\\ud800"}', '{"type":"bid_result"}', "[" * 5000, '{"type":' * 2000,
]


@pytest.mark.parametrize("text", BAD_FRAMES, ids=[text[:60] for text in BAD_FRAMES])
def test_frames_that_make_no_sense_get_an_error_frame(stream, text):
    """A well-formed WebSocket message with bad content: an error frame, and the connection lives."""
    alice = stream(bidder="Alice")
    alice.send_text(text)
    error = alice.expect("error")
    assert error["code"] in CODES
    if '"id":"c"' in text:
        assert error["id"] == "c"
    alice.server_time()


def test_error_codes_of_frames_are_those_of_http(api, stream):
    auction = api.create()["id"]
    alice = stream(bidder="Alice")
    alice.bid(auction, 1.5, "c1")
    assert alice.expect("error")["code"] == "invalid_amount"
    alice.send(type="bid", id="c2", auction_id=auction, amount=1, amout=2)
    assert alice.expect("error")["code"] == "unknown_field"


def test_ping_and_pong(stream):
    watcher = stream()
    for payload in (b"", b"x", b"y" * 125):
        watcher.send_frame(PING, payload)
    watcher.send_frame(PONG, b"unasked")
    watcher.fence()
    assert watcher.pongs == [b"", b"x", b"y" * 125]


def test_a_fragmented_message(stream):
    """Split inside a character, with a ping between the pieces."""
    watcher = stream()
    text = '{"type":"time","id":"é"}'.encode()
    middle = text.index("é".encode()) + 1
    watcher.send_frame(TEXT, text[:middle], fin=False)
    watcher.send_frame(PING, b"between")
    watcher.send_frame(CONTINUATION, b"", fin=False)
    watcher.send_frame(CONTINUATION, text[middle:])
    assert watcher.expect("time")["id"] == "é"
    assert watcher.pongs == [b"between"]


def test_a_frame_byte_by_byte(stream):
    watcher = stream()
    for byte in frame_bytes(TEXT, b'{"type":"time","id":"slow"}'):
        watcher.connection.send(bytes([byte]))
    assert watcher.expect("time")["id"] == "slow"


@pytest.mark.parametrize("code", [1000, 1001, 3000, 4999])
def test_closing_is_answered_with_the_same_code(stream, code):
    watcher = stream()
    watcher.send_frame(CLOSE, close_payload(code, b"bye"))
    with pytest.raises(StreamClosed) as closed:
        watcher.read()
    assert closed.value.code == code
    assert watcher.connection.ended()


def test_closing_without_a_code(stream):
    watcher = stream()
    watcher.send_frame(CLOSE)
    with pytest.raises(StreamClosed) as closed:
        watcher.read()
    assert closed.value.code in (None, 1000)
    assert watcher.connection.ended()


def test_nothing_is_read_after_a_close(api, stream):
    auction = api.create()["id"]
    alice = stream(bidder="Alice")
    bid = json.dumps({"type": "bid", "id": "late", "auction_id": auction, "amount": 10000}).encode()
    alice.connection.send(frame_bytes(CLOSE, close_payload(1000)) + frame_bytes(TEXT, bid))
    assert alice.read_close() == 1000
    assert api.history(auction) == []


@pytest.mark.parametrize("offered, chosen", [("flashbid.v1", "flashbid.v1"), ("x, flashbid.v1", "flashbid.v1"),
                                             ("flashbid.v1, x", "flashbid.v1")])
def test_the_subprotocol(connect, offered, chosen):
    connection = connect()
    connection.send(request_bytes("GET", "/v1/stream", host=connection.authority,
                                  headers=upgrade_headers(protocol=offered)))
    answer = connection.read_response()
    assert (answer.status, answer.header("sec-websocket-protocol")) == (101, chosen)


def test_an_independent_client(api, server):
    auction = api.create()["id"]
    client = websocket.create_connection(f"ws://{server.host}:{server.port}/v1/stream", timeout=60,
                                         subprotocols=["flashbid.v1"])
    assert client.getsubprotocol() == "flashbid.v1"
    client.send(json.dumps({"type": "auth", "bidder": "Alice"}))
    client.send(json.dumps({"type": "subscribe", "auction_id": auction}))
    assert json.loads(client.recv())["type"] == "snapshot"
    client.ping("x")
    client.send(json.dumps({"type": "bid", "id": "c", "auction_id": auction, "amount": 10000}))
    assert {json.loads(client.recv())["type"] for _ in range(2)} == {"bid_result", "event"}
    client.close()


def pour_until(server, auction, first, done, *, rounds, batch=400):
    """Pipelines accepted bids until done() or all rounds are over; returns the next amount."""
    connection = Connection(server)
    amount = first
    for _ in range(rounds):
        requests = [request_bytes("POST", f"/v1/auctions/{auction}/bids", host=connection.authority,
                                  headers=[("Content-Type", "application/json"), ("X-Bidder", "Pourer")],
                                  body=b'{"amount":%d}' % n) for n in range(amount, amount + batch)]
        connection.send(b"".join(requests))
        for _ in requests:
            answer = connection.read_response()
            assert answer.status == 200 and b'"accepted"' in answer.body, answer
        amount += batch
        if done():
            break
    connection.close()
    return amount


def test_a_slow_reader_is_closed_and_resumes_without_a_gap(api, stream, server, documents):
    """INV-11: a stalled watcher delays nobody; it is closed with 1013 slow_reader and continues where it was."""
    auction = api.create(opening_price=1, increment=1)["id"]
    stalled = stream(receive_buffer=65536)
    stalled.subscribe(auction)
    stalled.expect("snapshot")
    assert api.auction(auction)["watchers"] == 1
    amount = pour_until(server, auction, 1, lambda: api.auction(auction)["watchers"] == 0, rounds=150)
    assert api.auction(auction)["watchers"] == 0, "the stalled watcher is still there"
    last = 2
    stalled.documents = None  # thousands of frames, all of a kind that other tests check
    with pytest.raises(StreamClosed) as closed:
        while True:
            frame = stalled.expect("event")
            assert frame["sequence"] == last + 1
            last = frame["sequence"]
    assert (closed.value.code, closed.value.reason) == (1013, "slow_reader")
    resumed = stream()
    resumed.documents = None
    resumed.subscribe(auction, epoch=1, after_sequence=last)
    while last < amount + 1:
        frame = resumed.expect("event")
        assert frame["sequence"] == last + 1
        last = frame["sequence"]
    assert last == api.auction(auction)["sequence"]


def test_a_backlog_longer_than_an_outbox_does_not_cut_off_who_reads(api, stream, server):
    """Else a watcher could never catch up: closed as a slow reader, resumed at the same place, closed again."""
    auction = api.create(opening_price=1, increment=1)["id"]
    pour_until(server, auction, 1, lambda: False, rounds=20)
    watcher = stream()
    watcher.documents = None
    watcher.subscribe(auction, epoch=1, after_sequence=0)
    assert [watcher.expect("event")["sequence"] for _ in range(8002)] == list(range(1, 8003))
    api.accept(auction, 10000)
    assert watcher.expect("event")["sequence"] == 8003


def test_a_watcher_that_vanishes(api, stream, server):
    auction = api.create()["id"]
    for how in ("reset", "half"):
        watcher = stream()
        watcher.subscribe(auction)
        watcher.expect("snapshot")
        if how == "reset":
            watcher.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
            watcher.connection.close()
        else:
            watcher.connection.half_close()
    api.accept(auction, 10000)
    deadline = time.monotonic() + 60
    while api.auction(auction)["watchers"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert api.auction(auction)["watchers"] == 0
