"""The row of an archive behind RabbitMQ: its consumer is stopped for a whole peak, and started after it."""

import sys
import time

from . import auctions, programs
from .databases import Postgres, Redis
from .figures import figure
from .programs import REPOSITORY, BenchError
from .redis_rows import CONNECTIONS, WATCHED, Stored, both_cores, has_table, measured_parts

sys.path.insert(0, str(REPOSITORY / "tests" / "e2e"))
from rabbitmq_server import RabbitmqServer  # noqa: E402

WAITING = 1_000_000  # events of a peak
RATE = 2_000         # accepted bids a second while latency is measured: nobody's limit
PUBLISH_TIMEOUT_S = 300
LOOK_S = 0.05


class Rabbitmq(RabbitmqServer):
    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()


def queue_behind(run):
    """A peak behind RabbitMQ while its consumer is stopped: bidding beside it, and how fast it is stored afterwards."""
    folder = run.new_folder()
    waiting = int(WAITING * min(1, run.seconds))
    with (Redis(folder, core=both_cores()) as redis, Rabbitmq() as rabbitmq, Postgres(folder, both_cores()) as postgres,
          programs.flashbid(folder, "--engine", redis.url, "--shards", 1, core=both_cores()) as node):
        auctions.create(node.port, 1, CONNECTIONS)
        auctions.create(node.port, WATCHED, 1)
        auctions.raw_reply(node.port, WATCHED, auctions.LOWEST)
        bids = Bids(run, redis, node)
        with programs.relay(folder, redis.url, rabbitmq.url("%2F"), "--secrets", core=both_cores()) as publisher:
            def consumer():
                return programs.relay(folder, rabbitmq.url("%2F"), postgres.url, core=both_cores())
            with consumer():
                wait_for("the archive to begin", lambda: has_table(postgres.sql, "auctions"))
                calm = bids.latencies(run.rounds - run.rounds // 2)
                bids.stored(postgres).wait()
            programs.run("raw_queue", "--port", rabbitmq.port, "--bind")
            before = bids.accepted()
            publishing = peak(redis, publisher, bids, waiting)
            beside = bids.latencies(run.rounds)
            wait_for("RabbitMQ to hold the peak", lambda: published(redis))
            stored = bids.stored(postgres)
            payload = run.write("payload", auctions.last_event(node.port, WATCHED))
            limit = drained(postgres, bids.accepted() - before, rabbitmq, payload)
            with consumer() as draining:
                ours = measured_parts({"postgres": postgres, "relay": draining},
                                      lambda: timed(bids.accepted() - before, stored.wait))
                calm += bids.latencies(run.rounds // 2)
    drains = [{"limit": limit, "flashbid": ours}]
    pairs = [{"limit": quiet, "flashbid": loud} for quiet, loud in zip(calm, beside)]
    what = f"{waiting:,} events waiting in RabbitMQ"
    return [figure("queue", f"{what}: bids at {RATE:,}/s, p99", "us", pairs, "p99", at_most=1.3),
            figure("queue", f"{what}: bids at {RATE:,}/s, p50", "us", pairs, "p50"),
            figure("queue", f"{what}: stored afterwards", "events/s", drains, "each_s", at_least=0.6),
            figure("queue", f"{what}: stored afterwards", "PostgreSQL CPU us/event", drains, "postgres_cpu_us"),
            figure("queue", f"{what}: stored afterwards", "consumer CPU us/event", drains, "relay_cpu_us", "own_cpu_us"),
            figure("queue", "published, beside Redis accepting", "events/s", [publishing], "each_s", "accepted_s")]


class Bids:
    """Accepted bids, each above the last; how many events there must be."""

    def __init__(self, run, redis, node):
        self.run, self.redis, self.node = run, redis, node
        self.next_amount = auctions.LOWEST + 1

    def latencies(self, rounds):
        """In microseconds, of a round each, open loop."""
        found = []
        for _ in range(rounds):
            counts = programs.bid_load(self.node.port, "accepted", connections=CONNECTIONS, auctions=CONNECTIONS, depth=16,
                                       rate=RATE, seconds=self.run.seconds, first_amount=self.next_amount,
                                       core=both_cores())
            self.next_amount = counts["next_amount"]
            found.append({name: counts["latency_ns"][name] / 1e3 for name in ("p50", "p99")})
        return found

    def fill(self, count):
        counts = programs.raw_redis(self.redis, "accepted", auctions=CONNECTIONS, in_flight=1024, count=count,
                                    seconds=PUBLISH_TIMEOUT_S, first_amount=self.next_amount, core=both_cores())
        self.next_amount = counts["next_amount"]
        return counts

    def accepted(self):
        """Events of all kinds."""
        return self.redis.ask("XINFO", "STREAM", "flashbid:{0}:stream")["entries-added"]

    def stored(self, postgres):
        return Stored(postgres, self.accepted(), timeout_s=PUBLISH_TIMEOUT_S)


def published(redis):
    """Whether RabbitMQ has confirmed everything."""
    group = next(one for one in redis.ask("XINFO", "GROUPS", "flashbid:{0}:stream") if one["name"] == "rabbitmq")
    return group["last-delivered-id"] == redis.ask("XINFO", "STREAM", "flashbid:{0}:stream")["last-generated-id"]


def wait_for(what, is_so):
    deadline = time.monotonic() + PUBLISH_TIMEOUT_S
    while not is_so():
        if time.monotonic() > deadline:
            raise BenchError(f"waited in vain for {what}")
        time.sleep(LOOK_S)


def peak(redis, publisher, bids, waiting):
    """The publisher stands still while Redis accepts the peak: then it publishes it."""
    publisher.pause()
    filled = bids.fill(waiting)
    begun = time.monotonic()
    publisher.resume()
    wait_for("the peak to be published", lambda: published(redis))
    return {"limit": {"accepted_s": filled["answered"] / filled["seconds"]},
            "flashbid": {"each_s": waiting / (time.monotonic() - begun)}}


def timed(count, work):
    begun = time.monotonic()
    work()
    return {"answered": count, "seconds": time.monotonic() - begun, "own_cpu_s": 0.0}


def drained(postgres, count, rabbitmq, payload):
    """The same messages, taken by a bare consumer."""
    def load():
        counts = programs.run("raw_queue", "--port", rabbitmq.port, "--url", postgres.url, "--payload", payload,
                              "--events", count, "--auctions", CONNECTIONS, core=both_cores())
        return counts | {"answered": counts["rows"]}
    return measured_parts({"postgres": postgres}, load)


QUEUE_ROWS = {"queue": queue_behind}
