"""HTTP itself misused: routes, methods, content types, sizes, versions, framing, smuggling, foreign hosts.

After each the server still answers, and the auction that was there is as it was.
"""
import socket
import time

import pytest

from api_client import check_conventions
from http_wire import ConnectionEnded, request_bytes


@pytest.fixture(scope="module")
def canary(shared_api):
    auction = shared_api.create(opening_price=10000)["id"]
    shared_api.accept(auction, 10000, "Canary")
    return auction


@pytest.fixture(autouse=True)
def untouched(api, canary):
    yield
    assert [bid["bidder"] for bid in api.history(canary)] == ["Canary"]
    assert api.auction(canary)["sequence"] == 3


@pytest.mark.parametrize("target", ["/nonsense", "/v1", "/v1/", "/v2/auctions", "/v1/auction", "/v1/auctions/1/bid",
                                    "/v1/auctions/1/bids/1", "/v1/auctionsx", "/v1//auctions", "/V1/auctions",
                                    "/item", "/item/", "/healthz/x", "/../etc/passwd", "/%2e%2e/etc/passwd",
                                    "/docs/../../etc/passwd", "/.git/config", "/" + "a/" * 500])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_unknown_routes(api, target, method):
    api.problem(method, target, 404, "not_found", body={} if method == "POST" else None)


@pytest.mark.parametrize("target, allowed", [
    ("/v1/auctions", {"GET", "POST"}), ("/v1/auctions/1", {"GET"}), ("/v1/auctions/1/bids", {"GET", "POST"}),
    ("/v1/auctions/1/events", {"GET"}), ("/v1/auctions/1/cancel", {"POST"}), ("/v1/stream", {"GET"}),
    ("/healthz", {"GET"}), ("/readyz", {"GET"}), ("/metrics", {"GET"}), ("/openapi.json", {"GET"}),
    ("/asyncapi.json", {"GET"}), ("/docs", {"GET"}), ("/", {"GET"}), ("/init", {"POST"}), ("/bid", {"POST"}),
    ("/item/1", {"GET"})])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE", "FLY"])
def test_methods(api, target, allowed, method):
    if method in allowed:
        return
    response = api.request(method, target, None if method in ("GET", "TRACE") else {})
    assert response.status in ((405, 501) if method == "FLY" else (405,)), response
    if response.status == 405:
        named = {name.strip() for name in response.header("allow").split(",")}
        assert allowed <= named and method not in named


@pytest.mark.parametrize("value", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "",
                                   "application/jsonx", "application", "application/json+x", "text/json",
                                   "application/json; charset=utf-16", "*/*", "application/xml, application/json"])
def test_content_types_that_are_not_json(api, canary, value):
    for target in (f"/v1/auctions/{canary}/bids", "/v1/auctions", "/init", "/bid"):
        api.problem("POST", target, 415, raw=b'{"amount":20000}', bidder="Mallory", headers=[("Content-Type", value)])


def test_no_content_type(connect, canary):
    connection = connect()
    connection.send(request_bytes("POST", f"/v1/auctions/{canary}/bids", host=connection.authority,
                                  headers=[("X-Bidder", "Mallory")], body=b'{"amount":20000}'))
    answer = connection.read_response()
    check_conventions(answer)
    assert answer.status == 415


def bid_head(canary, *lines, version="HTTP/1.1", host="Host: 127.0.0.1"):
    head = [f"POST /v1/auctions/{canary}/bids {version}", host, "Content-Type: application/json", "X-Bidder: Mallory"]
    return ("\r\n".join([line for line in [*head, *lines] if line]) + "\r\n\r\n").encode("latin-1")


BODY = b'{"amount":20000}'
SMUGGLED = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked"

FRAMING = [
    # (label, header lines, what follows the head, statuses); every one ends the connection.
    ("CL and TE", ["Content-Length: 16", CHUNKED], b"10\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
    ("TE and CL", [CHUNKED, "Content-Length: 16"], b"0\r\n\r\n" + SMUGGLED, {400}),
    ("two lengths", ["Content-Length: 16", "Content-Length: 17"], BODY + b" ", {400}),
    ("two equal lengths", ["Content-Length: 16", "Content-Length: 16"], BODY, {400}),
    ("a list of lengths", ["Content-Length: 16, 16"], BODY, {400}),
    ("a negative length", ["Content-Length: -1"], BODY, {400}),
    ("a signed length", ["Content-Length: +16"], BODY, {400}),
    ("a hexadecimal length", ["Content-Length: 0x10"], BODY, {400}),
    ("a length with a tail", ["Content-Length: 16x"], BODY, {400}),
    ("an empty length", ["Content-Length: "], BODY, {400}),
    ("a huge length", ["Content-Length: 18446744073709551616"], BODY, {400, 413}),
    ("a length of 2^64-1", ["Content-Length: 18446744073709551615"], BODY, {413}),
    ("a chunk size that is none", [CHUNKED], b"x\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
    ("a negative chunk", [CHUNKED], b"-1\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
    ("a chunk size with 0x", [CHUNKED], b"0x10\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
    ("an overflowing chunk", [CHUNKED], b"10000000000000010\r\n" + BODY + b"\r\n0\r\n\r\n", {400, 413}),
    ("a chunk too long for its size", [CHUNKED], b"5\r\n" + BODY + b"\r\n0\r\n\r\n", {400}),
    ("chunks without CR", [CHUNKED], b"10\n" + BODY + b"\n0\n\n", {400}),
    ("TE gzip, chunked", ["Transfer-Encoding: gzip, chunked"], b"0\r\n\r\n", {501}),
    ("TE gzip", ["Transfer-Encoding: gzip"], b"", {400, 501}),
    ("TE xchunked", ["Transfer-Encoding: xchunked"], b"0\r\n\r\n", {400, 501}),
    ("TE chunked twice", ["Transfer-Encoding: chunked, chunked"], b"0\r\n\r\n", {400, 501}),
    ("TE identity", ["Transfer-Encoding: identity"], BODY, {400, 501}),
    ("two TE lines", [CHUNKED, "Transfer-Encoding: identity"], b"0\r\n\r\n" + SMUGGLED, {400, 501}),
    ("TE with a tab before the colon", ["Transfer-Encoding\t: chunked"], b"0\r\n\r\n" + SMUGGLED, {400}),
    ("TE with a space before the colon", ["Transfer-Encoding : chunked"], b"0\r\n\r\n" + SMUGGLED, {400}),
    ("a folded header", ["X-A: 1", " folded: 2", "Content-Length: 16"], BODY, {400}),
    ("a header without a colon", ["nonsense", "Content-Length: 16"], BODY, {400}),
    ("a header without a name", [": x", "Content-Length: 16"], BODY, {400}),
    ("a NUL in a header", ["X-A: a\0b", "Content-Length: 16"], BODY, {400}),
    ("a CR in a header", ["X-A: a\rb", "Content-Length: 16"], BODY, {400}),
    ("a bad header name", ["X(A): b", "Content-Length: 16"], BODY, {400}),
    ("body over the limit", ["Content-Length: 100000000"], b"", {413}),
    ("chunks over the limit", [CHUNKED], b"ffffff\r\n" + b" " * 0xFFFFFF + b"\r\n0\r\n\r\n", {413}),
    ("headers over the limit", ["X-A: " + "a" * 200000], b"", {431}),
    ("a thousand headers", [f"X-{n}: {'a' * 100}" for n in range(2000)], b"", {431}),
]


def is_ended(connection):
    """The server ends the connection, and what it may send before is no second answer."""
    return connection.ended()


@pytest.mark.parametrize("label, lines, rest, statuses", FRAMING, ids=[case[0] for case in FRAMING])
def test_framing(connect, canary, label, lines, rest, statuses):
    connection = connect()
    connection.send_all_it_takes(bid_head(canary, *lines, host=f"Host: {connection.authority}") + rest)
    answer = connection.read_response()
    check_conventions(answer)
    assert answer.status in statuses, answer
    assert (answer.header("connection") or "").lower() == "close"
    assert is_ended(connection), "the connection must end after it"


FIRST_LINES = [
    ("target over the limit", "GET /" + "a" * 100000 + " HTTP/1.1", {414}),
    ("query over the limit", "GET /v1/auctions?cursor=" + "a" * 100000 + " HTTP/1.1", {414}),
    ("HTTP/2.0", "GET /healthz HTTP/2.0", {505}),
    ("HTTP/3.0", "GET /healthz HTTP/3.0", {505}),
    ("HTTP/0.9 with a version", "GET /healthz HTTP/0.9", {400, 505}),
    ("no version", "GET /healthz", {400, 505}),
    ("HTTP/1.", "GET /healthz HTTP/1.", {400}),
    ("HTTP/11", "GET /healthz HTTP/11", {400, 505}),
    ("http/1.1", "GET /healthz http/1.1", {400}),
    ("FTP/1.1", "GET /healthz FTP/1.1", {400}),
    ("no target", "GET HTTP/1.1", {400}),
    ("two spaces", "GET  /healthz HTTP/1.1", {400}),
    ("a space in the target", "GET /a b HTTP/1.1", {400}),
    ("no method", " /healthz HTTP/1.1", {400}),
    ("a bad method", "G(T /healthz HTTP/1.1", {400}),
    ("a NUL in the target", "GET /a\0b HTTP/1.1", {400}),
    ("a target without a slash", "GET healthz HTTP/1.1", {400, 404}),
    ("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM", {400, 505}),
    ("TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
    ("nonsense", "\xff\xfe\xfd", {400}),
]


@pytest.mark.parametrize("label, line, statuses", FIRST_LINES, ids=[case[0] for case in FIRST_LINES])
def test_first_lines(connect, label, line, statuses):
    connection = connect()
    connection.send_all_it_takes((line + f"\r\nHost: {connection.authority}\r\n\r\n").encode("latin-1"))
    answer = connection.read_response()
    check_conventions(answer)
    assert answer.status in statuses, answer
    if answer.status != 404:
        assert is_ended(connection)


@pytest.mark.parametrize("headers, status", [
    ([], 400), (["Host: 127.0.0.1", "Host: 127.0.0.1"], 400), (["Host: a b"], 400),
    (["Host: evil.example"], 403), (["Host: evil.example:8080"], 403), (["Host: 127.0.0.1.evil.example"], 403),
    (["Host: 10.0.0.1"], 403), (["Host: "], 403), (["Host: localhost.evil.example"], 403),
    (["Host: OWN", "Origin: http://evil.example"], 403), (["Host: OWN", "Origin: null"], 403),
    (["Host: OWN", "Origin: https://localhost.evil.example"], 403), (["Host: OWN", "Origin: "], 403),
], ids=str)
def test_hosts_and_origins_in_dev(connect, canary, headers, status):
    """DNS rebinding and cross-site requests end here."""
    connection = connect()
    lines = "".join(f"{line}\r\n" for line in headers).replace("OWN", connection.authority)
    for first in (f"GET /v1/auctions/{canary} HTTP/1.1\r\n",
                  f"POST /v1/auctions/{canary}/bids HTTP/1.1\r\nX-Bidder: Mallory\r\nContent-Length: 16\r\n"
                  "Content-Type: application/json\r\n"):
        connection = connect()
        connection.send(f"{first}{lines}\r\n".encode() + (BODY if "POST" in first else b""))
        answer = connection.read_response()
        check_conventions(answer)
        assert answer.status in ({400, 403} if headers == ["Host: "] else {status}), answer


@pytest.mark.parametrize("host", ["127.0.0.1:PORT", "localhost:PORT", "LOCALHOST:PORT", "[::1]:PORT"])
def test_own_hosts_and_origins(connect, server, host):
    host = host.replace("PORT", str(server.port))
    connection = connect()
    connection.send(request_bytes("GET", "/healthz", host=host, headers=[("Origin", f"http://{host.lower()}")]))
    assert connection.read_response().status == 200


@pytest.mark.parametrize("length", [0, 1, 8, 15])
@pytest.mark.parametrize("end", ["half", "close", "reset"])
def test_a_body_cut_short(connect, canary, length, end):
    connection = connect()
    connection.send(bid_head(canary, "Content-Length: 16", host=f"Host: {connection.authority}") + BODY[:length])
    if end == "half":
        connection.half_close()
        try:
            answer = connection.read_response()
            assert answer.status in (400, 408)
        except ConnectionEnded:
            pass
        assert is_ended(connection)
    else:
        if end == "reset":
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        connection.close()


def test_a_head_cut_anywhere(connect, canary):
    whole = bid_head(canary, "Content-Length: 16")
    for length in range(0, len(whole), 7):
        connection = connect()
        connection.send(whole[:length])
        connection.close()


def test_a_whole_request_and_half_closed(connect, canary):
    """A client that sends its request and shuts its side down still gets its answer."""
    connection = connect()
    connection.send(request_bytes("GET", f"/v1/auctions/{canary}", host=connection.authority))
    connection.half_close()
    assert connection.read_response().status == 200
    assert is_ended(connection)


def test_an_error_in_a_pipeline_answers_what_came_before(connect, canary):
    connection = connect()
    good = request_bytes("GET", f"/v1/auctions/{canary}", host=connection.authority)
    connection.send(good * 3 + b"nonsense\r\n\r\n" + good)
    for _ in range(3):
        assert connection.read_response().status == 200
    assert connection.read_response().status == 400
    assert is_ended(connection)


def test_a_refusal_can_be_read_while_still_sending(connect, canary):
    """The server drains up to 64 KiB, so that a reset does not swallow its answer."""
    connection = connect()
    connection.send(bid_head(canary, "Content-Length: 100000000", host=f"Host: {connection.authority}"))
    for _ in range(4):
        connection.send_all_it_takes(b" " * 8192)
        time.sleep(0.01)
    assert connection.read_response().status == 413
    assert is_ended(connection)


def test_blank_lines_before_a_request(connect):
    """RFC 9112: a server should ignore at least one empty line before the request line."""
    connection = connect()
    connection.send(b"\r\n" + request_bytes("GET", "/healthz", host=connection.authority))
    assert connection.read_response().status == 200


def test_a_4xx_of_the_application_keeps_the_connection(connect, canary):
    connection = connect()
    for target, status in (("/nonsense", 404), (f"/v1/auctions/{canary}?", 200), ("/v1/auctions/0", 400)):
        connection.send(request_bytes("GET", target, host=connection.authority))
        assert connection.read_response().status in (status, 404)
    connection.send(request_bytes("POST", f"/v1/auctions/{canary}/bids", host=connection.authority, body=b"{",
                                  headers=[("Content-Type", "application/json"), ("X-Bidder", "M")]))
    assert connection.read_response().status == 400
    connection.send(request_bytes("GET", "/healthz", host=connection.authority))
    assert connection.read_response().status == 200


def test_many_connections_that_say_nothing(connect, api):
    silent = [connect() for _ in range(200)]
    api.create()
    for each in silent:
        each.close()
