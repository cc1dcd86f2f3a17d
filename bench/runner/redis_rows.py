"""The rows with Redis and PostgreSQL (S7, S8). Everything of both sides runs on the same two cores, unpinned: which of
the parts shares a core with which is the scheduler's, as it would be in service."""

import time

from . import auctions, programs
from .databases import Postgres, Redis
from .figures import figure
from .programs import BenchError

CONNECTIONS = 64
WATCHED = 1_000   # has no bids: its watcher makes the node read the shard's stream
LOST = 1_001      # on which the lowest amount loses
STORE_TIMEOUT_S = 60
LOOK_S = 0.02     # each look costs PostgreSQL something too


def both_cores():
    return set(programs.cores())


def s7_redis(run):
    """Bids through HTTP on the Redis engine, beside a bare client that calls the same function on the same Redis."""
    folder = run.new_folder()
    with (Redis(folder, core=both_cores()) as redis,
          programs.flashbid(folder, "--engine", redis.url, "--shards", 1, core=both_cores()) as node):
        auctions.create(node.port, 1, CONNECTIONS)
        auctions.create(node.port, WATCHED, 1)
        auctions.create_lost(node.port, LOST)
        with programs.watchers(folder, node.port, WATCHED, 1, core=both_cores()):
            return [one for want in ("accepted", "rejected") for depth in (1, 16)
                    for one in bids_on_redis(run, redis, node, want, depth)]


def bids_on_redis(run, redis, node, want, depth):
    # Accepted ones rise above what was bid less deep; rejected ones all bid the lowest.
    next_amount = auctions.LOWEST + (10_000_000 * depth if want == "accepted" else 0)

    def load(side, seconds):
        nonlocal next_amount
        options = {"seconds": seconds, "core": both_cores(), "first_amount": next_amount}
        options |= {"auctions": CONNECTIONS} if want == "accepted" else {"first_auction": LOST, "auctions": 1}
        if side == "limit":
            reading = ["--read-stream"] if want == "accepted" else []
            counts = programs.raw_redis(redis, want, *reading, in_flight=CONNECTIONS * depth, **options)
        else:
            counts = programs.bid_load(node.port, want, connections=CONNECTIONS, depth=depth, **options)
        next_amount = counts["next_amount"]
        return counts

    rounds = []
    for number in range(-1, run.rounds):
        seconds = run.seconds if number >= 0 else min(run.seconds, 0.3)
        pair = {}
        for side in ("limit", "flashbid"):
            redis.settle()
            node.settle()
            pair[side] = measured_parts({"redis": redis, "node": node}, lambda: load(side, seconds))
        if number >= 0:
            rounds.append(pair)
    what = f"{want}, {CONNECTIONS * depth} in flight"
    # One rejected request a connection at a time costs HTTP more than Redis (bench/README.md).
    required = {} if want == "rejected" and depth == 1 else {"at_least": 0.6}
    return [figure("S7", what, "bids/s", rounds, "each_s", **required),
            figure("S7", what, "Redis CPU us/bid", rounds, "redis_cpu_us"),
            figure("S7", what, "node (client) CPU us/bid", rounds, "node_cpu_us", "own_cpu_us")]


def measured_parts(parts, load):
    """One round: the load's counts, with the CPU time that each part took for one of what was `answered`."""
    before = {name: part.cpu_seconds() for name, part in parts.items()}
    counts = load()
    busy = {name: part.cpu_seconds() - before[name] for name, part in parts.items()}
    busy["own"] = counts["own_cpu_s"]
    return (counts | {"each_s": counts["answered"] / counts["seconds"]} |
            {f"{name}_cpu_us": seconds / counts["answered"] * 1e6 for name, seconds in busy.items()})


def s8_archive(run):
    """Events from Redis into PostgreSQL by the relay, beside bare COPY of as many rows on the same server."""
    events = int(100_000 * run.seconds)
    folder = run.new_folder()
    with (Redis(folder, core=both_cores()) as redis,
          Postgres(folder, both_cores()) as postgres,
          programs.flashbid(folder, "--engine", redis.url, "--shards", 1, core=both_cores()) as node):
        auctions.create(node.port, 1, CONNECTIONS)
        auctions.create(node.port, WATCHED, 1)
        auctions.raw_reply(node.port, WATCHED, auctions.LOWEST)
        payload = run.write("payload", auctions.last_event(node.port, WATCHED))
        stored = Stored(postgres, sum(auctions.open_sequence(node.port, auction)
                                      for auction in [*range(1, CONNECTIONS + 1), WATCHED]))
        with programs.relay(folder, redis.url, postgres.url, core=both_cores()) as relay:
            stored.wait()
            rounds = archived(run, redis, postgres, relay, payload, stored, events)
    return [figure("S8", "archived, beside bare COPY", "events/s", rounds, "each_s", at_least=0.6),
            figure("S8", "archived, beside Redis accepting", "events/s", rounds, "each_s", "accepted_s", at_least=1),
            figure("S8", "archived", "PostgreSQL CPU us/event", rounds, "postgres_cpu_us"),
            figure("S8", "archived", "relay (client) CPU us/event", rounds, "relay_cpu_us", "own_cpu_us")]


def archived(run, redis, postgres, relay, payload, stored, events):
    """The relay stands still while Redis accepts what it is to store; then it stores, and COPY as much after it."""
    next_amount, rounds = auctions.LOWEST + 1, []
    for number in range(-1, run.rounds):
        count = events if number >= 0 else max(1, events // 4)
        relay.pause()
        filled = programs.raw_redis(redis, "accepted", auctions=CONNECTIONS, in_flight=1024, count=count,
                                    seconds=STORE_TIMEOUT_S, first_amount=next_amount, core=both_cores())
        next_amount = filled["next_amount"]
        ours = measured_parts({"postgres": postgres, "relay": relay, "redis": redis},
                              lambda: stored.after(relay, count))
        limit = measured_parts({"postgres": postgres}, lambda: copied(postgres, payload, count))
        if number >= 0:
            rounds.append({"limit": limit | {"accepted_s": filled["answered"] / filled["seconds"]}, "flashbid": ours})
    return rounds


class Stored:
    """How many events the archive has: the newest sequence of each auction, all together."""

    def __init__(self, postgres, expected, timeout_s=STORE_TIMEOUT_S):
        self.postgres = postgres
        self.expected = expected
        self.timeout_s = timeout_s

    def wait(self):
        deadline = time.monotonic() + self.timeout_s
        while not has_table(self.postgres.sql, "auctions") and time.monotonic() < deadline:
            time.sleep(LOOK_S)
        while (there := self.count()) != self.expected:
            if there > self.expected or time.monotonic() > deadline:
                raise BenchError(f"the archive should have {self.expected} events and has {there}")
            time.sleep(LOOK_S)

    def count(self):
        return self.postgres.sql.number("SELECT coalesce(sum(sequence), 0) FROM flashbid.auctions")

    def after(self, relay, count):
        """Lets the relay go on, until `count` more are stored."""
        self.expected += count
        begun = time.monotonic()
        relay.resume()
        self.wait()
        return {"answered": count, "seconds": time.monotonic() - begun, "own_cpu_s": 0.0}


def has_table(sql, name):
    return sql.number(f"SELECT count(*) FROM pg_class WHERE relname = '{name}'")


def copied(postgres, payload, count):
    sql = postgres.sql
    rows = has_table(sql, "raw_copy") and sql.number("SELECT coalesce(max(sequence), 0) FROM raw_copy WHERE auction = 1")
    counts = programs.run("raw_copy", "--url", postgres.url, "--payload", payload, "--rows", count, "--auctions",
                          CONNECTIONS, "--first-sequence", rows + 1, core=both_cores())
    return counts | {"answered": counts["rows"]}


REDIS_ROWS = {"S7": s7_redis, "S8": s8_archive}
