"""Every program of the benchmarks once, for a moment: fails on a wrong answer, never on a time."""

from . import auctions, programs
from .programs import BenchError
from .hostile_rows import hostile, token_cost
from .pages_row import watched
from .queue_row import QUEUE_ROWS
from .redis_rows import REDIS_ROWS
from .rows import check_watchers

BIDS = 2_000
WATCHERS = 50
EVENTS = 40


def smoke(run):
    folder = run.new_folder()
    with programs.flashbid(folder) as server:
        auctions.create(server.port, 1, 8)
        auctions.create(server.port, 11, 1)
        auctions.create_lost(server.port, 21)
        rejection = run.write("rejection", auctions.raw_reply(server.port, 21, auctions.LOWEST))
        acceptance = run.write("acceptance", auctions.raw_reply(server.port, 11, auctions.LOWEST))
        frame = run.write("frame", auctions.event_frame(auctions.last_event(server.port, 11)))
        bids_on_server(server)
        watchers_on_server(folder, server)
    with programs.limit(folder, "raw_epoll", "--reply", rejection) as limit:
        programs.bid_load(limit.port, "rejected", connections=8, count=BIDS)
        programs.bid_load(limit.port, "rejected", connections=8, depth=16, count=BIDS)
        must_bite(limit)
    with programs.limit(folder, "raw_epoll", "--reply", acceptance, "--commit", run.new_folder()) as limit:
        programs.bid_load(limit.port, "accepted", connections=8, auctions=8, count=BIDS)
    with (programs.limit(folder, "raw_fanout", "--reply", acceptance, "--frame", frame) as limit,
          programs.watchers(folder, limit.port, 1, WATCHERS) as watching,
          programs.watchers(folder, limit.port, 1, 1, "--check-sequence") as checking):
        programs.bid_load(limit.port, "accepted", connections=1, auctions=1, count=EVENTS)
        limit.settle()
        check_watchers(watching.end(), WATCHERS, EVENTS)
        must_see_gaps(checking.end())
    programs.run("fsync_probe", "--folder", folder, "--count", 10)
    hostile(run, clients=40, rate=200, seconds=0.3)
    token_cost(run)
    watched(run, seconds=3)
    for row in (REDIS_ROWS | QUEUE_ROWS).values():  # these check their answers, the stream and the archive's sequences themselves
        row(run)


def bids_on_server(server):
    """Each kind of load, and then whether the server counts as many bids as were answered as accepted."""
    programs.bid_load(server.port, "rejected", first_auction=21, connections=8, count=BIDS)
    programs.bid_load(server.port, "rejected", first_auction=21, connections=8, depth=16, count=BIDS)
    closed = programs.bid_load(server.port, "accepted", connections=8, auctions=8, count=BIDS)
    opened = programs.bid_load(server.port, "accepted", connections=8, auctions=8, depth=8, rate=1000, burst=4,
                               count=BIDS // 4, first_amount=closed["next_amount"])
    answered = closed["accepted"] + opened["accepted"]
    counted = sum(auctions.bids(server.port, auction) for auction in range(1, 9))
    if counted != answered:
        raise BenchError(f"{answered} bids were answered as accepted, the server counts {counted}")


def watchers_on_server(folder, server):
    with programs.watchers(folder, server.port, 11, WATCHERS, "--check-sequence") as watching:
        programs.bid_load(server.port, "accepted", first_auction=11, connections=1, auctions=1, depth=10, burst=10,
                          rate=1000, count=EVENTS, first_amount=auctions.LOWEST + 1)
        server.settle()
        check_watchers(watching.end(), WATCHERS, EVENTS)


def must_bite(limit):
    """A rejection where every bid must be accepted has to be noticed."""
    try:
        programs.bid_load(limit.port, "accepted", connections=1, auctions=1, count=10)
    except BenchError:
        return
    raise BenchError("bid_load took rejections for acceptances")


def must_see_gaps(seen):
    """The limit sends one and the same event: as a sequence that is all gaps, and has to be noticed."""
    try:
        check_watchers(seen, 1, EVENTS)
    except BenchError:
        return
    raise BenchError("watch_load took one event, over and over, for a sequence")
