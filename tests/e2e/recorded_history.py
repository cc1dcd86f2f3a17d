"""What a run was told, as the JSON lines of `src/checker/history_lines.hpp`, and the checker's verdict on them.

One auction's record is {"operations": [...], "watchers": [...], "reads": [...], "only_ours": bool, "must_be_closed": bool};
times are time.monotonic_ns() of this machine.
"""
import json
import os
import tempfile

from flashbid_server import run_command

STATE = ("epoch", "sequence", "state", "price", "leader", "minimum_next", "closes_at", "bids", "extensions", "winner",
         "sold")
JUDGE_TIMEOUT_S = 120


def seen(auction, asked_ns, seen_ns):
    """An auction object that was shown; asked_ns 0: unasked."""
    return {"asked_ns": asked_ns, "seen_ns": seen_ns, "auction": {name: auction[name] for name in STATE}}


def operation(bid, sent_ns, answered_ns, outcome, status, answer):
    """One attempt of a Bid. outcome: refused or unknown, where there is no answer."""
    line = {"line": "operation", "auction_id": bid.auction, "bidder": bid.bidder, "amount": bid.amount, "key": bid.key,
            "sent_ns": sent_ns, "answered_ns": answered_ns, "outcome": answer["verdict"] if answer else outcome,
            "status": status, "echo_differs": False}
    if answer:
        line["answer"] = answer
        told = (answer["auction_id"], answer.get("bidder", bid.bidder), answer.get("amount", bid.amount))
        line["echo_differs"] = told != (bid.auction, bid.bidder, bid.amount)
    return line


def lines_of(auction, record, events, bids):
    """The lines of one auction: itself, its events and bids, then what was done and seen."""
    terms = {**events[0]["auction"], "reserve": None}
    yield {"line": "auction", "id": auction, "terms": terms, "reserve_known": True, "before_run": 0,
           "only_ours": record["only_ours"], "must_be_closed": record["must_be_closed"]}
    for event in events:
        yield {"line": "event", **event}
    for bid in bids:
        yield {"line": "bid", **bid}
    for read in record["reads"]:
        yield {"line": "read", **read}
    yield from record["operations"]
    for watcher in record["watchers"]:
        yield {"line": "watcher", "auction_id": auction, "latest": False, "to_the_end": False, **watcher}


def judge(seed, auctions):
    """auctions: (id, record, events, bids) each. Fails with the checker's words; returns how many operations it judged."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "history.jsonl")
        count = 0
        with open(path, "w", encoding="utf-8") as file:
            file.write(json.dumps({"line": "history", "version": 1, "seed": seed}) + "\n")
            for auction, record, events, bids in auctions:
                count += len(record["operations"])
                for line in lines_of(auction, record, events, bids):
                    file.write(json.dumps(line) + "\n")
        done = run_command("verify", "--history", path, timeout=JUDGE_TIMEOUT_S)
    assert done.returncode == 0, f"the checker says: {done.stdout}{done.stderr}"
    assert f"{count} operations" in done.stdout, done.stdout
    return count
