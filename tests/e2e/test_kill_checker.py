"""What the kill tests write down reaches the checker whole, and each planted loss or lie in it is caught by name."""
import copy

import pytest

from kill_load import Bid
from told import Told

OPENS, CLOSES = "2030-01-01T00:00:02.000Z", "2030-01-01T00:10:00.000Z"
AUCTION = 7
NS = 1_000


def at(second):
    return f"2030-01-01T00:00:{second:02d}.000Z"


def accepted(sequence, bidder, amount):
    return {"auction_id": AUCTION, "epoch": 1, "sequence": sequence, "event": "bid_accepted", "bidder": bidder,
            "amount": amount, "price": amount, "leader": bidder, "minimum_next": amount + 1, "closes_at": CLOSES,
            "at": at(sequence)}


def shown(sequence, price, leader, bids):
    return {"id": AUCTION, "epoch": 1, "sequence": sequence, "state": "open", "price": price, "leader": leader,
            "minimum_next": 1 if price is None else price + 1, "closes_at": CLOSES, "bids": bids, "extensions": 0,
            "winner": None, "sold": None}


class Recorded:
    """A recorded ledger in place of a server."""

    def __init__(self):
        head = {"auction_id": AUCTION, "epoch": 1}
        terms = {"currency": "CNY", "opening_price": 1, "increment": 1, "opens_at": OPENS, "closes_at": CLOSES,
                 "soft_close": None, "seller": None, "self_outbid": True, "amount_limit": None}
        self.recorded = [{**head, "sequence": 1, "event": "created", "at": at(1), "auction": terms},
                         {**head, "sequence": 2, "event": "opened", "at": at(2)},
                         accepted(3, "Alice", 10), accepted(4, "Bob", 11), accepted(5, "Alice", 15)]
        self.state = shown(5, 15, "Alice", 3)
        self.bids = None

    def events(self, _):
        return self.recorded

    def auction(self, _):
        return self.state

    def history(self, _):
        if self.bids is not None:
            return self.bids
        return [{name: event[name] for name in ("sequence", "bidder", "amount", "at")} for event in self.recorded
                if event["event"] == "bid_accepted"]

    def close(self, **changed):
        self.recorded.append({"auction_id": AUCTION, "epoch": 1, "sequence": len(self.recorded) + 1, "event": "closed",
                              "winner": "Alice", "price": 15, "sold": True, "at": CLOSES, **changed})
        self.state.update(sequence=len(self.recorded), state="closed", winner="Alice", sold=True)


class Response:
    def __init__(self, status, body):
        self.status = status
        self.body = body

    def json(self):
        return copy.deepcopy(self.body)


def answered(moment, who, amount, **answer):
    """A bid that was sent at `moment` and answered right after."""
    bid = Bid(AUCTION, who, amount, f"key-{moment}")
    bid.sent_ns = moment * NS
    body = {"auction_id": AUCTION, "bidder": who, "amount": amount, "closes_at": CLOSES, **answer}
    bid.attempt(moment * NS + 10, Response(200, body))
    bid.answer = body
    return bid


def won(moment, sequence, who, amount, **changed):
    return answered(moment, who, amount, **{
        "verdict": "accepted", "sequence": sequence, "price": amount, "leader": who, "minimum_next": amount + 1,
        "as_of_sequence": sequence, "decided_at": at(sequence), **changed})


def lost(moment, amount=11, **changed):
    return answered(moment, "Carol", amount, **{
        "verdict": "rejected", "reason": "amount_below_minimum", "price": 11, "leader": "Bob", "minimum_next": 12,
        "as_of_sequence": 4, "decided_at": at(5), **changed})


class Bidder:
    def __init__(self, bids):
        self.bids = bids


class Watcher:
    def __init__(self, recorded):
        self.events = copy.deepcopy(recorded.recorded[2:])
        self.told = {AUCTION: {"events": [[event, None, 50 * NS] for event in self.events], "states": [
            {"events_before": 0, "asked_ns": 1, "seen_ns": 2, "auction": shown(2, None, None, 0)}]}}


def check(recorded=None, bids=None, watcher=None, ended=False):
    recorded = recorded or Recorded()
    told = Told(1)
    unknown = told.note([watcher or Watcher(recorded)],
                        [Bidder(bids or [won(10, 3, "Alice", 10), won(20, 4, "Bob", 11), lost(30),
                                         won(40, 5, "Alice", 15), Bid(AUCTION, "Dave", 16, "key")])])
    assert bids or len(unknown) == 1
    if ended:
        told.ended(AUCTION)
    told.check(recorded, [AUCTION])
    return told


def test_a_sound_history_passes():
    assert check().counts["judged"] == 5
    closed = Recorded()
    closed.close()
    check(closed, ended=True)


def others(*bids):
    """The three bids that took effect, each left open unless it is among these, and these."""
    told = {bid.amount for bid in bids if bid.answer["verdict"] == "accepted"}
    left_open = [Bid(AUCTION, bidder, amount, f"key-{amount}")
                 for bidder, amount in (("Alice", 10), ("Bob", 11), ("Alice", 15)) if amount not in told]
    return [*left_open, *bids]


@pytest.mark.parametrize("rule,bids", [
    ("lost_bid", [won(40, 6, "Alice", 16)]), ("changed_bid", [won(40, 5, "Alice", 16)]),
    ("changed_bid", [won(40, 4, "Alice", 15)]), ("changed_bid", [won(40, 5, "Alice", 15, decided_at=at(6))]),
    ("lost_state", [lost(30, as_of_sequence=9)]), ("answer_state", [lost(30, price=15)]),
    ("answer_state", [lost(30, leader="Alice")]), ("wrong_reason", [lost(30, amount=12)]),
    ("wrong_reason", [lost(30, reason="own_auction")]), ("malformed", [won(40, 5, "Alice", 15, bidder="Bob")]),
    ("stale_answer", [won(10, 5, "Alice", 15), lost(30)]),
    ("real_time", [won(10, 4, "Bob", 11), won(30, 3, "Alice", 10)])])
def test_a_lost_or_changed_answer_is_caught(rule, bids):
    with pytest.raises(AssertionError, match=rule):
        check(bids=others(*bids))


def test_what_was_refused_must_not_be_there():
    refused = Bid(AUCTION, "Alice", 15, "key")
    refused.attempt(41 * NS, Response(503, {"code": "unavailable"}))
    refused.answer = {"verdict": "rejected"}
    bids = [won(10, 3, "Alice", 10), won(20, 4, "Bob", 11)]
    with pytest.raises(AssertionError, match="invented_bid"):
        check(bids=[*bids, refused])
    unknown = Bid(AUCTION, "Alice", 15, "key")
    unknown.attempt(41 * NS, Response(503, {"code": "outcome_unknown"}))
    check(bids=[*bids, unknown])


def test_a_key_with_two_effects_is_caught():
    twice = Bid(AUCTION, "Alice", 10, "key")
    for sequence in (3, 5):
        twice.attempt(sequence * NS, Response(200, won(1, sequence, "Alice", 10).answer))
    twice.answer = won(1, 3, "Alice", 10).answer
    with pytest.raises(AssertionError, match="double_effect"):
        check(bids=[twice, *others()[1:]])


@pytest.mark.parametrize("event", [accepted(4, "Bob", 12), accepted(5, "Bob", 15), accepted(6, "Bob", 16)])
def test_an_event_shown_but_not_kept_is_caught(event):
    watcher = Watcher(Recorded())
    watcher.events.append(event)
    with pytest.raises(AssertionError, match="INV-3"):
        check(watcher=watcher)


@pytest.mark.parametrize("rule,change", [
    ("watcher_gap", lambda told: told["events"].pop(1)),
    ("watcher_gap", lambda told: told["states"].clear()),
    ("watcher_event", lambda told: told["events"][1][0].update(price=12)),
    ("watcher_state", lambda told: told["states"][0]["auction"].update(leader="Bob")),
    ("watcher_state", lambda told: told["states"][0].update(asked_ns=60 * NS))])
def test_a_watcher_that_was_told_wrong_is_caught(rule, change):
    recorded = Recorded()
    watcher = Watcher(recorded)
    watcher.told = copy.deepcopy(watcher.told)
    change(watcher.told[AUCTION])
    with pytest.raises(AssertionError, match=rule):
        check(recorded, watcher=watcher)


def without_one(recorded):
    del recorded.recorded[3]


def equal_price(recorded):
    recorded.recorded[3] = accepted(4, "Bob", 10)


def closed_twice(recorded):
    recorded.close()
    recorded.close()


def a_bid_after_the_close(recorded):
    recorded.close()
    recorded.recorded.append({**accepted(7, "Bob", 20), "at": CLOSES})


def another_winner(recorded):
    recorded.close(winner="Bob")


def closed_early(recorded):
    recorded.close(at=at(9))


def a_late_bid(recorded):
    recorded.recorded[4]["at"] = CLOSES


def a_state_behind(recorded):
    recorded.state["price"] = 11


def a_history_with_less(recorded):
    recorded.bids = recorded.history(AUCTION)[:2]


def a_history_with_more(recorded):
    recorded.bids = [*recorded.history(AUCTION), {"sequence": 9, "bidder": "Eve", "amount": 99, "at": at(9)}]


def a_history_with_another_amount(recorded):
    recorded.bids = copy.deepcopy(recorded.history(AUCTION))
    recorded.bids[0]["amount"] = 9


@pytest.mark.parametrize("rule,plant", [
    ("sequence_gap", without_one), ("price_step", equal_price), ("event_order", closed_twice),
    ("event_order", a_bid_after_the_close), ("close", another_winner), ("event_time", closed_early),
    ("late_bid", a_late_bid), ("final_price", a_state_behind), ("bids_list", a_history_with_less),
    ("bids_list", a_history_with_more), ("bids_list", a_history_with_another_amount)],
    ids=lambda value: value if isinstance(value, str) else value.__name__)
def test_a_broken_ledger_is_caught(rule, plant):
    recorded = Recorded()
    plant(recorded)
    watcher = Watcher(Recorded())
    watcher.events = []  # what it saw is not the matter here
    watcher.told = {}
    with pytest.raises(AssertionError, match=rule):
        check(recorded, watcher=watcher)


def test_an_auction_that_never_ends_is_caught():
    with pytest.raises(AssertionError, match="not_closed"):
        check(ended=True)
