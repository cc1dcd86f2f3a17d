"""WebSocket misused below JSON: the upgrade, framing, UTF-8, sizes. The close code is the RFC's; nothing is lost."""
import base64
import json
import struct

import pytest

from api_documents import CLOSE_REASONS
from http_wire import request_bytes
from stream_client import (BINARY, CLOSE, CONTINUATION, PING, TEXT, StreamClosed, close_payload, frame_bytes,
                           upgrade_headers)


@pytest.fixture(scope="module")
def canary(shared_api):
    auction = shared_api.create(opening_price=10000)["id"]
    shared_api.accept(auction, 10000, "Canary")
    return auction


@pytest.fixture(autouse=True)
def untouched(api, stream, canary):
    """A watcher of its own lives through each test and sees a bid afterwards; the canary is as it was."""
    watcher = stream()
    watcher.subscribe(canary)
    assert watcher.expect("snapshot")["auction"]["sequence"] == 3
    yield
    assert watcher.fence() == []
    assert [bid["bidder"] for bid in api.history(canary)] == ["Canary"]


TIME = b'{"type":"time","id":"t"}'
BAD_UTF8 = [b"\xff", b"\xc3(", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80", b"\xe2\x82"]

FRAMES = [
    # (label, bytes, close codes)
    ("unmasked text", frame_bytes(TEXT, TIME, masked=False), {1002}),
    ("unmasked empty text", frame_bytes(TEXT, b"", masked=False), {1002}),
    ("unmasked ping", frame_bytes(PING, b"x", masked=False), {1002}),
    ("unmasked close", frame_bytes(CLOSE, close_payload(1000), masked=False), {1002}),
    *[(f"reserved bits {bits:03b}", frame_bytes(TEXT, TIME, reserved=bits), {1002}) for bits in range(1, 8)],
    ("reserved bit on a ping", frame_bytes(PING, b"", reserved=4), {1002}),
    *[(f"opcode {opcode}", frame_bytes(opcode, TIME), {1002}) for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)],
    ("binary", frame_bytes(BINARY, TIME), {1003}),
    ("empty binary", frame_bytes(BINARY), {1003}),
    ("fragmented binary", frame_bytes(BINARY, TIME[:5], fin=False) + frame_bytes(CONTINUATION, TIME[5:]), {1003}),
    *[(f"bad UTF-8 {text!r}", frame_bytes(TEXT, b'{"type":"time","id":"' + text + b'"}'), {1007}) for text in BAD_UTF8],
    ("bad UTF-8 across fragments", frame_bytes(TEXT, b'"\xe2\x82', fin=False) + frame_bytes(CONTINUATION, b'a"'),
     {1007}),
    ("a character cut by the end", frame_bytes(TEXT, b'"\xe2', fin=False) + frame_bytes(CONTINUATION, b"\x82"), {1007}),
    ("fragmented ping", frame_bytes(PING, b"x", fin=False), {1002}),
    ("fragmented close", frame_bytes(CLOSE, close_payload(1000), fin=False), {1002}),
    ("ping of 126", frame_bytes(PING, b"x" * 126), {1002}),
    ("close of 126", frame_bytes(CLOSE, close_payload(1000, b"x" * 124)), {1002}),
    ("continuation of nothing", frame_bytes(CONTINUATION, TIME), {1002}),
    ("continuation of nothing, unfinished", frame_bytes(CONTINUATION, TIME, fin=False), {1002}),
    ("text inside a text", frame_bytes(TEXT, b"{", fin=False) + frame_bytes(TEXT, TIME), {1002}),
    ("binary inside a text", frame_bytes(TEXT, b"{", fin=False) + frame_bytes(BINARY, TIME), {1002, 1003}),
    ("close with one byte", frame_bytes(CLOSE, b"\x03"), {1002}),
    *[(f"close code {code}", frame_bytes(CLOSE, close_payload(code)), {1002})
      for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)],
    ("close reason in bad UTF-8", frame_bytes(CLOSE, close_payload(1000, b"\xff")), {1002, 1007}),
    ("length not in its shortest form (16)", frame_bytes(TEXT, TIME, length_form=16), {1002}),
    ("length not in its shortest form (64)", frame_bytes(TEXT, TIME, length_form=64), {1002}),
    ("length of 2^63", frame_bytes(TEXT, b"", length=2**63), {1002, 1009}),
    ("length of 2^63-1", frame_bytes(TEXT, b"", length=2**63 - 1), {1009}),
    ("length of 1 GiB", frame_bytes(TEXT, b"", length=2**30), {1009}),
    ("a message of 2 MiB", frame_bytes(TEXT, b" " * 2**21), {1009}),
    ("fragments of 2 MiB together", frame_bytes(TEXT, b" " * 1000, fin=False)
     + frame_bytes(CONTINUATION, b" " * 1000, fin=False) * 2100, {1009}),
]


@pytest.mark.parametrize("label, data, codes", FRAMES, ids=[case[0] for case in FRAMES])
def test_frames(stream, canary, label, data, codes):
    mallory = stream(bidder="Mallory")
    mallory.subscribe(canary)
    mallory.expect("snapshot")
    mallory.send_raw(data)
    bid = json.dumps({"type": "bid", "id": "after", "auction_id": canary, "amount": 20000}).encode()
    mallory.send_raw(frame_bytes(TEXT, bid))
    with pytest.raises(StreamClosed) as closed:
        while True:
            frame = mallory.read()
            assert frame["type"] == "error", frame
    assert closed.value.code in codes and closed.value.reason == CLOSE_REASONS[closed.value.code]
    assert mallory.connection.ended()


@pytest.mark.parametrize("cut", [1, 2, 5, 6, 20])
def test_a_frame_cut_short(stream, cut):
    mallory = stream(bidder="Mallory")
    mallory.send_raw(frame_bytes(TEXT, TIME)[:cut])
    mallory.connection.half_close()
    try:
        while True:
            mallory.read()
    except AssertionError:
        pass
    assert mallory.connection.ended()


def test_closing_is_awaited_for_a_while_only(stream):
    """A client that never closes its side is cut off in the end."""
    mallory = stream()
    mallory.send_raw(frame_bytes(TEXT, TIME, masked=False))
    assert mallory.read_close() == 1002
    assert mallory.connection.ended()


def without(name):
    return [(key, value) for key, value in upgrade_headers() if key != name]


def replaced(name, value):
    return [*without(name), (name, value)]


KEY = base64.b64encode(b"x" * 16).decode()
UPGRADES = [
    ("no key", without("Sec-WebSocket-Key"), {400}),
    ("an empty key", replaced("Sec-WebSocket-Key", ""), {400}),
    ("a short key", replaced("Sec-WebSocket-Key", base64.b64encode(b"x" * 15).decode()), {400}),
    ("a long key", replaced("Sec-WebSocket-Key", base64.b64encode(b"x" * 17).decode()), {400}),
    ("a key that is not base64", replaced("Sec-WebSocket-Key", "!" * 24), {400}),
    ("two keys", [*upgrade_headers(), ("Sec-WebSocket-Key", KEY)], {400}),
    ("no version", without("Sec-WebSocket-Version"), {400, 426}),
    ("version 8", replaced("Sec-WebSocket-Version", "8"), {426}),
    ("version 14", replaced("Sec-WebSocket-Version", "14"), {426}),
    ("no upgrade", without("Upgrade"), {400, 426}),
    ("upgrade to h2c", replaced("Upgrade", "h2c"), {400, 426}),
    ("no connection header", without("Connection"), {400, 426}),
    ("connection keep-alive", replaced("Connection", "keep-alive"), {400, 426}),
    ("a foreign origin", [*upgrade_headers(), ("Origin", "http://evil.example")], {403}),
    ("origin null", [*upgrade_headers(), ("Origin", "null")], {403}),
]


@pytest.mark.parametrize("label, headers, statuses", UPGRADES, ids=[case[0] for case in UPGRADES])
def test_upgrades(connect, label, headers, statuses):
    connection = connect()
    connection.send(request_bytes("GET", "/v1/stream", host=connection.authority, headers=headers))
    answer = connection.read_response()
    assert answer.status in statuses, answer
    if answer.status == 426:
        assert answer.header("sec-websocket-version") == "13" or "version" not in label


def test_a_foreign_host_cannot_upgrade(connect):
    connection = connect()
    connection.send(request_bytes("GET", "/v1/stream", host="evil.example", headers=upgrade_headers()))
    assert connection.read_response().status == 403


def test_a_post_cannot_upgrade(connect):
    connection = connect()
    connection.send(request_bytes("POST", "/v1/stream", host=connection.authority, body=b"",
                                  headers=[*upgrade_headers(), ("Content-Type", "application/json")]))
    assert connection.read_response().status == 405


def test_a_foreign_subprotocol_is_not_chosen(connect):
    connection = connect()
    connection.send(request_bytes("GET", "/v1/stream", host=connection.authority,
                                  headers=upgrade_headers(protocol="other, flashbid.v2")))
    answer = connection.read_response()
    assert answer.status in (101, 400) and answer.header("sec-websocket-protocol") is None


def test_the_token_never_stands_in_the_url(connect):
    connection = connect()
    connection.send(request_bytes("GET", "/v1/stream?bidder=Alice", host=connection.authority,
                                  headers=upgrade_headers()))
    answer = connection.read_response()
    if answer.status == 101:
        connection.send(frame_bytes(TEXT, b'{"type":"bid","id":"c","auction_id":1,"amount":1}'))
        head = connection.read_exactly(2)
        length = head[1] if head[1] < 126 else struct.unpack(">H", connection.read_exactly(2))[0]
        assert json.loads(connection.read_exactly(length))["code"] == "unauthenticated"
    else:
        assert answer.status == 400


def test_frames_sent_together_with_the_upgrade(connect):
    """Bytes behind the upgrade request belong to the stream and are not lost."""
    connection = connect()
    connection.send(request_bytes("GET", "/v1/stream", host=connection.authority, headers=upgrade_headers())
                    + frame_bytes(TEXT, TIME))
    assert connection.read_response().status == 101
    head = connection.read_exactly(2)
    assert head[0] == 0x81
    assert json.loads(connection.read_exactly(head[1]))["type"] == "time"
