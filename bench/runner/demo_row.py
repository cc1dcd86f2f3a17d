"""The design that FlashBid grew out of, under the same load (S9). It is no limit: it is what a team builds by hand."""

import time

from . import auctions, programs
from .databases import Postgres, Redis
from .figures import figure
from .programs import REPOSITORY, BenchError
from .redis_rows import both_cores, has_table

CONNECTIONS = 64
LOST = 1_001
DEMO = REPOSITORY / "bench" / "demo" / "server.py"
RECORD_TIMEOUT_S = 120


def s9_demo(run):
    """A web framework, a script in Redis, a background INSERT; FlashBid's bids are durable, its are not."""
    folder = run.new_folder()
    with (programs.flashbid(folder) as server,
          Redis(folder, core=both_cores(), durable=False) as redis,
          Postgres(folder, both_cores()) as postgres,
          demo(folder, redis, postgres) as limit):
        auctions.create(server.port, 1, CONNECTIONS)
        auctions.create_lost(server.port, LOST)
        auctions.ask(limit.port, "POST", f"/v1/auctions/{LOST}/bids", {"amount": auctions.STANDING})
        recorded = Recorded(postgres)
        return [one for want in ("rejected", "accepted") for one in beside_demo(run, want, limit, server, recorded)]


def demo(folder, redis, postgres):
    return programs.Program(folder, "/usr/bin/python3", "-B", DEMO, "--redis", redis.port, "--postgres", postgres.url,
                            core=both_cores())


def beside_demo(run, want, limit, server, recorded):
    next_amount = {}
    options = {"auctions": CONNECTIONS} if want == "accepted" else {"first_auction": LOST, "auctions": 1}

    def load(target, seconds):
        first = next_amount.get(target.port, auctions.LOWEST) if want == "accepted" else auctions.LOWEST
        counts = programs.bid_load(target.port, want, connections=CONNECTIONS, seconds=seconds, first_amount=first, **options)
        next_amount[target.port] = counts["next_amount"]
        return counts | {"each_s": counts["answered"] / counts["seconds"], "p99_us": counts["latency_ns"]["p99"] / 1e3}

    rounds = []
    for number in range(-1, run.rounds):
        seconds = run.seconds if number >= 0 else min(run.seconds, 0.3)
        server.settle()
        pair = {"limit": load(limit, seconds)}
        recorded.wait(pair["limit"]["accepted"])  # what it does in the background is not to burden the other side
        pair["flashbid"] = load(server, seconds)
        if number >= 0:
            rounds.append(pair)
    what = f"{want}, {CONNECTIONS} connections, beside the demo's design"
    return [figure("S9", what, "bids/s", rounds, "each_s", at_least=20),
            figure("S9", what, "p99 us", rounds, "p99_us", at_most=1 / 50)]


class Recorded:
    """How many bids the demo has written behind: all that it accepted, in the end."""

    def __init__(self, postgres):
        self.sql = postgres.sql
        if not has_table(self.sql, "bids"):
            raise BenchError("the demo has made no table")
        self.expected = 1  # that of the auction on which the lowest amount loses

    def wait(self, accepted):
        self.expected += accepted
        deadline = time.monotonic() + RECORD_TIMEOUT_S
        while (there := self.sql.number("SELECT count(*) FROM bids")) != self.expected:
            if there > self.expected or time.monotonic() > deadline:
                raise BenchError(f"the demo accepted {self.expected} bids and wrote {there}")
            time.sleep(0.05)


DEMO_ROWS = {"S9": s9_demo}
