"""The preset increments, and a history of bids as a CSV file."""
import csv
import io
import re
import threading

import pytest
import requests

from flashbid_server import Server
from http_wire import ConnectionEnded, request_bytes
from staff import BOSS, Staff

COLUMNS = ["sequence", "at", "bidder", "amount", "currency", "amount_minor"]


def rows_of(text):
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert rows[0] == COLUMNS
    return rows[1:]


def download(api, auction):
    response = api.get(f"/v1/auctions/{auction}/bids.csv")
    assert response.status == 200, response
    return response.body.decode()


def expected(api, auction, currency="CNY", places=2):
    """The same bids as JSON tells them."""
    return [[str(bid["sequence"]), bid["at"], bid["bidder"].replace("@", "'@", 1) if bid["bidder"].startswith("@") else bid["bidder"],
             f"{bid['amount'] / 10**places:.{places}f}" if places else str(bid["amount"]), currency, str(bid["amount"])]
            for bid in api.history(auction)]


def test_increments(api):
    plain = api.get_json("/v1/increments")
    assert plain["currency"] is None and [preset["name"] for preset in plain["presets"]] == ["ebay-us", "yahoo-jp", "whatnot"]
    assert all(preset["table"] is None for preset in plain["presets"])
    yuan = api.get_json("/v1/increments?currency=CNY")
    assert yuan["presets"][0]["published"][:2] == [["1", "0.05"], ["5", "0.25"]]
    for preset in yuan["presets"]:
        scaled = [[below and int(below) * 100, round(float(step) * 100)] for below, step in preset["published"]]
        assert preset["table"] == scaled
        # What it says is what an auction of that preset does.
        auction = api.create(increment={"preset": preset["name"]}, opening_price=100)["id"]
        api.accept(auction, 100)
        step = next(step for below, step in preset["table"] if below is None or 100 < below)
        assert api.auction(auction)["minimum_next"] == 100 + step
    assert [preset["table"] is None for preset in api.get_json("/v1/increments?currency=JPY")["presets"]] == [True, False, False]
    for query in ("currency=XXX", "currency=", "currency=cny", "amount=1", "currency=CNY&currency=JPY"):
        api.problem("GET", f"/v1/increments?{query}", 400, "invalid_query")
    api.problem("POST", "/v1/increments", 405, body={})


def test_a_history_as_a_file(api):
    auction = api.create(title="A, \"b\"")["id"]
    assert download(api, auction) == ",".join(COLUMNS) + "\r\n"
    for amount, bidder in ((10000, "Alice"), (10550, "@SUM"), (1234500, "Bob.b_c:d-e")):
        api.accept(auction, amount, bidder)
    text = download(api, auction)
    assert rows_of(text) == expected(api, auction)
    assert [row[2:] for row in rows_of(text)] == [["Alice", "100.00", "CNY", "10000"], ["'@SUM", "105.50", "CNY", "10550"],
                                                  ["Bob.b_c:d-e", "12345.00", "CNY", "1234500"]]
    assert text.count("\r\n") == 4 == text.count("\n")


def test_what_the_file_is_called(api):
    auction = api.create(currency="JPY", opening_price=7)["id"]
    api.accept(auction, 7)
    for method in ("GET", "HEAD"):
        response = api.request(method, f"/v1/auctions/{auction}/bids.csv")
        assert response.status == 200
        assert response.header("content-type") == "text/csv; charset=utf-8; header=present"
        assert response.header("content-disposition") == f'attachment; filename="auction-{auction}-bids.csv"'
        assert response.header("x-content-type-options") == "nosniff"
        assert method == "GET" or not response.body
    assert rows_of(download(api, auction)) == expected(api, auction, "JPY", 0)


def test_what_is_none(api):
    api.problem("GET", "/v1/auctions/999999/bids.csv", 404, "not_found")
    auction = api.create()["id"]
    api.problem("POST", f"/v1/auctions/{auction}/bids.csv", 405, body={})
    api.problem("GET", f"/v1/auctions/{auction}/bids.csv?limit=1", 400, "invalid_query")


def test_http_1_0_gets_it_without_chunks(api, connect):
    auction = api.create()["id"]
    api.accept(auction, 10000)
    connection = connect()
    connection.send_all_it_takes(f"GET /v1/auctions/{auction}/bids.csv HTTP/1.0\r\nHost: {connection.authority}\r\n\r\n".encode())
    response = connection.read_response("GET")
    assert response.header("transfer-encoding") is None
    assert rows_of(response.body.decode()) == expected(api, auction)


def test_what_came_behind_it_is_not_served(api, connect):
    """The connection ends with the file: a bid behind it in the same packet has no effect."""
    auction = api.create()["id"]
    connection = connect()
    file = request_bytes("GET", f"/v1/auctions/{auction}/bids.csv", host=connection.authority)
    bid = request_bytes("POST", f"/v1/auctions/{auction}/bids", host=connection.authority, body=b'{"amount":10000}',
                        headers=[("Content-Type", "application/json"), ("X-Bidder", "Alice")])
    connection.send_all_it_takes(file + bid)
    assert connection.read_response("GET").header("connection").lower() == "close"
    with pytest.raises((ConnectionEnded, ConnectionError)):
        connection.read_response("POST")
    assert api.auction(auction)["bids"] == 0


def many_bids(api, auction, count):
    """Longer than some pages: over the socket's room too."""
    for number in range(count):
        api.accept(auction, 10000 + number, f"bidder-{number % 7}")


def test_longer_than_a_page(api):
    auction = api.create(increment=1)["id"]
    many_bids(api, auction, 2500)
    rows = rows_of(download(api, auction))
    assert len(rows) == 2500 and rows == expected(api, auction)


def test_while_bids_come_it_ends(api, server):
    """What is bid after it began is not in it: it ends, however fast bids come."""
    auction = api.create(increment=1)["id"]
    many_bids(api, auction, 50)
    stop = threading.Event()

    def bid():
        amount = 100000
        while not stop.is_set():
            amount += 1
            requests.post(f"{server.url}/v1/auctions/{auction}/bids", json={"amount": amount}, headers={"X-Bidder": "Bob"}, timeout=60)

    bidder = threading.Thread(target=bid)
    bidder.start()
    try:
        for _ in range(5):
            rows = rows_of(download(api, auction))
            assert len(rows) >= 50
            assert rows == expected(api, auction)[:len(rows)]
    finally:
        stop.set()
        bidder.join()


def test_names_are_masked_as_elsewhere(tmp_path):
    staff = Staff(tmp_path)
    with Server(tmp_path / "data", "--jwt-key", str(staff.key), "--public-bidders", "masked", dev=False) as server:
        auction = staff.create(server)
        staff.bid(server, auction, 100)
        public = requests.get(f"{server.url}/v1/auctions/{auction}/bids.csv", timeout=60)
        own = staff.ask(server, "GET", f"/v1/auctions/{auction}/bids.csv", BOSS)
        assert [row[2] for row in rows_of(public.text)] == ["A***e"] and "Alice" not in public.text
        assert [row[2] for row in rows_of(own.text)] == ["Alice"]


def test_a_private_house_shows_it_to_nobody_else(tmp_path):
    staff = Staff(tmp_path)
    with Server(tmp_path / "data", "--jwt-key", str(staff.key), "--private", dev=False) as server:
        auction = staff.create(server)
        for path in (f"/v1/auctions/{auction}/bids.csv", "/v1/increments"):
            assert requests.get(server.url + path, timeout=60).status_code == 401
            assert staff.ask(server, "GET", path, BOSS).status_code == 200


def test_on_redis(tmp_path, redis):
    with Server(tmp_path / "data", "--engine", redis.url) as server:
        def post(path, body, bidder="Alice"):
            answer = requests.post(server.url + path, json=body, headers={"X-Bidder": bidder}, timeout=60)
            assert answer.status_code in (200, 201), answer.text
            return answer.json()

        auction = post("/v1/auctions", {"title": "A", "currency": "CNY", "opening_price": 100, "closes_at": "2099-01-01T00:00:00Z"})["id"]
        for number in range(1200):
            post(f"/v1/auctions/{auction}/bids", {"amount": 100 + number}, "-x")
        rows = rows_of(requests.get(f"{server.url}/v1/auctions/{auction}/bids.csv", timeout=60).text)
        assert [int(row[5]) for row in rows] == list(range(100, 1300))
        assert {row[2] for row in rows} == {"'-x"}


def test_a_reader_who_does_not_read_costs_a_page(own_server):
    """However long the history is; and one that has stalled holds up nobody."""
    server = own_server()
    server.start()
    session = requests.Session()

    def post(path, body):
        answer = session.post(server.url + path, json=body, headers={"X-Bidder": "b" * 64}, timeout=60)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def memory_kib():
        return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{server.child.pid}/status").read())[1])

    auction = post("/v1/auctions", {"title": "A", "currency": "CNY", "opening_price": 1, "closes_at": "2099-01-01T00:00:00Z"})["id"]
    for number in range(5000):
        post(f"/v1/auctions/{auction}/bids", {"amount": 1 + number})
    before = memory_kib()
    waiting = [requests.get(f"{server.url}/v1/auctions/{auction}/bids.csv", stream=True, timeout=60) for _ in range(40)]
    whole = requests.get(f"{server.url}/v1/auctions/{auction}/bids.csv", timeout=60).text
    assert len(rows_of(whole)) == 5000
    assert memory_kib() - before < 40 * 300, "a page is 120 kB; the whole of it for each would be 24 MB"
    assert all(rows_of(each.text) == rows_of(whole) for each in waiting)
