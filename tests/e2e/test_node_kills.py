"""R6: three nodes, Redis, a relay and PostgreSQL, each killed with kill -9 in turn under load. Nothing acknowledged, quoted
or shown is lost that is promised to survive, and afterwards the archive is the ledger, each event exactly once.

FLASHBID_NODE_KILLS sets the number of kills (12), FLASHBID_SEED the seed (1): a failing run prints both.
"""
import os
import time

import pytest

from api_client import Api, in_seconds
from house import House
from kill_load import Bidder, Watcher
from redis_server import WatchedRedis
from told import Told

KILLS = int(os.environ.get("FLASHBID_NODE_KILLS", "12"))
SEED = int(os.environ.get("FLASHBID_SEED", "1"))
VICTIMS = ("redis", "node", "relay", "postgres")
BIDDERS_PER_NODE = 2

pytestmark = pytest.mark.kill


@pytest.fixture
def watched():
    watched = WatchedRedis()
    try:
        yield watched.start()
    finally:
        watched.close()


class Run(Told):
    """One house over all that happens to it."""

    def __init__(self, house):
        super().__init__(SEED)
        self.house = house
        self.auctions = []
        self.everything = set()

    def prepare(self, number):
        """Auctions for one load, one of which ends during it; through any node."""
        api = Api(self.random.choice(self.house.nodes))
        if number % 4 == 0:
            self.auctions = [api.create(opening_price=1, increment=1, closes_at=in_seconds(7200))["id"]
                             for _ in range(4)]
        soft = {"window_ms": 200, "extend_ms": 100, "mode": "from_bid", "max_extensions": 3}
        short = api.create(opening_price=1, increment=1, closes_at=in_seconds(self.random.uniform(0.5, 2)),
                           soft_close=soft)["id"]
        api.close()
        self.everything |= {*self.auctions, short}
        return [*self.auctions, short]

    def load(self, number, auctions, what_happens):
        """Bidders and a watcher on every node while it happens, and for a while after."""
        watchers = [Watcher(node, auctions) for node in self.house.nodes]
        bidders = [Bidder(node, f"B{number}-{k}-{n}", auctions, self.random.random(), depth=1 + 3 * n)
                   for k, node in enumerate(self.house.nodes) for n in range(BIDDERS_PER_NODE)]
        threads = [*watchers, *bidders]
        for thread in threads:
            thread.start()
        time.sleep(self.random.uniform(0.1, 0.6))
        what_happens()
        time.sleep(self.random.uniform(0.1, 0.4))
        for thread in [*bidders, *watchers]:
            thread.stop()
        for thread in threads:
            thread.join(timeout=60)
            assert not thread.is_alive() and thread.failure is None, thread.failure
        return watchers, bidders

    def check_all(self, auctions, watchers, bidders):
        """What was told, by what another node says now."""
        api = Api(self.random.choice(self.house.nodes))
        unknown = self.note(watchers, bidders)
        self.check(api, auctions)
        self.retry(api, bidders, unknown)
        api.wait_state(auctions[-1], "closed")
        api.close()

    def round(self, number, what_happens, only_accepted=False):
        """only_accepted: rejections and events rest on what a primary has synced, and it may be lost."""
        auctions = self.prepare(number)
        watchers, bidders = self.load(number, auctions, what_happens)
        self.house.wait_until_ready()
        if only_accepted:
            watchers = []
            for bidder in bidders:
                bidder.bids = [bid for bid in bidder.bids if bid.answer is None or bid.answer["verdict"] == "accepted"]
        self.check_all(auctions, watchers, bidders)

    def end(self, rounds):
        api = Api(self.house.nodes[0])
        self.check(api, sorted(self.everything))
        api.close()
        done = self.house.wait_for_drain()
        assert done.returncode == 0, done.stdout + done.stderr + self.house.relay.tail()
        self.house.stop()
        print(self.counts)
        assert self.counts["accepted"] > 20 * rounds and self.counts["rejected"] > rounds
        assert self.counts["seen"] > 20 * rounds


def test_each_part_killed_in_turn(tmp_path, redis, postgres, database):
    house = House(tmp_path, redis.url, database)
    run = Run(house)

    def kill(victim):
        part = {"redis": redis, "node": run.random.choice(house.nodes), "relay": house.relay, "postgres": postgres}[victim]
        part.kill()
        time.sleep(run.random.uniform(0.05, 1.0))
        part.start()

    try:
        house.start()
        for number in range(KILLS):
            victim = VICTIMS[number % len(VICTIMS)]
            try:
                run.round(number, lambda: kill(victim))
            except AssertionError as failure:
                context = f"kill {number} ({victim}) of FLASHBID_NODE_KILLS={KILLS} FLASHBID_SEED={SEED}"
                raise AssertionError(f"{context}: {failure}") from failure
        run.end(KILLS)
    finally:
        house.close()


def test_a_cluster_that_fails_over_and_is_resharded_under_load(tmp_path, cluster, database):
    """With replicated:1 an accepted bid is at the replica that takes over; more is not promised over a failover."""
    house = House(tmp_path, cluster.url, database, "--durability", "replicated:1")
    run = Run(house)

    def fail_over():
        victim = run.random.choice(cluster.primaries())
        cluster.replace(victim)
        victim.start()
        cluster.wait_until_whole()

    def reshard():
        """The first slots of one primary, with a shard among them, to another."""
        source, count = cluster.fewest_slots_with_a_shard()
        target = run.random.choice([each for each in cluster.primaries() if each is not source])
        told = cluster.nodes()
        done = cluster.run("reshard", f"127.0.0.1:{source.port}", "--cluster-from", told[source.port][0], "--cluster-to",
                           told[target.port][0], "--cluster-slots", str(count))
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr

    try:
        house.start()
        for number, what_happens in enumerate((fail_over, reshard, fail_over, reshard)):
            run.round(number, what_happens, only_accepted=what_happens is fail_over)
        run.end(4)
    finally:
        house.close()


def test_a_redis_whose_sentinel_replaces_it_under_load(tmp_path, watched, database):
    """With replicated:1 an accepted bid is at the replica that takes over; between two failovers, all that was told holds."""
    house = House(tmp_path, watched.url, database, "--durability", "replicated:1")
    run = Run(house)
    try:
        house.start()
        for number, fails_over in enumerate((True, False, True)):
            run.round(number, watched.fail_over if fails_over else lambda: time.sleep(0.5), only_accepted=fails_over)
        run.end(3)
    finally:
        house.close()
