"""The speed contract, a function a row: each measures FlashBid and its limit in turns and returns Figures.

Where a row says "in turns", both servers stay up and the load goes to one after the other, several rounds; a figure is
the median of its rounds.
"""

import dataclasses

from . import auctions, programs
from .figures import Figure, figure, median
from .programs import BenchError

CONNECTIONS = 64


def measured(server, load):
    """One round: the load's counts, with the server's CPU time from its start until it has settled."""
    server.settle()
    before = server.cpu_seconds()
    counts = load(server)
    busy = server.cpu_seconds() - before
    return counts | {"cpu_s": busy, "cpu_us_each": busy / counts["answered"] * 1e6,
                     "each_cpu_s": counts["answered"] / busy, "each_s": counts["answered"] / counts["seconds"]}


def in_turns(run, load, limit, flashbid):
    """Rounds of `load` on the limit and on FlashBid; one short round each goes first and does not count."""
    rounds = []
    for number in range(-1, run.rounds):
        seconds = run.seconds if number >= 0 else min(run.seconds, 0.3)
        pair = {"limit": measured(limit, lambda server: load(server, seconds)),
                "flashbid": measured(flashbid, lambda server: load(server, seconds))}
        if number >= 0:
            rounds.append(pair)
    return rounds


def s1_rejected(run):
    """All rejected, 64 connections, one request in flight each, beside the same bytes from a raw epoll loop."""
    return rejected(run, "S1", 1, at_least=0.80, cpu_at_most=1.25)


def s3_pipelined(run):
    """S1 with 16 requests in flight on each connection."""
    return rejected(run, "S3", 16, at_least=0.50)


def rejected(run, row, depth, at_least, cpu_at_most=None):
    folder = run.new_folder()
    with programs.flashbid(folder) as server:
        auctions.create_lost(server.port, 1)
        reply = run.write("reply", auctions.raw_reply(server.port, 1, auctions.LOWEST))
        with programs.limit(folder, "raw_epoll", "--reply", reply) as limit:
            rounds = in_turns(run, lambda target, seconds: programs.bid_load(
                target.port, "rejected", connections=CONNECTIONS, depth=depth, seconds=seconds), limit, server)
    what = f"rejected, {CONNECTIONS} connections" + (f", {depth} deep" if depth > 1 else "")
    figures = [figure(row, what, "requests/s", rounds, "each_s", at_least=at_least)]
    if cpu_at_most is not None:
        figures.insert(0, figure(row, what, "CPU us/request", rounds, "cpu_us_each", at_most=cpu_at_most))
    return figures


def s2_accepted(run):
    """All accepted and durable, beside a raw epoll loop with one SQLite transaction a round."""
    return accepted(run, 64) + accepted(run, 256)


def accepted(run, connections):
    folder = run.new_folder()
    next_amount = {}

    def load(target, seconds):
        counts = programs.bid_load(target.port, "accepted", connections=connections, auctions=connections,
                                   seconds=seconds, first_amount=next_amount.get(target.port, auctions.LOWEST))
        next_amount[target.port] = counts["next_amount"]
        return counts

    with programs.flashbid(folder) as server:
        auctions.create(server.port, 1, connections + 1)
        reply = run.write("reply", auctions.raw_reply(server.port, connections + 1, auctions.LOWEST))
        payload = auctions.last_event(server.port, connections + 1)
        with programs.limit(folder, "raw_epoll", "--reply", reply, "--commit", run.new_folder(), "--payload-bytes",
                            len(payload)) as limit:
            rounds = in_turns(run, load, limit, server)
    what = f"accepted, durable, {connections} connections"
    return [figure("S2", what, "bids/s", rounds, "each_s", at_least=0.8),
            figure("S2", what, "CPU us/bid", rounds, "cpu_us_each")]


def s4_durable_latency(run, rate=10_000):
    """The latency of accepted bids at 10,000/s, open loop, beside this disk's fdatasync."""
    folder = run.new_folder()
    next_amount = auctions.LOWEST
    rounds = []
    with programs.flashbid(folder) as server:
        auctions.create(server.port, 1, CONNECTIONS)
        for _ in range(run.rounds):
            server.settle()
            probe = programs.run("fsync_probe", "--folder", folder, "--count", 1000, core=programs.cores()[0])
            counts = programs.bid_load(server.port, "accepted", connections=CONNECTIONS, auctions=CONNECTIONS,
                                       depth=64, rate=rate, seconds=run.seconds, first_amount=next_amount)
            next_amount = counts["next_amount"]
            rounds.append({"limit": {"sync_us": probe["p50_ns"] / 1e3, "sync_p99_us": probe["p99_ns"] / 1e3},
                           "flashbid": counts["latency_ns"] | {name: counts["latency_ns"][name] / 1e3
                                                               for name in ("p50", "p99")}})
    sync = median(rounds, "limit", "sync_us")
    what = f"accepted, {rate:,} bids/s open loop, p{{}}"
    return [Figure("S4", what.format(50), "us", median(rounds, "flashbid", "p50"), sync, at_most=2, rounds=rounds),
            Figure("S4", what.format(99), "us", median(rounds, "flashbid", "p99"), sync, at_most=10, rounds=rounds)]


def s6_fan_out(run):
    """Fan-out of an event to WebSocket watchers, beside one raw send() a socket and event."""
    return [made for count in run.watchers for made in fan_out(run, count)]


def fan_out(run, count):
    folder = run.new_folder()
    sides = {}
    with programs.flashbid(folder) as server:
        auctions.create(server.port, 1, 2)
        reply = run.write("reply", auctions.raw_reply(server.port, 2, auctions.LOWEST))
        frame = run.write("frame", auctions.event_frame(auctions.last_event(server.port, 2)))
        with (programs.limit(folder, "raw_fanout", "--reply", reply, "--frame", frame) as limit,
              programs.watchers(folder, limit.port, 1, count) as limit_watchers,
              programs.watchers(folder, server.port, 1, count, "--check-sequence") as server_watchers):
            sides = {limit.port: limit_watchers, server.port: server_watchers}
            sent = {port: Sent() for port in sides}
            # Paced, so that each event finds the last one gone: about a fifth of a core for the limit.
            single = in_turns(run, lambda target, seconds: fan_load(sent[target.port], target, count, seconds,
                                                                    rate=40_000 / count, burst=1), limit, server)
            # Ten events at once.
            burst = in_turns(run, lambda target, seconds: fan_load(sent[target.port], target, count, seconds,
                                                                   rate=100_000 / count, burst=10), limit, server)
            for port, watching in sides.items():
                check_watchers(watching.end(), count, sent[port].events)
    return [figure("S6", f"{count:,} watchers, one event at a time", "CPU us/frame", single, "cpu_us_each", at_most=1.15),
            figure("S6", f"{count:,} watchers, ten events at once", "frames/CPU s", burst, "each_cpu_s", at_least=5)]


@dataclasses.dataclass
class Sent:
    events: int = 0
    next_amount: int = auctions.LOWEST


def fan_load(sent, target, count, seconds, rate, burst):
    """Bids at `rate`, each of them an event for `count` watchers; counts frames, not bids."""
    events = max(burst, int(rate * seconds) // burst * burst)
    counts = programs.bid_load(target.port, "accepted", connections=1, auctions=1, depth=burst, rate=rate, burst=burst,
                               seconds=seconds + 10, count=events, first_amount=sent.next_amount)
    target.settle()  # the answer may leave before the last frame has
    sent.events += events
    sent.next_amount = counts["next_amount"]
    return counts | {"answered": counts["answered"] * count}


def check_watchers(seen, count, events):
    if seen["gone"] or seen["gaps"] or seen["fewest"] != events or seen["most"] != events:
        raise BenchError(f"each of {count} watchers should have seen {events} events in sequence: {seen}")


EMBEDDED_ROWS = {"S1": s1_rejected, "S2": s2_accepted, "S3": s3_pipelined, "S4": s4_durable_latency, "S6": s6_fan_out}
