"""Service routes, the documents themselves, and HTTP's own manners."""
import json
import re

import pytest
import requests

from api_client import in_seconds
from http_wire import request_bytes


def test_healthz_and_readyz(api):
    assert api.get("/healthz").status == 200
    ready = api.get_json("/readyz")
    assert ready["degraded"] == []


def test_metrics(api):
    auction = api.create()["id"]
    api.accept(auction, 10000)
    api.reject(auction, 1, "amount_below_minimum", "Bob")
    response = api.get("/metrics")
    assert response.status == 200 and response.media_type == "text/plain"
    text = response.body.decode()
    samples = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert samples and all(re.match(r"^[a-zA-Z_:][a-zA-Z0-9_:]*(\{.*\})? [-+0-9.eEInfaN]+( \d+)?$", line)
                           for line in samples)
    assert any(line.startswith("flashbid_") for line in samples)
    assert "amount_below_minimum" in text, "the reason is spelled the same in metrics"


@pytest.mark.parametrize("target", ["/", "/docs"])
def test_pages(api, target):
    response = api.get(target)
    assert response.status == 200 and response.media_type == "text/html"
    assert b"<html" in response.body.lower()


@pytest.mark.parametrize("target", ["/", "/docs", "/openapi.json", "/asyncapi.json"])
def test_what_has_not_changed_is_304(api, target):
    first = api.get(target)
    tag = first.header("etag")
    assert tag
    again = api.get(target, headers=[("If-None-Match", tag)])
    assert (again.status, again.body) == (304, b"")
    assert api.get(target, headers=[("If-None-Match", '"other"')]).body == first.body


def test_the_documents(api, documents):
    openapi = api.get_json("/openapi.json")
    assert openapi["openapi"].startswith("3.1") and openapi["info"]["title"]
    asyncapi = api.get_json("/asyncapi.json")
    assert asyncapi["asyncapi"].startswith("3.")
    for document in (documents.openapi, documents.asyncapi):
        for ref in document.refs():
            document.resolver.resolve(ref)


def test_openapi_names_every_route(documents):
    expected = {
        ("post", "/v1/auctions"), ("get", "/v1/auctions"), ("get", "/v1/auctions/1"), ("post", "/v1/auctions/1/cancel"),
        ("post", "/v1/auctions/1/bids"), ("get", "/v1/auctions/1/bids"), ("get", "/v1/auctions/1/events"),
        ("get", "/healthz"), ("get", "/readyz"), ("get", "/metrics"), ("get", "/openapi.json"),
        ("get", "/asyncapi.json"), ("get", "/docs"), ("get", "/"), ("post", "/init"), ("get", "/item/1"),
        ("post", "/bid"), ("get", "/v1/stream"), ("get", "/v1/increments"),
        ("get", "/v1/auctions/1/bids.csv")}
    missing = {route for route in expected if documents.openapi.operation(*route)[1] is None}
    assert not missing


def test_asyncapi_names_every_frame(documents):
    expected = {"auth", "subscribe", "unsubscribe", "bid", "time", "snapshot", "event", "reset", "bid_result", "error",
                "state"}
    assert expected <= documents.asyncapi.named
    assert documents.asyncapi.payloads.keys() < documents.asyncapi.named, "what a client says, the server does not"


def test_every_text_has_a_maximum(documents):
    """"Every text has a stated maximum length": each string of a request body in the document says its own."""
    open_ended = []

    def visit(schema, path):
        schema = documents.openapi.resolve(schema)
        kinds = schema.get("type", [])
        if "string" in kinds and not {"maxLength", "enum", "const", "format"} & set(schema):
            open_ended.append(path)
        for name, inner in schema.get("properties", {}).items():
            visit(inner, f"{path}.{name}")
        for part in ("allOf", "oneOf", "anyOf"):
            for inner in schema.get(part, ()):
                visit(inner, path)

    for template, item in documents.openapi.document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "requestBody" in operation:
                visit(documents.openapi.request_schema(method, template), f"{method} {template}")
    assert not open_ended


def test_the_documents_can_fail(documents):
    """The hooks themselves bite: a wrong answer and a wrong frame are found."""
    class Wrong:
        status, body, media_type, headers = 200, b'{"id":"one"}', "application/json", []

        def header(self, name, default=None):
            return default

        def json(self):
            return json.loads(self.body)

    assert documents.openapi.check("GET", "/v1/auctions/1", Wrong())
    assert documents.asyncapi.check({"type": "event", "sequence": "x"})
    assert documents.asyncapi.check({"type": "nonsense"})


def test_an_independent_client(server):
    """The requests library, with its own idea of HTTP."""
    with requests.Session() as session:
        body = {"title": "x", "currency": "CNY", "opening_price": 100, "closes_at": in_seconds(60)}
        made = session.post(f"{server.url}/v1/auctions", json=body, timeout=60)
        assert made.status_code == 201
        bid = session.post(server.url + made.headers["Location"] + "/bids", json={"amount": 100},
                           headers={"X-Bidder": "Alice"}, timeout=60)
        assert bid.json()["verdict"] == "accepted"
        feed = session.get(server.url + made.headers["Location"] + "/events", stream=True, timeout=60,
                           headers={"Accept": "text/event-stream", "Last-Event-ID": "1-2"})
        lines = feed.iter_lines(chunk_size=1)
        while not next(lines).startswith(b"data:"):
            pass
        feed.close()


def test_json_answers_say_so(api):
    assert api.get("/v1/auctions").media_type == "application/json"


def test_pipelined_requests_are_answered_in_order(api, connect):
    auction = api.create(opening_price=1, increment=1)["id"]
    connection = connect()
    wanted = []
    data = b""
    for n in range(1, 65):
        data += request_bytes("POST", f"/v1/auctions/{auction}/bids", host=connection.authority,
                              body=b'{"amount":%d}' % n, headers=[("Content-Type", "application/json"), ("X-Bidder", "Alice")])
        data += request_bytes("GET", f"/v1/auctions/{auction}", host=connection.authority)
        wanted.append(n)
    connection.send(data)
    for n in wanted:
        answer = connection.read_response().json()
        assert (answer["verdict"], answer["amount"]) == ("accepted", n)
        assert connection.read_response().json()["price"] >= n


def test_a_request_byte_by_byte(connect):
    connection = connect()
    for byte in request_bytes("GET", "/healthz", host=connection.authority):
        connection.send(bytes([byte]))
    assert connection.read_response().status == 200


def test_a_chunked_body(api, connect):
    auction = api.create()["id"]
    connection = connect()
    connection.send(request_bytes("POST", f"/v1/auctions/{auction}/bids", host=connection.authority,
                                  headers=[("Content-Type", "application/json"), ("X-Bidder", "Alice"),
                                           ("Transfer-Encoding", "chunked")],
                                  body=b'3;ext=1\r\n{"a\r\nD\r\nmount":10000}\r\n0\r\nTrailer: x\r\n\r\n'))
    assert connection.read_response().json()["verdict"] == "accepted"
    connection.send(request_bytes("GET", "/healthz", host=connection.authority))
    assert connection.read_response().status == 200


def test_expect_100_continue(api, connect):
    auction = api.create()["id"]
    connection = connect()
    head = request_bytes("POST", f"/v1/auctions/{auction}/bids", host=connection.authority,
                         headers=[("Content-Type", "application/json"), ("X-Bidder", "Alice"),
                                  ("Content-Length", "16"), ("Expect", "100-continue")])
    connection.send(head)
    assert connection.read_response().status == 100
    connection.send(b'{"amount":10000}')
    assert connection.read_response().json()["verdict"] == "accepted"


def test_connection_close_is_kept(connect):
    connection = connect()
    connection.send(request_bytes("GET", "/healthz", host=connection.authority, headers=[("Connection", "close")]))
    answer = connection.read_response()
    assert answer.status == 200 and answer.header("connection").lower() == "close"
    assert connection.ended()


def test_http_1_0(connect):
    connection = connect()
    connection.send(request_bytes("GET", "/healthz", host=connection.authority, version="HTTP/1.0"))
    assert connection.read_response().status == 200
    assert connection.ended()


@pytest.mark.parametrize("target", ["/healthz", "/v1/auctions", "/"])
def test_head_has_no_body(connect, target):
    connection = connect()
    connection.send(request_bytes("HEAD", target, host=connection.authority)
                    + request_bytes("GET", "/healthz", host=connection.authority))
    assert connection.read_response("HEAD").status == 200
    assert connection.read_response().status == 200


@pytest.mark.parametrize("value", ["application/json", "application/json; charset=utf-8", "Application/JSON",
                                   "application/json;charset=UTF-8"])
def test_json_content_types(api, value):
    auction = api.create()["id"]
    response = api.post(f"/v1/auctions/{auction}/bids", raw='{"amount":10000}', bidder="Alice",
                        headers=[("Content-Type", value)])
    assert response.status == 200


def test_white_space_in_json_is_free(api):
    auction = api.create()["id"]
    assert api.post(f"/v1/auctions/{auction}/bids", raw=' \r\n\t{ "amount" :\n10000 } \n', bidder="Alice").status == 200
