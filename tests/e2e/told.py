"""What the bidders and watchers of a run were told; the checker holds it against what the server says afterwards."""
import random
import time

from kill_load import same
from recorded_history import judge, seen

RETRIED_AT_ONCE = 24
NEWEST = 200  # of a bidder: of rejections only so many are remembered in all


class Told:
    """All that anybody was told. only_ours: nobody else bids on these auctions."""

    def __init__(self, seed, only_ours=True):
        self.random = random.Random(seed)
        self.seed = seed
        self.only_ours = only_ours
        self.records = {}  # by auction, as the checker reads them
        self.seen = {}
        self.counts = {"accepted": 0, "rejected": 0, "unknown": 0, "seen": 0, "retried": 0}

    def record(self, auction):
        return self.records.setdefault(auction, {"operations": [], "watchers": [], "reads": [],
                                                 "only_ours": self.only_ours, "must_be_closed": False})

    def note(self, watchers, bidders):
        """Takes down what they have; returns the bids whose outcome nobody knows."""
        unknown = []
        for bidder in bidders:
            for bid in bidder.bids:
                self.note_attempts(bid)
                if bid.answer is None:
                    unknown.append(bid)
                else:
                    self.counts[bid.answer["verdict"]] += 1
        for watcher in watchers:
            for event in watcher.events:
                self.seen.setdefault(event["auction_id"], []).append(event)
            for auction, told in watcher.told.items():
                self.record(auction)["watchers"].append(told)
            self.counts["seen"] += len(watcher.events)
        self.counts["unknown"] += len(unknown)
        return unknown

    def note_attempts(self, bid):
        if not bid.attempts:
            bid.attempt(0, None)
        self.record(bid.auction)["operations"] += bid.attempts
        bid.attempts = []

    def ended(self, auction):
        """It was seen closed: the checker holds it to that."""
        self.record(auction)["must_be_closed"] = True

    def check(self, api, auctions):
        """INV-1 to 8 and 10, as far as anybody was told; INV-3 in the very words of the events."""
        self.counts["judged"] = judge(self.seed, [self.fetched(api, auction) for auction in auctions])

    def fetched(self, api, auction):
        """The auction, then its bids, then its events, as the checker wants them."""
        record = self.record(auction)
        asked_ns = time.monotonic_ns()
        state = api.auction(auction)
        record["reads"].append(seen(state, asked_ns, time.monotonic_ns()))
        bids = api.history(auction)
        events = api.events(auction)
        for event in self.seen.get(auction, ()):
            found = events[event["sequence"] - 1] if event["sequence"] <= len(events) else None
            assert same(found, event), f"INV-3: shown {event}, there is {found}"
        return auction, record, events, bids

    def bid_again(self, api, bid):
        """Sends it once more under its key, and again while the outcome is not known yet; notes each answer."""
        deadline = time.monotonic() + 60
        while True:
            bid.sent_ns = time.monotonic_ns()
            response = api.post(f"/v1/auctions/{bid.auction}/bids", {"amount": bid.amount}, bidder=bid.bidder, key=bid.key)
            bid.attempt(time.monotonic_ns(), response)
            self.note_attempts(bid)
            if response.status != 503 or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        assert response.status == 200, response
        return response.json()

    def retry(self, api, bidders, unknown):
        """INV-8 across the kill: a known answer is repeated; an unknown outcome becomes one, and stays that."""
        known = [bid for bidder in bidders for bid in bidder.bids[-NEWEST:] if bid.answer is not None]
        for bid in self.random.sample(known, min(RETRIED_AT_ONCE, len(known))):
            again = self.bid_again(api, bid)
            assert same(again, bid.answer), f"INV-8: was {bid.answer}, is {again}"
        made = {auction: {bid["amount"]: bid for bid in api.history(auction)}
                for auction in {bid.auction for bid in unknown}}
        for bid in unknown:
            already = made[bid.auction].get(bid.amount)
            bid.answer = self.bid_again(api, bid)
            if already and already["bidder"] == bid.bidder:
                assert bid.answer["verdict"] == "accepted" and bid.answer["sequence"] == already["sequence"], (
                    f"INV-8: {already} is in the ledger, the retry says {bid.answer}")
            assert same(self.bid_again(api, bid), bid.answer)
        self.counts["retried"] += min(RETRIED_AT_ONCE, len(known)) + len(unknown)
