"""HTTP framing as attackers send it, against a house without --dev. Behind every request stands another: a bid with a
good token that would win. Where framing is refused it must never be served, whatever the first one was made of; where
framing is odd but right (RFC 9112) exactly one answer comes for each.

Elsewhere, in test_bad_http.py with --dev: Content-Length with Transfer-Encoding in both orders, lengths that contradict,
repeat, are signed, hexadecimal, empty or overflow, chunk sizes that are none, negative, with 0x or overflow, codings
`gzip`, `xchunked`, `identity`, `chunked, chunked`, a space or tab before the colon, folded lines, NUL and CR in a
header, versions, first lines that are none, bodies and heads cut short, what is said to a foreign Host or Origin.
"""
import pytest

from api_client import check_conventions
from attacked_house import House
from http_wire import ConnectionEnded, request_bytes
from tokens import bearer

BODY = b'{"amount":1}'
LOSES = "amount_below_minimum"
CHUNKED = "Transfer-Encoding: chunked"
CHUNKS = b"c\r\n" + BODY + b"\r\n0\r\n\r\n"
LENGTH = f"Content-Length: {len(BODY)}"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("house"), "--rate-bidder", "off", "--rate-address", "off")
    yield house
    house.finish()


@pytest.fixture(autouse=True)
def untouched(house):
    yield
    house.check()


@pytest.fixture
def connect(house):
    opened = []

    def open_connection():
        opened.append(house.connect())
        return opened[-1]

    yield open_connection
    for each in opened:
        each.close()


def head(house, *lines, method="POST", target=None, version="HTTP/1.1", token="Mallory"):
    first = [f"{method} {target or house.bids} {version}", f"Host: {house.server.host}:{house.server.port}",
             "Content-Type: application/json"]
    if token:
        first.append(f"Authorization: Bearer {house.token(token)}")
    return "\r\n".join([*first, *lines, "", ""]).encode("latin-1")


def smuggled(house):
    """A bid that would win, were it served."""
    return request_bytes("POST", house.bids, host=f"{house.server.host}:{house.server.port}", body=b'{"amount":30000}',
                         headers=[("Content-Type", "application/json"), *bearer(house.token("Smuggler"))])


REFUSED = [
    # (label, header lines, what follows the head, status); one answer, and the connection ends.
    *[(f"TE {value!r}", [f"Transfer-Encoding: {value}"], CHUNKS, status) for value, status in (
        ("chunked, identity", 501), ("identity, chunked", 501), ("chunked;q=1", 501), ("chunked,", 501),
        (",chunked", 501), ("\"chunked\"", 501), ("'chunked'", 501), ("chunked\x0b", 400), ("\x0bchunked", 400),
        ("chunked\xa0", 501), ("\xa0chunked", 501), ("chu\x00nked", 400), ("chun\rked", 400), ("c hunked", 501),
        ("chunked x", 501), ("compress", 501), ("deflate, chunked", 501))],
    ("TE and a body of CL", [CHUNKED, LENGTH], BODY, 400),
    ("TE after a fold", ["Transfer-Encoding:", " chunked"], CHUNKS, 400),
    ("TE folded with a tab", ["X-A: b", "\tTransfer-Encoding: chunked", LENGTH], BODY, 400),
    ("two TE, chunked first", [CHUNKED, "Transfer-Encoding: x"], CHUNKS, 400),
    ("two TE, chunked twice", [CHUNKED, CHUNKED], CHUNKS, 400),
    ("TE in HTTP/1.0", None, CHUNKS, 400),
    ("CL 0 and TE", ["Content-Length: 0", CHUNKED], CHUNKS, 400),
    ("CL 0 and CL 12", ["Content-Length: 0", LENGTH], BODY, 400),
    ("CL 12 and CL 0", [LENGTH, "Content-Length: 0"], BODY, 400),
    *[(f"CL {value!r}", [f"Content-Length: {value}"], BODY, status) for value, status in (
        ("1 2", 400), ("12 12", 400), ("12,12", 400), ("12;", 400), ("12.0", 400), ("1e1", 400), ("0xc", 400),
        ("c", 400), ("-0", 400), ("- 12", 400), ("+0", 400), ("\x0b12", 400), ("12\x0b", 400), ("12\xa0", 400),
        ("\xb2", 400), ("１２".encode().decode("latin-1"), 400), ("4294967308", 413), ("18446744073709551628", 400),
        ("9" * 400, 400))],
    ("CL with a colon before", ["Content-Length:: 12"], BODY, 400),
    ("CL with a space before the colon", [f"Content-Length : {len(BODY)}"], BODY, 400),
    ("CL with a space before its name", [f" {LENGTH}"], BODY, 400),
    ("CL in a name with a NUL", [f"Content-Length\0: {len(BODY)}"], BODY, 400),
    ("bare LF between headers", ["X-A: b\nTransfer-Encoding: chunked", LENGTH], BODY, 400),
    ("bare CR between headers", ["X-A: b\rTransfer-Encoding: chunked", LENGTH], BODY, 400),
    ("CR CR LF", ["X-A: b\r", LENGTH], BODY, 400),
    ("a header of only a colon", [":", LENGTH], BODY, 400),
    ("a control character in a header", ["X-A: \x01", LENGTH], BODY, 400),
    ("DEL in a header", ["X-A: \x7f", LENGTH], BODY, 400),
    ("a name in bytes above ASCII", ["X-\xe9: b", LENGTH], BODY, 400),
    ("a name with an underscore escape", ["Content Length: 99", LENGTH], BODY, 400),
    *[(f"chunk size {size!r}", [CHUNKED], size + b"\r\n" + BODY + b"\r\n0\r\n\r\n", status) for size, status in (
        (b"", 400), (b" c", 400), (b"+c", 400), (b"-c", 400), (b"0xc", 400), (b"c.", 400), (b"c\0", 400), (b"\xef", 400),
        (b"g", 400), (b"c\x0b", 400), (b"fffffffffffffffff", 400), (b"ffffffffffffffff", 413), (b"8000000000000000", 413),
        (b"10000000c", 413), (b"\tc", 400), (b"c,c", 400), (b"c c", 400))],
    ("chunk data without its CRLF", [CHUNKED], b"c\r\n" + BODY + b"0\r\n\r\n", 400),
    ("chunk data with LF only", [CHUNKED], b"c\r\n" + BODY + b"\n0\r\n\r\n", 400),
    ("chunk data one byte short", [CHUNKED], b"d\r\n" + BODY + b"\r\n0\r\n\r\n", 400),
    ("chunk size with LF only", [CHUNKED], b"c\n" + BODY + b"\r\n0\r\n\r\n", 400),
    ("last chunk with LF only", [CHUNKED], b"c\r\n" + BODY + b"\r\n0\n\r\n", 400),
    ("an LF inside a chunk extension", [CHUNKED], b"c;a\nb\r\n" + BODY + b"\r\n0\r\n\r\n", 400),
    ("a CR inside a chunk extension", [CHUNKED], b"c;a\rb\r\n" + BODY + b"\r\n0\r\n\r\n", 400),
    ("a NUL in a chunk extension", [CHUNKED], b"c;a\0\r\n" + BODY + b"\r\n0\r\n\r\n", 400),
    ("a chunk extension of 64 KiB", [CHUNKED], b"c;a=" + b"x" * 65536 + b"\r\n" + BODY + b"\r\n0\r\n\r\n", 400),
    ("a million of 1 byte with extensions", [CHUNKED], (b"1;" + b"x" * 1000 + b"\r\n \r\n") * 3000, 413),
    ("a trailer without a colon", [CHUNKED], b"c\r\n" + BODY + b"\r\n0\r\nnonsense\r\n\r\n", 400),
    ("a trailer with bare LF", [CHUNKED], b"c\r\n" + BODY + b"\r\n0\r\nX-A: b\nX-B: c\r\n\r\n", 400),
    ("a trailer folded", [CHUNKED], b"c\r\n" + BODY + b"\r\n0\r\nX-A: b\r\n c\r\n\r\n", 400),
    ("a trailer of a new length", [CHUNKED], b"c\r\n" + BODY + b"\r\n0\r\nContent-Length: 99\r\n\r\n", 400),
    ("a trailer of TE", [CHUNKED], b"c\r\n" + BODY + b"\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ("trailers of 100 KiB", [CHUNKED], b"c\r\n" + BODY + b"\r\n0\r\n" + b"X-A: bcdefgh\r\n" * 7000 + b"\r\n", 431),
    ("two Hosts", ["Host: other.example", LENGTH], BODY, 400),
    ("two content types", ["Content-Type: text/plain", LENGTH], BODY, 400),
    ("two keys", ["Idempotency-Key: a", "Idempotency-Key: b", LENGTH], BODY, 400),
    ("two Expects", ["Expect: 100-continue", "Expect: 100-continue", LENGTH], BODY, 400),
]


@pytest.mark.parametrize("label, lines, rest, status", REFUSED, ids=[case[0] for case in REFUSED])
def test_refused(house, connect, label, lines, rest, status):
    connection = connect()
    version = "HTTP/1.0" if lines is None else "HTTP/1.1"
    connection.send_all_it_takes(head(house, *(lines or [CHUNKED]), version=version) + rest + smuggled(house))
    answer = connection.read_response()
    check_conventions(answer)
    assert answer.status == status, answer
    assert answer.header("connection").lower() == "close"
    assert connection.ended(), "what stands behind is not served"


TAKEN = [
    # (label, header lines, what follows the head): right by RFC 9112, so answered, and what follows it too.
    ("a length with zeros before it", ["Content-Length: 00012"], BODY),
    ("a length between spaces and tabs", ["Content-Length:\t 12 \t"], BODY),
    ("a name in capitals", ["CONTENT-LENGTH: 12"], BODY),
    ("chunked in capitals", ["TRANSFER-ENCODING: CHUNKED"], CHUNKS),
    ("chunked in both", ["transfer-encoding: ChUnKeD"], CHUNKS),
    ("chunked between tabs", ["Transfer-Encoding:\tchunked\t"], CHUNKS),
    ("no space behind the colon", ["Transfer-Encoding:chunked"], CHUNKS),
    ("chunk sizes in capitals and with zeros", [CHUNKED], b"0000C\r\n" + BODY + b"\r\n000\r\n\r\n"),
    ("chunks of one byte", [CHUNKED], b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n"),
    ("extensions", [CHUNKED], b'c;a;b=c;d="e"\r\n' + BODY + b"\r\n0;last\r\n\r\n"),
    ("trailers, a token and a bidder in them", [CHUNKED],
     b"c\r\n" + BODY + b"\r\n0\r\nX-Bidder: Canary\r\nAuthorization: Bearer x\r\n\r\n"),
    ("an empty header", ["X-A:", LENGTH], BODY),
    ("a header twice that is none of ours", ["X-A: 1", "X-A: 2", LENGTH], BODY),
    ("bytes above ASCII in a header", ["X-A: \xe9\xff", LENGTH], BODY),
]


@pytest.mark.parametrize("label, lines, rest", TAKEN, ids=[case[0] for case in TAKEN])
def test_taken(house, connect, label, lines, rest):
    connection = connect()
    connection.send(head(house, *lines) + rest + request_bytes("GET", "/healthz", host=connection.authority))
    answer = connection.read_response()
    assert answer.status == 200 and (answer.json()["reason"], answer.json()["bidder"]) == (LOSES, "Mallory"), answer
    behind = connection.read_response()
    assert behind.status == 200 and behind.header("content-type") != answer.header("content-type") or behind.body
    connection.socket.settimeout(0.05)
    with pytest.raises(TimeoutError):
        connection.receive()


def test_a_token_in_a_trailer_says_nothing(house, connect):
    connection = connect()
    trailer = f"Authorization: Bearer {house.token('Canary')}".encode()
    connection.send(head(house, CHUNKED, token=None) + b"c\r\n" + BODY + b"\r\n0\r\n" + trailer + b"\r\n\r\n")
    assert connection.read_response().status == 401


@pytest.mark.parametrize("order", ["first", "last"])
def test_the_body_of_a_refused_request_is_not_a_request(house, connect, order):
    """401, 403, 404, 405 and 415 keep the connection: their body is read past, never as the next request."""
    inside = smuggled(house)
    authority = f"{house.server.host}:{house.server.port}"
    for method, target, headers, status in (
            ("POST", house.bids, [("Content-Type", "application/json")], 401),
            ("POST", house.bids, [("Content-Type", "text/plain"), *bearer(house.token("Mallory"))], 415),
            ("POST", "/nonsense", [], 404), ("PUT", house.bids, [], 405), ("DELETE", house.bids, [], 405),
            ("TRACE", "/", [], 405), ("GET", "/healthz", [], 200), ("HEAD", "/healthz", [], 200),
            ("OPTIONS", "/healthz", [], 204), ("POST", "/v1/auctions", [("Content-Type", "application/json"),
                                                                        *bearer(house.token("Mallory"))], 403)):
        if order == "last":
            sent = request_bytes(method, target, host=authority, headers=headers, body=inside)
        else:
            sent = request_bytes(method, target, host=authority, headers=[("Transfer-Encoding", "chunked"), *headers],
                                 body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(inside), inside))
        connection = connect()
        connection.send(sent + request_bytes("GET", "/nonsense", host=authority))
        answer = connection.read_response(method)
        assert answer.status == status, (method, target, answer)
        try:
            assert connection.read_response().status == 404
        except ConnectionEnded:
            assert answer.header("connection") == "close"


TARGETS = [
    # (target, status of a POST there with a good token)
    ("http://HOST{bids}", 400), ("HTTP://HOST{bids}", 400), ("http://evil.example{bids}", 400),
    ("http://evil.example/", 400), ("https://HOST/", 400), ("//evil.example{bids}", 404), ("HOST", 400),
    ("evil.example:443", 400), ("*", 400), ("file:///etc/passwd", 400), ("ftp://HOST/", 400),
    ("javascript:alert(1)", 400), ("/v1%2fauctions/{id}/bids", 404), ("/v1/auctions%2F{id}%2Fbids", 404),
    ("/v1/auctions/{id}%2fbids", 404), ("/%76%31/auctions/{id}/bids", 404), ("/v1/auctions/{id}/./bids", 404),
    ("/v1/auctions/x/../{id}/bids", 404), ("/v1/auctions/{id}/bids/", 404), ("/v1/auctions/{id}/bids/..", 404),
    ("/v1/auctions/{id}/bids;a=b", 404), ("/v1/auctions;/{id}/bids", 404), ("/v1/auctions/{id}/%62ids", 404),
    ("/v1/auctions/%2e%2e/auctions/{id}/bids", 404), ("/v1/auctions/..%2f{id}/bids", 404), ("/.{bids}", 404),
    ("/v1\\auctions\\{id}\\bids", 404), ("/v1/auctions/{id}/bids%00", 404), ("/v1/auctions/{id}/bids%0d%0a", 404),
    ("/v1/auctions/{id}/bids%20HTTP/1.1", 404), ("/v1/auctions/{id}/bids%", 404), ("/v1/auctions/{id}/bids%zz", 404),
    ("/v1/auctions/{id}%20/bids", 404), ("/v1/auctions/+{id}/bids", 404), ("/v1/auctions/0{id}/bids", 404),
    ("/v1/auctions/{id}/bids?", 200), ("/v1/auctions/{id}/bids?x", 400), ("?/v1/auctions/{id}/bids", 400),
    ("/..;/v1/auctions/{id}/bids", 404), ("/v1/auctions/{id}/bids#x", 404), ("/\xe2\x80\xae", 404), ("/" + "../" * 500, 404),
]


@pytest.mark.parametrize("target, status", TARGETS, ids=[case[0][:40] for case in TARGETS])
def test_targets(house, connect, target, status):
    """A path is compared as it stands, nothing is decoded or resolved: one spelling each route, one place to guard."""
    connection = connect()
    target = target.replace("HOST", connection.authority).format(id=house.auction, bids=house.bids)
    connection.send_all_it_takes(head(house, LENGTH, target=target) + BODY)
    answer = connection.read_response()
    check_conventions(answer)
    # 400: no origin-form, so no request; or what a path may not hold.
    assert answer.status in ({400, 404} if status == 400 else {status}), answer
    assert b"root:" not in answer.body


@pytest.mark.parametrize("first, status", [
    ("CONNECT evil.example:443 HTTP/1.1", {400, 404, 405, 501}), ("CONNECT / HTTP/1.1", {400, 405, 501}),
    ("TRACE / HTTP/1.1", {405}), ("TRACK / HTTP/1.1", {405, 501}), ("DEBUG / HTTP/1.1", {405, 501}),
    ("PROPFIND / HTTP/1.1", {405, 501}), ("OPTIONS * HTTP/1.1", {204, 400, 404}), ("PRI * HTTP/2.0", {400, 505}),
    ("get / HTTP/1.1", {400, 405, 501}), ("GETGET / HTTP/1.1", {405, 501}), ("G" * 70_000 + " / HTTP/1.1", {400, 414, 431}),
], ids=lambda value: str(value)[:30])
def test_methods_that_reach_further(house, connect, first, status):
    """No proxy, no mirror: a TRACE would show a page its visitor's token."""
    connection = connect()
    connection.send_all_it_takes(f"{first}\r\nHost: {connection.authority}\r\nAuthorization: Bearer mirror-me\r\n\r\n".encode())
    answer = connection.read_response("GET")
    check_conventions(answer)
    assert answer.status in status, answer
    assert b"mirror-me" not in answer.body


def test_http_0_9(connect):
    connection = connect()
    connection.send(b"GET /healthz\r\n\r\n")
    assert connection.read_response().status == 400
    assert connection.ended()


def test_http_2_by_prior_knowledge_and_by_upgrade(connect):
    connection = connect()
    connection.send_all_it_takes(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9) + b"\0\0\x12\4\0\0\0\0\0" + bytes(18))
    assert connection.read_response().status in (400, 505)
    assert connection.ended()
    connection = connect()
    connection.send(request_bytes("GET", "/healthz", host=connection.authority, headers=[
        ("Upgrade", "h2c"), ("Connection", "Upgrade, HTTP2-Settings"), ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA")]))
    assert connection.read_response().status == 200, "the upgrade is not taken"


TARGET_LIMIT, HEADER_LIMIT, BODY_LIMIT = 8 * 1024, 16 * 1024, 128 * 1024


def padded_head(house, size):
    """A head of exactly that many bytes."""
    plain = head(house, LENGTH, "X-Fill: ")
    return head(house, LENGTH, "X-Fill: " + "x" * (size - len(plain)))


@pytest.mark.parametrize("over", [0, 1, 100_000])
def test_headers_at_and_above_the_limit(house, connect, over):
    connection = connect()
    connection.send_all_it_takes(padded_head(house, HEADER_LIMIT + over) + BODY + smuggled(house) * bool(over))
    answer = connection.read_response()
    assert answer.status == (431 if over else 200), answer
    assert not over or connection.ended()


@pytest.mark.parametrize("count, status", [(300, 200), (5000, 431)])
def test_many_headers(house, connect, count, status):
    connection = connect()
    connection.send_all_it_takes(head(house, LENGTH, *[f"A{n}: b" for n in range(count)]) + BODY)
    assert connection.read_response().status == status


@pytest.mark.parametrize("over", [0, 1, 100_000])
def test_a_target_at_and_above_the_limit(house, connect, over):
    connection = connect()
    target = "/".ljust(TARGET_LIMIT + over, "a")
    connection.send_all_it_takes(head(house, LENGTH, target=target) + BODY + smuggled(house) * bool(over))
    answer = connection.read_response()
    assert answer.status == (414 if over else 404), answer
    assert not over or connection.ended()


@pytest.mark.parametrize("over", [0, 1, 100_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_at_and_above_the_limit(house, connect, over, chunked):
    connection = connect()
    body = BODY.ljust(BODY_LIMIT + over)
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    connection.send_all_it_takes(head(house, CHUNKED if chunked else f"Content-Length: {len(body)}") + sent)
    answer = connection.read_response()
    assert answer.status == (413 if over else 200), answer
    assert not over or connection.ended()


def test_expect_abused(house, connect):
    """No `100` where the body would be refused; one each where it is asked for; an expectation of something else is
    none of ours."""
    connection = connect()
    connection.send(head(house, "Expect: 100-continue", "Content-Length: 100000000"))
    answer = connection.read_response()
    assert answer.status == 413 and connection.ended()
    connection = connect()
    connection.send(head(house, "Expect: 100-continue", LENGTH))
    assert connection.read_response().status == 100
    connection.send(BODY)
    assert connection.read_response().json()["reason"] == LOSES
    connection.send(head(house, "Expect: 100-continue", LENGTH) + BODY + head(house, "Expect: 100-continue", LENGTH) + BODY)
    seen = [connection.read_response().status for _ in range(2)]
    assert seen == [200, 200], "the body was there: nobody waits for a 100"
    connection = connect()
    connection.send(head(house, "Expect: x" * 10, LENGTH) + BODY)
    assert connection.read_response().status in (200, 417)


def test_expect_and_the_body_is_the_next_request(house, connect):
    """A client that is sent no 100 and goes on with its next request instead: that is the body, not a request."""
    inside = smuggled(house)
    connection = connect()
    connection.send(head(house, "Expect: 100-continue", f"Content-Length: {len(inside)}", token=None) + inside)
    answers = [connection.read_response().status]
    if answers == [100]:
        answers.append(connection.read_response().status)
    assert answers[-1] == 401
    connection.send(request_bytes("GET", "/healthz", host=connection.authority))
    assert connection.read_response().status == 200


@pytest.mark.parametrize("headers", [
    ["Connection: Authorization"], ["Connection: close, Content-Length"], ["Connection: Transfer-Encoding"],
    ["X-HTTP-Method-Override: GET"], ["X-Original-URL: /healthz"], ["X-Rewrite-URL: /healthz"],
    ["X-Forwarded-Host: evil.example"], ["X-Forwarded-Proto: https"], ["Forwarded: for=127.0.0.1;host=evil.example"],
    ["Content-Encoding: gzip"], ["TE: trailers, chunked"], ["Upgrade: TLS/1.0", "Connection: Upgrade"],
    ["X-Forwarded-For: 127.0.0.1", "X-Real-IP: 127.0.0.1"], ["Range: bytes=0-"], ["Max-Forwards: 0"]], ids=str)
def test_headers_that_would_mean_something_elsewhere(house, connect, headers):
    """They change nothing: neither method nor route, framing or who asks."""
    connection = connect()
    connection.send(head(house, LENGTH, *headers) + BODY)
    answer = connection.read_response()
    assert answer.status == 200 and answer.json()["bidder"] == "Mallory" and b"evil" not in answer.body, answer
