"""What strangers cost: clients that mean harm beside those that bid, and the token in each request."""

from . import auctions, programs
from .figures import Figure, figure
from .programs import BenchError
from .rows import CONNECTIONS, in_turns

HOSTILE = 1_000
HONEST = 50
RATE = 1_000
SECONDS = 3  # a round: a p99 of a thousand bids would be the tenth slowest, which one write of the disk decides
WATCHED = HONEST + 1
MIB = 1024 * 1024
# What a hostile client may make the server keep: its buffers and what waits in the kernel's stead for a watcher.
ALLOWED_EACH = 64 * 1024


def r8_hostile(run):
    """50 honest bidders at 1,000 bids a second, open loop, beside 1,000 slow, silent or stalled clients and without."""
    return hostile(run, HOSTILE, RATE, SECONDS * max(run.seconds, 1))


def hostile(run, clients, rate, seconds):
    folder = run.new_folder()
    next_amount, published = auctions.LOWEST, auctions.LOWEST
    rounds = []
    with programs.flashbid(folder) as server:
        auctions.create(server.port, 1, WATCHED)

        def honest():
            nonlocal next_amount
            counts = programs.bid_load(server.port, "accepted", connections=HONEST, auctions=HONEST, depth=16, rate=rate,
                                       seconds=seconds, first_amount=next_amount)
            next_amount = counts["next_amount"]
            return {"p99_us": counts["latency_ns"]["p99"] / 1e3, "p50_us": counts["latency_ns"]["p50"] / 1e3}

        honest()
        for _ in range(run.rounds):
            server.settle()
            alone = honest() | {"mib": server.resident_bytes() / MIB}
            with programs.attackers(folder, server.port, auction=WATCHED, clients=clients, first_amount=published) as attack:
                beside = honest() | {"mib": server.resident_bytes() / MIB}
                said = attack.end()
            published = said["next_amount"]
            rounds.append({"limit": alone, "flashbid": beside | {"came_back": said["came_back"]}})
        if auctions.bids(server.port, WATCHED) == 0:
            raise BenchError("the stalled watchers should have had events to stall at")
    what = f"{HONEST} bidders, {rate:,} bids/s, beside {clients:,} hostile"
    allowed = clients * ALLOWED_EACH / MIB
    most = max(rounds, key=lambda one: one["flashbid"]["mib"] - one["limit"]["mib"])
    before, after = rounds[0]["limit"]["mib"], rounds[-1]["limit"]["mib"]
    return [figure("R8", f"{what}, p99", "us", rounds, "p99_us", at_most=1.3),
            figure("R8", f"{what}, p50", "us", rounds, "p50_us"),
            Figure("R8", "memory beside them, of what they may take", "MiB", most["flashbid"]["mib"],
                   most["limit"]["mib"] + allowed, at_most=1),
            Figure("R8", f"memory after {len(rounds)} attacks, of the same", "MiB", after, before + allowed, at_most=1)]


def token_cost(run):
    """S1 with a token in each request, beside --dev, and beside a raw epoll loop, that get the same bytes."""
    folder = run.new_folder()
    key = run.write("secret", b"0123456789abcdef0123456789abcdef")
    header = f"Authorization: Bearer {programs.token(key, auctions.BIDDER)}"
    with programs.flashbid(folder) as open_to_all, programs.house(run.new_folder(), key) as house:
        auctions.create_lost(open_to_all.port, 1)
        auctions.create_lost(house.port, 1, programs.token(key, "house", "operator"))
        reply = run.write("reply", auctions.raw_reply(open_to_all.port, 1, auctions.LOWEST))

        def load(target, seconds):
            return programs.bid_load(target.port, "rejected", connections=CONNECTIONS, header=header, seconds=seconds)

        beside_dev = in_turns(run, load, open_to_all, house)
        with programs.limit(folder, "raw_epoll", "--reply", reply) as limit:
            beside_limit = in_turns(run, load, limit, house)
    what = f"rejected, {CONNECTIONS} connections, a token in each, beside"
    return [figure("token", f"{what} --dev", "CPU us/request", beside_dev, "cpu_us_each", at_most=1.1),
            figure("token", f"{what} the limit", "CPU us/request", beside_limit, "cpu_us_each", at_most=1.375)]


HOSTILE_ROWS = {"R8": r8_hostile, "token": token_cost}
