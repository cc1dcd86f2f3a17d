"""RFC 6455 section by section, against a house without --dev. What is answered stands in each test.

  section            what                                                      where
  4.1, 4.2.1         method, Host, key, version, upgrade, connection           test_bad_frames.py::test_upgrades, test_a_post_cannot_upgrade
  4.2.1              HTTP/1.0; names and lists in any case                     test_an_upgrade_of_http_1_0, test_spellings_of_the_handshake
  4.2.2, 1.3         Sec-WebSocket-Accept of the key                           stream_client.Stream (each handshake); test_the_key_of_the_rfc
  4.2.2 (4)          subprotocol                                               test_bad_frames.py::test_a_foreign_subprotocol_is_not_chosen
  4.4                version 13 is named                                       test_bad_frames.py::test_upgrades; test_versions_that_are_lists
  5.1                a client masks, the server does not                       test_bad_frames.py::test_frames[unmasked …], stream_client
  5.2                reserved bits, opcodes, lengths not in shortest form      test_bad_frames.py::test_frames
  5.2                each form of length that is right, at its bounds          test_lengths_at_their_bounds
  5.3                any mask                                                  test_masks
  5.4                fragments: of nothing, interleaved, binary                test_bad_frames.py::test_frames; test_fragments
  5.5                control frames: at most 125 bytes, whole                  test_bad_frames.py::test_frames; test_control_frames_between_fragments
  5.5.1              close is echoed, nothing follows it                       test_close_codes_that_are_right, test_nothing_is_read_behind_a_close
  5.5.2, 5.5.3       ping, pong, pong nobody asked for                         test_pings, test_pongs_that_nobody_asked_for
  5.8, 9             extensions: none is negotiated                            test_extensions_are_not_taken
  7.1.1, 7.1.4       the server ends TCP; a client that never does             test_bad_frames.py::test_closing_is_awaited_for_a_while_only
  7.1.7, 7.4         codes that may not be sent                                test_bad_frames.py::test_frames[close code …]
  8.1, 5.6           UTF-8 in texts and close reasons                          test_bad_frames.py::test_frames[bad UTF-8 …]; test_utf8_that_is_right
  10.2               Origin                                                    test_attacks_sites.py
  10.3               masked bytes that are HTTP                                test_http_inside_a_frame
  10.4               message, fragments and subscriptions have limits          test_bad_frames.py::test_frames; test_a_message_at_and_above_the_limit,
                                                                               test_subscriptions_have_a_limit
  10.5               who asks                                                  test_attacks.py
  10.7               what is no UTF-8, JSON or frame of ours                   test_bad_frames.py, test_contract_stream.py
"""
import json

import pytest

from attacked_house import House
from http_wire import request_bytes
from stream_client import (BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, StreamClosed, close_payload, frame_bytes,
                           upgrade_headers)

TIME = b'{"type":"time","id":"t"}'
MESSAGE_LIMIT = 16 * 1024


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("house"), "--max-subscriptions", "3")
    yield house
    house.finish()


@pytest.fixture
def stream(house):
    with house.stream() as stream:
        yield stream
    house.check()


def handshake(house, headers, version="HTTP/1.1"):
    connection = house.connect()
    connection.send(request_bytes("GET", "/v1/stream", host=connection.authority, headers=headers, version=version))
    answer = connection.read_response()
    connection.close()
    return answer


def replaced(name, value):
    return [*[(key, old) for key, old in upgrade_headers() if key != name], (name, value)]


def still_answers(stream):
    """One answer to one question, and nothing before it."""
    assert stream.fence() == []


def test_the_key_of_the_rfc(house):
    answer = handshake(house, upgrade_headers("dGhlIHNhbXBsZSBub25jZQ=="))
    assert answer.status == 101 and answer.header("sec-websocket-accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def test_an_upgrade_of_http_1_0(house):
    assert handshake(house, upgrade_headers(), "HTTP/1.0").status == 426


@pytest.mark.parametrize("name, value, status", [
    ("Upgrade", "WebSocket", 101), ("Upgrade", "foo, WEBSOCKET", 101), ("Upgrade", "websocket/13", 426),
    ("Upgrade", "websockets", 426), ("Upgrade", "\"websocket\"", 426),
    ("Connection", "keep-alive, Upgrade", 101), ("Connection", "UPGRADE", 101), ("Connection", "Upgraded", 426),
    ("Connection", "close", 426),
    ("Sec-WebSocket-Version", " 13 ", 101), ("Sec-WebSocket-Version", "013", 426), ("Sec-WebSocket-Version", "+13", 426),
    ("Sec-WebSocket-Version", "13.0", 426), ("Sec-WebSocket-Version", "", 426), ("Sec-WebSocket-Version", "-1", 426),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ", 400), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=", 400),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==,x", 400), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25j_Q==", 400),
    ("Sec-WebSocket-Key", "A" * 8000, 400), ("Sec-WebSocket-Protocol", "FLASHBID.V1", 101),
], ids=str)
def test_spellings_of_the_handshake(house, name, value, status):
    answer = handshake(house, replaced(name, value))
    assert answer.status == status, answer
    if status == 426:
        assert answer.header("sec-websocket-version") == "13"


@pytest.mark.parametrize("value", ["13, 8", "8, 13", "13,13"])
def test_versions_that_are_lists(house, value):
    assert handshake(house, replaced("Sec-WebSocket-Version", value)).status == 426


def test_versions_in_two_lines(house):
    assert handshake(house, [*upgrade_headers(), ("Sec-WebSocket-Version", "8")]).status == 400


@pytest.mark.parametrize("value", ["permessage-deflate", "permessage-deflate; client_max_window_bits=15, x-webkit-deflate-frame",
                                   "\";;;,,,", "x" * 5000])
def test_extensions_are_not_taken(house, value):
    """A frame with RSV1 set, as one that is compressed has, ends the stream then: test_bad_frames.py."""
    answer = handshake(house, [*upgrade_headers(), ("Sec-WebSocket-Extensions", value)])
    assert answer.status == 101 and answer.header("sec-websocket-extensions") is None


@pytest.mark.parametrize("size", [0, 1, 124, 125, 126, 127, 128, 65535, 65536])
def test_lengths_at_their_bounds(house, stream, size):
    """As long as the limit lets them be, answered; each in the shortest form of its length."""
    text = TIME.ljust(size) if size >= len(TIME) else b" " * size
    stream.send_frame(TEXT, text)
    if size > MESSAGE_LIMIT:
        assert stream.read_close() == 1009
    else:
        assert stream.read()["type"] == ("time" if size >= len(TIME) else "error")
        still_answers(stream)


@pytest.mark.parametrize("over", [0, 1])
@pytest.mark.parametrize("pieces", [1, 2, 16])
def test_a_message_at_and_above_the_limit(stream, over, pieces):
    text = TIME.ljust(MESSAGE_LIMIT + over)
    step = -(-len(text) // pieces)
    parts = [text[start:start + step] for start in range(0, len(text), step)]
    for number, part in enumerate(parts):
        stream.send_raw(frame_bytes(CONTINUATION if number else TEXT, part, fin=number == len(parts) - 1))
    if over:
        assert stream.read_close() == 1009
    else:
        assert stream.read()["type"] == "time"


def test_masks(house, stream):
    """Of zeros, of ones, and the one that makes the bytes on the wire all zero."""
    for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff", TIME[:4]):
        payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(TIME))
        stream.send_raw(bytes([0x81, 0x80 | len(TIME)]) + mask + payload)
        assert stream.expect("time")["id"] == "t"


@pytest.mark.parametrize("first, rest", [(b"", [TIME]), (TIME, [b""]), (b"", [b"", b"", TIME, b""]),
                                         (TIME[:1], [TIME[at:at + 1] for at in range(1, len(TIME))])])
def test_fragments(stream, first, rest):
    stream.send_frame(TEXT, first, fin=False)
    for number, part in enumerate(rest):
        stream.send_frame(CONTINUATION, part, fin=number == len(rest) - 1)
    assert stream.expect("time")["id"] == "t"
    still_answers(stream)


def test_a_million_empty_fragments_cost_nothing(stream):
    stream.send_frame(TEXT, b"", fin=False)
    empty = bytes([0, 0x80, 0, 0, 0, 0])
    for _ in range(100):
        stream.send_raw(empty * 10_000)
    stream.send_frame(CONTINUATION, TIME)
    assert stream.expect("time", timeout=30)["id"] == "t"


def test_control_frames_between_fragments(stream):
    stream.send_frame(TEXT, TIME[:3], fin=False)
    stream.send_frame(PING, b"between")
    stream.send_frame(PONG, b"between")
    stream.send_frame(CONTINUATION, TIME[3:])
    assert stream.expect("time")["id"] == "t" and stream.pongs == [b"between"]


def test_a_close_between_fragments(stream):
    stream.send_frame(TEXT, TIME[:3], fin=False)
    stream.send_frame(CLOSE, close_payload(1000))
    assert stream.read_close() == 1000


@pytest.mark.parametrize("payload", [b"", b"x", b"\xff\0\x80", b"p" * 125])
def test_pings(stream, payload):
    """The pong bears the very bytes, text or not."""
    stream.send_frame(PING, payload)
    still_answers(stream)
    assert stream.pongs == [payload]


def test_a_flood_of_pings_is_answered_or_ended(house, stream):
    """10,000 pings whose pongs nobody reads meanwhile: each is answered in order, or the slow reader is closed."""
    for number in range(100):
        stream.send_raw(b"".join(frame_bytes(PING, b"%d" % (number * 100 + at)) for at in range(100)))
    stream.send(type="time", id="end")
    try:
        stream.expect("time", timeout=30)
        assert stream.pongs == [b"%d" % number for number in range(len(stream.pongs))] and stream.pongs
    except StreamClosed as closed:
        assert closed.code == 1013


def test_pongs_that_nobody_asked_for(stream):
    for payload in (b"", b"x", b"y" * 125):
        stream.send_frame(PONG, payload)
    still_answers(stream)


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4401, 4999])
def test_close_codes_that_are_right(stream, code):
    stream.send_frame(CLOSE, close_payload(code, "bye, 再见".encode()))
    assert stream.read_close() == code
    assert stream.connection.ended()


def test_a_close_without_a_code(stream):
    stream.send_frame(CLOSE)
    assert stream.read_close() in (None, 1000)
    assert stream.connection.ended()


def test_nothing_is_read_behind_a_close(house, stream):
    """A bid behind the close frame is none, whoever sends it."""
    stream.send(type="auth", token=house.token("Mallory"))
    bid = json.dumps({"type": "bid", "id": "b", "auction_id": house.auction, "amount": 20000}).encode()
    stream.send_raw(frame_bytes(CLOSE, close_payload(1000)) + frame_bytes(TEXT, bid) * 3)
    assert stream.read_close() == 1000
    assert stream.connection.ended()


@pytest.mark.parametrize("text", ["é", "猫", "🐈", "\u0000"[:0] + "\ud7ff\ue000\ufffd\U0010ffff", "\u200b\u202e"])
def test_utf8_that_is_right(stream, text):
    """Cut between any two bytes, in fragments."""
    whole = json.dumps({"type": "nonsense", "id": text}, ensure_ascii=False).encode()
    for cut in range(len(whole)):
        stream.send_raw(frame_bytes(TEXT, whole[:cut], fin=False) + frame_bytes(CONTINUATION, whole[cut:]))
        assert stream.read()["type"] == "error"


def test_http_inside_a_frame(house, stream):
    """What a proxy might take for a request is a text like any other."""
    inside = request_bytes("POST", house.bids, host="x", body=b'{"amount":30000}',
                           headers=[("Authorization", f"Bearer {house.token('Mallory')}"), ("Content-Type", "application/json")])
    stream.send_frame(TEXT, inside)
    assert stream.read()["type"] == "error"
    stream.send_raw(inside)
    with pytest.raises(StreamClosed) as closed:
        stream.read()
    assert closed.value.code == 1002


def test_bytes_behind_an_upgrade_that_was_refused(house):
    """They are frames to nobody, and no requests."""
    connection = house.connect()
    sent = request_bytes("GET", "/v1/stream", host=connection.authority, headers=replaced("Sec-WebSocket-Version", "8"))
    connection.send_all_it_takes(sent + frame_bytes(TEXT, TIME))
    assert connection.read_response().status == 426
    assert connection.read_response().status == 400
    assert connection.ended()
    connection.close()


def test_subscriptions_have_a_limit(house, stream):
    """What does not exist keeps no room; what is subscribed to again takes none; what is given up makes some."""
    auctions = [house.create() for _ in range(4)]
    for number in range(1000):
        stream.send(type="subscribe", auction_id=1_000_000 + number)
    assert {stream.expect("error")["code"] for _ in range(1000)} <= {"not_found", "rate_limited"}
    for auction in auctions[:3]:
        stream.subscribe(auction)
        stream.expect("snapshot")
    stream.subscribe(auctions[3])
    assert stream.expect("error")["code"] == "rate_limited"
    stream.subscribe(auctions[0])
    stream.expect("snapshot")
    stream.send(type="unsubscribe", auction_id=auctions[0])
    stream.subscribe(auctions[3])
    stream.expect("snapshot")


def test_frames_of_ours_that_are_not_quite(house, stream):
    """Each is one `error` frame, and the stream goes on."""
    wrong = [b"", b" ", b"null", b"[]", b"{}", b'{"type":null}', b'{"type":"BID"}', b'{"type":"bid"}', b'{"type":"time","type":"bid"}',
             b'{"type":"subscribe","auction_id":-1}', b'{"type":"subscribe","auction_id":"1"}', b'{"type":"auth"}',
             b'{"type":"auth","token":null}', b'{"type":"auth","token":["x"]}', b'{"type":"time","id":"t","x":1}',
             b"[" * 8000, b'{"a":' * 2000, b'{"type":"time","id":"' + b"x" * 8000 + b'"}']
    for text in wrong:
        stream.send_frame(TEXT, text)
        assert stream.read()["type"] == "error", text
    still_answers(stream)
    stream.send_frame(BINARY, TIME)
    assert stream.read_close() == 1003
