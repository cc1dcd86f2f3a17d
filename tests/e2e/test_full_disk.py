"""A full disk answers 503 `unavailable`, loses nothing, and service returns when there is space again (INV-12).

The ledger lies on a small tmpfs in a mount namespace of its own; where that is not permitted the tests are skipped.
"""
import time

import pytest

from api_client import Api
from small_disk import SmallDisk


@pytest.fixture
def disk(tmp_path):
    small = SmallDisk(tmp_path)
    yield small
    small.close()


def bid_until_full(api, auction, limit=100000):
    """Amounts acknowledged before the first 503, which must be `unavailable`."""
    padding = "k" * 50
    for amount in range(1, limit):
        response = api.post(f"/v1/auctions/{auction}/bids", {"amount": amount}, bidder="Alice",
                            key=f"{padding}{amount}")
        if response.status == 503:
            assert response.json()["code"] == "unavailable", response
            return amount - 1
        assert response.status == 200 and response.json()["verdict"] == "accepted", response
    raise AssertionError("the disk never became full")


def bid_when_it_is_back(api, auction, amount):
    deadline = time.monotonic() + 60
    while True:
        response = api.post(f"/v1/auctions/{auction}/bids", {"amount": amount}, bidder="Alice")
        if response.status == 200:
            return response.json()
        assert response.status == 503 and time.monotonic() < deadline, response
        time.sleep(0.1)


def test_a_full_disk(disk, tmp_path, documents, own_server):
    server = own_server(data=tmp_path / "data", prefix=disk.prefix).start()
    api = Api(server, documents.openapi)
    auction = api.create(opening_price=1, increment=1)["id"]
    other = api.create()["id"]
    disk.fill()
    acknowledged = bid_until_full(api, auction)
    assert api.get("/healthz").status == 200
    assert api.get("/readyz").status == 503
    # What was refused has left no trace: neither in the state nor in the history, and reading goes on.
    assert api.auction(auction)["price"] == (acknowledged or None)
    assert [bid["amount"] for bid in api.history(auction)] == list(range(1, acknowledged + 1))
    refused = api.request("POST", "/v1/auctions", {"title": "x", "currency": "CNY", "opening_price": 1,
                                                   "closes_at": "2999-01-01T00:00:00.000Z"})
    assert refused.status in (201, 503)
    disk.free()
    answer = bid_when_it_is_back(api, auction, acknowledged + 1)
    assert answer["verdict"] == "accepted" and answer["sequence"] == acknowledged + 3
    api.accept(other, 10000)
    assert api.get("/readyz").status == 200
    server.kill()
    server.start()
    again = Api(server, documents.openapi)
    assert [bid["amount"] for bid in again.history(auction)] == list(range(1, acknowledged + 2))
    assert again.auction(other)["price"] == 10000
    server.stop()
