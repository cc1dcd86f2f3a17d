"""A failover to a replica that lacked the tail, at a durability that does not promise it: what is lost is told, not silent."""
import re
import time

import pytest

from api_client import Api, in_seconds
from house import House
from stream_client import Stream

AUCTIONS = 12
LOST = re.compile(r"^flashbid_redis_lost_events_total (\d+)$", re.MULTILINE)

pytestmark = pytest.mark.kill


def bid_round(api, auctions, amount):
    for auction in auctions:
        assert api.bid(auction, amount, f"B{amount}")["verdict"] == "accepted"


def wait_for_loss(api, lost):
    """The counter once it says `lost`, or what it says after a minute."""
    deadline = time.monotonic() + 60
    while True:
        said = int(LOST.search(api.request("GET", "/metrics").body.decode()).group(1))
        if said == lost or time.monotonic() > deadline:
            return said
        time.sleep(0.1)


def test_what_a_cluster_loses_at_fsync_is_counted_and_watchers_are_reset(tmp_path, cluster, database):
    house = House(tmp_path, cluster.url, database, "--no-relay", nodes=1)  # only what is not archived is lost
    try:
        house.start()
        api = Api(house.nodes[0])
        auctions = [api.create(opening_price=1, increment=1, closes_at=in_seconds(7200))["id"] for _ in range(AUCTIONS)]
        for amount in (1, 2, 3):
            bid_round(api, auctions, amount)
        cluster.wait_until_replicated()
        house.relays[0].kill()
        cluster.cut_replicas()
        for amount in (4, 5):
            bid_round(api, auctions, amount)
        before = {auction: api.auction(auction) for auction in auctions}
        stream = Stream(house.nodes[0])
        for auction in auctions:
            stream.subscribe(auction)

        cluster.replace(cluster.primaries()[0])
        house.wait_until_ready()
        after = {auction: api.auction(auction) for auction in auctions}
        lost = {auction: before[auction]["sequence"] - after[auction]["sequence"] for auction in auctions}
        print(lost)
        assert set(lost.values()) == {0, 2}, "the victim's auctions lose two bids each, the others nothing"
        assert wait_for_loss(api, sum(lost.values())) == sum(lost.values())
        for auction in auctions:
            assert (after[auction]["epoch"] > before[auction]["epoch"]) == (lost[auction] > 0), auction
        unheard = {auction for auction in auctions if lost[auction]}
        while unheard:
            frame = stream.read(timeout=60)
            if frame["type"] == "reset":
                unheard.remove(frame["auction"]["id"])
                assert frame["auction"]["sequence"] == after[frame["auction"]["id"]]["sequence"]
        stream.close()

        bid_round(api, auctions, 6)
        house.relays[0].start()
        done = house.wait_for_drain()
        assert done.returncode == 0, done.stdout + done.stderr
        api.close()
        house.stop()
    finally:
        house.close()
