"""R6: three nodes, Redis, a relay and PostgreSQL, each killed with kill -9 in turn under load. Nothing acknowledged, quoted
or shown is lost that is promised to survive, and afterwards the archive is the ledger, each event exactly once.

FLASHBID_NODE_KILLS sets the number of kills (12), FLASHBID_SEED the seed (1): a failing run prints both.
"""
import os
import time

import pytest

from house import House
from house_run import Run
from redis_server import WatchedRedis

KILLS = int(os.environ.get("FLASHBID_NODE_KILLS", "12"))
SEED = int(os.environ.get("FLASHBID_SEED", "1"))
VICTIMS = ("redis", "node", "relay", "postgres")

pytestmark = pytest.mark.kill


@pytest.fixture
def watched():
    watched = WatchedRedis()
    try:
        yield watched.start()
    finally:
        watched.close()


def test_each_part_killed_in_turn(tmp_path, redis, postgres, database):
    house = House(tmp_path, redis.url, database)
    run = Run(house, SEED)

    def kill(victim):
        run.kill({"redis": redis, "node": run.random.choice(house.nodes), "relay": house.relays[0],
                  "postgres": postgres}[victim])

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
    run = Run(house, SEED)

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
    run = Run(house, SEED)
    try:
        house.start()
        for number, fails_over in enumerate((True, False, True)):
            run.round(number, watched.fail_over if fails_over else lambda: time.sleep(0.5), only_accepted=fails_over)
        run.end(3)
    finally:
        house.close()
