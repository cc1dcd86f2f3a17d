"""Other people's pages in the visitor's browser: cross-site WebSockets (CSWSH), cross-site requests and CORS against a
house without --dev, DNS rebinding against --dev. A foreign page gets 403 and no CORS header on any route; nobody ever
gets one that lets a browser send credentials.

Elsewhere: a foreign Origin and Host with --dev, test_bad_http.py::test_hosts_and_origins_in_dev, and on the upgrade,
test_bad_frames.py::test_upgrades.
"""
import pytest

from api_client import Api, check_conventions
from attacked_house import House
from flashbid_server import Server, run_command
from http_wire import Connection, request_bytes
from stream_client import upgrade_headers
from tokens import bearer

SHOP = "https://shop.example"
ROUTES = ["/", "/docs", "/app.js", "/healthz", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json", "/v1/auctions",
          "/v1/auctions/1", "/v1/auctions/1/bids", "/v1/auctions/1/events", "/v1/auctions/1/cancel", "/v1/stream",
          "/init", "/bid", "/item/1", "/nonsense"]
FOREIGN = ["https://evil.example", "http://evil.example", "null", "", "https://shop.example.evil.example",
           "https://evilshop.example", "http://shop.example", "https://shop.example:444", "https://shop.example/",
           "https://SHOP.example", "https://shop.example, https://evil.example", "https://shop.example https://evil.example",
           "https://user@shop.example", "shop.example", "//shop.example", "https://shop.example.", "*", "file://",
           "chrome-extension://abc", "https://xn--shp-1na.example", "https://shop.example%00.evil.example", "https://[::1]",
           "http://localhost", "http://127.0.0.1", "http://127.0.0.1:1"]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("house"), "--origins", SHOP, "--rate-bidder", "off", "--rate-address", "off")
    yield house
    house.finish()


@pytest.fixture(scope="module")
def closed_house(tmp_path_factory):
    house = House(tmp_path_factory.mktemp("closed"))
    yield house
    house.finish()


@pytest.fixture(autouse=True)
def untouched(house):
    yield
    house.check()


def cors(answer):
    return {name for name, _ in answer.headers if name.startswith("access-control-")}


def ask(house, method, target, origin, *headers, body=None):
    with house.connect() as connection:
        connection.send(request_bytes(method, target, host=connection.authority, body=body,
                                      headers=[("Origin", origin), *headers]))
        return connection.read_response(method)


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_opens_no_stream(house, origin):
    """Not even with the good token of the visitor."""
    answer = ask(house, "GET", "/v1/stream", origin, *upgrade_headers(), *bearer(house.token("Mallory")))
    assert answer.status == 403 and answer.json()["code"] == "origin_not_allowed" and not cors(answer)


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_bids_nothing(house, origin):
    """As a form may send it without asking first, and with a token."""
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = ask(house, "POST", house.bids, origin, ("Content-Type", kind), *bearer(house.token("Mallory")),
                     body=b'{"amount":20000}')
        check_conventions(answer)
        assert answer.status == 403 and answer.json()["code"] == "origin_not_allowed" and not cors(answer)


@pytest.mark.parametrize("target", ROUTES)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PUT", "DELETE", "TRACE"])
def test_no_route_is_open_to_a_foreign_page(house, closed_house, target, method):
    preflight = [("Access-Control-Request-Method", "POST"), ("Access-Control-Request-Headers", "authorization"),
                 ("Access-Control-Request-Private-Network", "true")]
    for each in (house, closed_house):
        answer = ask(each, method, target, "https://evil.example", *preflight, body=b"" if method == "POST" else None)
        assert answer.status == 403 and not cors(answer), answer
        answer = ask(closed_house, method, target, SHOP, *preflight, body=b"" if method == "POST" else None)
        assert answer.status == 403 and not cors(answer), "nobody has named it here"


@pytest.mark.parametrize("target", ROUTES)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_page_that_is_named_may_ask_but_without_credentials(house, target, method):
    """Its origin alone is named, never `*`; what a browser adds by itself stays at home."""
    answer = ask(house, method, target, SHOP, ("Cookie", "a=b"), body=b"" if method == "POST" else None)
    assert answer.header("access-control-allow-origin") == SHOP
    assert answer.header("access-control-allow-credentials") is None
    assert answer.header("access-control-allow-private-network") is None
    assert "Origin" in answer.header("vary") and answer.header("set-cookie") is None


def test_all_pages_may_ask_without_credentials(tmp_path):
    """--origins '*' opens what is public, and nothing that a browser would add to a request by itself."""
    house = House(tmp_path, "--origins", "*")
    for origin in ("https://evil.example", "null"):
        answer = ask(house, "GET", "/v1/auctions", origin)
        assert answer.status == 200 and answer.header("access-control-allow-credentials") is None
        assert ask(house, "POST", house.bids, origin, ("Content-Type", "application/json"), ("Cookie", "token=x"),
                   body=b'{"amount":20000}').status == 401
    house.finish()


def test_an_origin_cannot_write_headers(house):
    """An Origin is sent back only if it is the very one that is named."""
    for origin in ("https://shop.example\tX: y", "https://shop.example;X", "https://shop.example\x85X: y"):
        answer = ask(house, "GET", "/v1/auctions", origin)
        assert answer.status == 403 and not cors(answer) and answer.header("x") is None


def test_own_pages_may_ask(house):
    own = f"http://{house.server.host}:{house.server.port}"
    assert ask(house, "GET", "/v1/stream", own, *upgrade_headers()).status == 101
    assert ask(house, "GET", "/v1/stream", SHOP, *upgrade_headers()).status == 101
    answer = ask(house, "POST", house.bids, own, ("Content-Type", "application/json"), *bearer(house.token("Alice")),
                 body=b'{"amount":1}')
    assert answer.status == 200 and not cors(answer)


@pytest.fixture(scope="module")
def dev(tmp_path_factory):
    """With --dev, and an auction that nobody may touch."""
    server = Server(tmp_path_factory.mktemp("dev") / "data").start()
    api = Api(server)
    auction = api.create(opening_price=10000)["id"]
    api.accept(auction, 10000, "Canary")
    yield server, auction
    assert [bid["bidder"] for bid in api.history(auction)] == ["Canary"]
    server.stop()
    assert run_command("verify", "--data", str(server.data)).returncode == 0


REBOUND = [
    "evil.example", "evil.example:PORT", "localhost.", "localhost.:PORT", "127.0.0.1.", "127.0.0.1.:PORT",
    "127.0.0.1.nip.io", "127.0.0.1.evil.example", "localhost.evil.example", "evil.localhost", "xlocalhost", "localhostx",
    "localhost.localdomain", "0.0.0.0", "0.0.0.0:PORT", "0", "[::]", "[::]:PORT", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]:PORT", "[0:0:0:0:0:0:0:1]", "[0000::1]", "::1", "[::1", "::1]", "[::1]evil.example", "[::1]:PORT:1",
    "[::1%25lo]", "[::2]", "[]", "user@127.0.0.1", "127.0.0.1@evil.example", "evil.example@127.0.0.1:PORT",
    "user:pass@localhost", "2130706433", "0x7f000001", "0x7f.0.0.1", "017700000001", "127.1", "127.0.1", "127.0.0.256",
    "127.0.0.1.1", "127..0.1", "127.0.0.+1", "127.0.0.1e0", "128.0.0.1", "126.255.255.255", "10.0.0.1", "169.254.169.254",
    "192.168.0.1", "127.0.0.1:99999", "127.0.0.1:", "127.0.0.1:PORT:PORT", "127.0.0.1:PORTx", "127.0.0.1:-1",
    "127.0.0.1:0x50", "127.0.0.1, evil.example", "127.0.0.1 evil.example", "evil.example, 127.0.0.1",
    "127.0.0.1/evil.example", "127.0.0.1\\evil.example", "127.0.0.1#evil.example", "127.0.0.1?evil.example",
    "127.0.0.1%00.evil.example", "127.0.0.1%2eevil.example", "loc%61lhost", "ｌocalhost".encode().decode("latin-1"),
    "locаlhost".encode().decode("latin-1"), "http://127.0.0.1", "//127.0.0.1", "*", ".", "..", "-", "",
]


@pytest.mark.parametrize("host", REBOUND)
def test_hosts_that_are_not_this_machine_by_name(dev, host):
    """Whatever a name resolves to: 403, or 400 where it is no host at all. A bid with it is none, a stream neither."""
    server, auction = dev
    host = host.replace("PORT", str(server.port))
    for sent in (request_bytes("GET", f"/v1/auctions/{auction}", host=host),
                 request_bytes("GET", "/", host=host, headers=[("Origin", f"http://{host}")]),
                 request_bytes("GET", "/v1/stream", host=host, headers=upgrade_headers()),
                 request_bytes("POST", f"/v1/auctions/{auction}/bids", host=host, body=b'{"amount":20000}',
                               headers=[("Content-Type", "application/json"), ("X-Bidder", "Mallory")])):
        with Connection(server) as connection:
            connection.send(sent)
            answer = connection.read_response()
            check_conventions(answer)
            assert answer.status in (400, 403), answer


@pytest.mark.parametrize("origin", ["http://HOST.", "http://user@HOST", "https://HOST", "http://HOST/", "http://HOST:1",
                                    "http://localhost", "http://localhost.evil.example:PORT", "http://[::1]:PORT", "HOST",
                                    "ws://HOST", "http:// HOST", "http:/HOST", "null", "file://"])
def test_origins_that_are_almost_the_own_one(dev, origin):
    server, auction = dev
    with Connection(server) as connection:
        origin = origin.replace("HOST", connection.authority).replace("PORT", str(server.port))
        connection.send(request_bytes("POST", f"/v1/auctions/{auction}/bids", host=connection.authority,
                                      body=b'{"amount":20000}', headers=[("Content-Type", "application/json"),
                                                                         ("X-Bidder", "Mallory"), ("Origin", origin)]))
        answer = connection.read_response()
        assert answer.status == 403 and not cors(answer), answer
