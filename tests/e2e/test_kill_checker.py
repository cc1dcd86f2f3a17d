"""The kill test's own checks are shown to bite: each planted loss or lie in a recorded ledger is caught."""
import copy

import pytest

from kill_load import Bid
from told import Ledger

CLOSES = "2030-01-01T00:10:00.000Z"


def at(second):
    return f"2030-01-01T00:00:{second:02d}.000Z"


def accepted(sequence, bidder, amount):
    return {"auction_id": 7, "epoch": 1, "sequence": sequence, "event": "bid_accepted", "bidder": bidder,
            "amount": amount, "price": amount, "leader": bidder, "minimum_next": amount + 1, "closes_at": CLOSES,
            "at": at(sequence)}


class Recorded:
    """A recorded ledger in place of a server."""

    def __init__(self):
        head = {"auction_id": 7, "epoch": 1}
        self.recorded = [{**head, "sequence": 1, "event": "created", "at": at(1)},
                         {**head, "sequence": 2, "event": "opened", "at": at(2)},
                         accepted(3, "Alice", 10), accepted(4, "Bob", 11), accepted(5, "Alice", 15)]
        self.state = {"sequence": 5, "price": 15, "leader": "Alice", "minimum_next": 16}
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


def answered(amount, bidder="Alice", **answer):
    bid = Bid(7, bidder, amount, "key")
    bid.answer = {"auction_id": 7, "bidder": bidder, "amount": amount, "closes_at": CLOSES, **answer}
    return bid


def accepted_answer(amount=15, **changed):
    return answered(amount, **{"verdict": "accepted", "sequence": 5, "price": 15, "leader": "Alice",
                               "minimum_next": 16, "as_of_sequence": 5, "decided_at": at(5), **changed})


def rejected_answer(amount=11, **changed):
    return answered(amount, "Carol", **{"verdict": "rejected", "reason": "amount_below_minimum", "price": 11,
                                        "leader": "Bob", "minimum_next": 12, "as_of_sequence": 4,
                                        "decided_at": at(5), **changed})


def test_a_sound_ledger_passes():
    ledger = Ledger(Recorded(), 7)
    ledger.check_answer(accepted_answer())
    ledger.check_answer(rejected_answer())
    ledger.check_seen(accepted(4, "Bob", 11))


@pytest.mark.parametrize("bid", [
    accepted_answer(sequence=6, as_of_sequence=6), accepted_answer(amount=16), accepted_answer(sequence=4),
    accepted_answer(decided_at=at(6)), rejected_answer(as_of_sequence=9), rejected_answer(price=15),
    rejected_answer(leader="Alice"), rejected_answer(amount=12), rejected_answer(reason="own_auction")])
def test_a_lost_or_changed_answer_is_caught(bid):
    with pytest.raises((AssertionError, KeyError)):
        Ledger(Recorded(), 7).check_answer(bid)


@pytest.mark.parametrize("event", [accepted(4, "Bob", 12), accepted(5, "Bob", 15), accepted(6, "Bob", 16)])
def test_an_event_shown_but_not_kept_is_caught(event):
    with pytest.raises((AssertionError, IndexError)):
        Ledger(Recorded(), 7).check_seen(event)


def without_one(recorded):
    del recorded.recorded[3]


def equal_price(recorded):
    recorded.recorded[3] = accepted(4, "Bob", 10)


def closed_twice(recorded):
    closed = {"auction_id": 7, "epoch": 1, "event": "closed", "winner": "Alice", "price": 15, "at": at(9)}
    recorded.recorded += [{**closed, "sequence": 6}, {**closed, "sequence": 7}]
    recorded.state["sequence"] = 7


def a_bid_after_the_close(recorded):
    closed = {"auction_id": 7, "epoch": 1, "event": "closed", "winner": "Alice", "price": 15, "at": at(9)}
    recorded.recorded += [{**closed, "sequence": 6}, accepted(7, "Bob", 20)]
    recorded.state.update(sequence=7, price=20, leader="Bob", minimum_next=21)


def another_winner(recorded):
    recorded.recorded.append({"auction_id": 7, "epoch": 1, "sequence": 6, "event": "closed", "winner": "Bob",
                              "price": 15, "at": at(9)})
    recorded.state["sequence"] = 6


def a_late_bid(recorded):
    recorded.recorded[4]["at"] = CLOSES


def a_state_behind(recorded):
    recorded.state["price"] = 11


def a_history_with_less(recorded):
    recorded.bids = recorded.history(7)[:2]


def a_history_with_more(recorded):
    recorded.bids = [*recorded.history(7), {"sequence": 9, "bidder": "Eve", "amount": 99, "at": at(9)}]


def a_history_with_another_amount(recorded):
    recorded.bids = copy.deepcopy(recorded.history(7))
    recorded.bids[0]["amount"] = 9


@pytest.mark.parametrize("plant", [without_one, equal_price, closed_twice, a_bid_after_the_close, another_winner,
                                   a_late_bid, a_state_behind, a_history_with_less, a_history_with_more,
                                   a_history_with_another_amount], ids=lambda plant: plant.__name__)
def test_a_broken_ledger_is_caught(plant):
    recorded = Recorded()
    plant(recorded)
    with pytest.raises((AssertionError, KeyError)):
        Ledger(recorded, 7)
