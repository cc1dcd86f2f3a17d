"""What the bidders and watchers of a run were told, and the checks that hold it against what the server says afterwards."""
import random

from api_client import milliseconds
from kill_load import same

RETRIED_AT_ONCE = 24
NEWEST = 200  # of a bidder: of rejections only so many are remembered in all


class Ledger:
    """What the recovered server says of an auction, proven consistent in itself."""

    def __init__(self, api, auction):
        self.read(api, auction)
        if self.state["sequence"] == len(self.events) + 1:
            self.read(api, auction)  # it ended between the two requests
        self.check_sequences()
        self.check_prices()

    def read(self, api, auction):
        self.events = api.events(auction)
        self.state = api.auction(auction)
        self.bids = {bid["sequence"]: bid for bid in api.history(auction)}

    def check_sequences(self):
        assert [event["sequence"] for event in self.events] == list(range(1, len(self.events) + 1)), "INV-4: gapless"
        assert self.state["sequence"] == len(self.events)
        kinds = [event["event"] for event in self.events]
        assert kinds[:2] == ["created", "opened"]
        assert kinds.count("closed") <= 1, "INV-6: one close"
        assert "closed" not in kinds or kinds[-1] == "closed"

    def check_prices(self):
        """INV-4 and INV-7, and the state after each event for what rejections quote."""
        price, leader, minimum, end = None, None, 1, None
        self.after = {}
        for event in self.events:
            if event["event"] == "bid_accepted":
                assert event["amount"] >= minimum and event["price"] == event["amount"], event
                price, leader, minimum = event["price"], event["leader"], event["minimum_next"]
                assert milliseconds(event["at"]) < milliseconds(event["closes_at"]), "INV-7: not after the end"
                assert end is None or event["closes_at"] == end
                end = event["closes_at"]
                expected = {name: event[name] for name in ("sequence", "bidder", "amount", "at")}
                assert same(self.bids[event["sequence"]], expected)
            elif event["event"] == "extended":
                end = event["closes_at"]
            elif event["event"] == "closed":
                assert (event["winner"], event["price"]) == (leader, price)
            self.after[event["sequence"]] = (price, leader, minimum)
        assert len(self.bids) == sum(event["event"] == "bid_accepted" for event in self.events)
        assert (self.state["price"], self.state["leader"], self.state["minimum_next"]) == (price, leader, minimum)

    def check_answer(self, bid):
        """INV-1 and INV-2 for one answer that a bidder holds."""
        answer = bid.answer
        assert answer["as_of_sequence"] <= self.state["sequence"], f"INV-2: {answer}"
        if answer["verdict"] == "accepted":
            expected = {"sequence": answer["sequence"], "bidder": bid.bidder, "amount": bid.amount,
                        "at": answer["decided_at"]}
            found = self.bids.get(answer["sequence"])
            assert found is not None and same(found, expected), f"INV-1: lost {expected}, there is {found}"
        else:
            quoted = (answer["price"], answer["leader"], answer["minimum_next"])
            assert quoted == self.after[answer["as_of_sequence"]], f"INV-2: quoted {answer}"
            if answer["reason"] == "amount_below_minimum":
                assert bid.amount < answer["minimum_next"]
            else:
                assert answer["reason"] == "closed"

    def check_seen(self, event):
        """INV-3: what a watcher saw is there, the same."""
        assert same(self.events[event["sequence"] - 1], event), f"INV-3: shown {event}"


class Told:
    """All that anybody was told."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.answered = {}
        self.seen = {}
        self.counts = {"accepted": 0, "rejected": 0, "unknown": 0, "seen": 0, "retried": 0}

    def note(self, watchers, bidders):
        """Takes down what they have; returns the bids whose outcome nobody knows."""
        unknown = []
        for bidder in bidders:
            for bid in bidder.bids:
                if bid.answer is None:
                    unknown.append(bid)
                else:
                    self.answered.setdefault(bid.auction, []).append(bid)
                    self.counts[bid.answer["verdict"]] += 1
        for watcher in watchers:
            for event in watcher.events:
                self.seen.setdefault(event["auction_id"], []).append(event)
            self.counts["seen"] += len(watcher.events)
        self.counts["unknown"] += len(unknown)
        return unknown

    def check(self, api, auctions):
        for auction in auctions:
            ledger = Ledger(api, auction)
            for bid in self.answered.get(auction, ()):
                ledger.check_answer(bid)
            for event in self.seen.get(auction, ()):
                ledger.check_seen(event)

    def retry(self, api, bidders, unknown):
        """INV-8 across the kill: a known answer is repeated; an unknown outcome becomes one, and stays that."""
        known = [bid for bidder in bidders for bid in bidder.bids[-NEWEST:] if bid.answer is not None]
        for bid in self.random.sample(known, min(RETRIED_AT_ONCE, len(known))):
            again = api.bid(bid.auction, bid.amount, bid.bidder, bid.key)
            assert same(again, bid.answer), f"INV-8: was {bid.answer}, is {again}"
        made = {auction: {bid["amount"]: bid for bid in api.history(auction)}
                for auction in {bid.auction for bid in unknown}}
        for bid in unknown:
            already = made[bid.auction].get(bid.amount)
            bid.answer = api.bid(bid.auction, bid.amount, bid.bidder, bid.key)
            if already and already["bidder"] == bid.bidder:
                assert bid.answer["verdict"] == "accepted" and bid.answer["sequence"] == already["sequence"], (
                    f"INV-8: {already} is in the ledger, the retry says {bid.answer}")
            assert same(api.bid(bid.auction, bid.amount, bid.bidder, bid.key), bid.answer)
            self.answered.setdefault(bid.auction, []).append(bid)
        self.counts["retried"] += min(RETRIED_AT_ONCE, len(known)) + len(unknown)
