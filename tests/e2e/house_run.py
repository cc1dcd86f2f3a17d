"""One house over all that happens to it: loads of bidders and watchers, one after the other, while something is done to it."""
import time

from api_client import Api, in_seconds
from kill_load import Bidder, Watcher
from told import Told

BIDDERS_PER_NODE = 2


class Run(Told):
    """One house over all that happens to it."""

    def __init__(self, house, seed):
        super().__init__(seed)
        self.house = house
        self.auctions = []
        self.everything = set()

    def prepare(self, number):
        """Auctions for one load, one of which ends during it; through any node."""
        api = Api(self.random.choice(self.house.nodes))
        if number % 4 == 0:
            self.auctions = [api.create(opening_price=1, increment=1, closes_at=in_seconds(7200))["id"]
                             for _ in range(4)]
        soft = {"window_ms": 200, "extend_ms": 100, "mode": "from_bid", "max_extensions": 3}
        short = api.create(opening_price=1, increment=1, closes_at=in_seconds(self.random.uniform(0.5, 2)),
                           soft_close=soft)["id"]
        api.close()
        self.everything |= {*self.auctions, short}
        return [*self.auctions, short]

    def load(self, number, auctions, what_happens):
        """Bidders and a watcher on every node while it happens, and for a while after."""
        watchers = [Watcher(node, auctions) for node in self.house.nodes]
        bidders = [Bidder(node, f"B{number}-{k}-{n}", auctions, self.random.random(), depth=1 + 3 * n)
                   for k, node in enumerate(self.house.nodes) for n in range(BIDDERS_PER_NODE)]
        threads = [*watchers, *bidders]
        for thread in threads:
            thread.start()
        time.sleep(self.random.uniform(0.1, 0.6))
        what_happens()
        time.sleep(self.random.uniform(0.1, 0.4))
        for thread in [*bidders, *watchers]:
            thread.stop()
        for thread in threads:
            thread.join(timeout=60)
            assert not thread.is_alive() and thread.failure is None, thread.failure
        return watchers, bidders

    def check_all(self, auctions, watchers, bidders):
        """What was told, by what another node says now."""
        api = Api(self.random.choice(self.house.nodes))
        unknown = self.note(watchers, bidders)
        self.check(api, auctions)
        self.retry(api, bidders, unknown)
        api.wait_state(auctions[-1], "closed")
        self.ended(auctions[-1])
        api.close()

    def round(self, number, what_happens, only_accepted=False):
        """only_accepted: rejections and events rest on what a primary has synced, and it may be lost."""
        auctions = self.prepare(number)
        watchers, bidders = self.load(number, auctions, what_happens)
        self.house.wait_until_ready()
        if only_accepted:
            watchers = []
            for bidder in bidders:
                bidder.bids = [bid for bid in bidder.bids if bid.answer is None or bid.answer["verdict"] == "accepted"]
        self.check_all(auctions, watchers, bidders)

    def kill(self, part):
        """And starts it again soon."""
        part.kill()
        time.sleep(self.random.uniform(0.05, 1.0))
        part.start()

    def end(self, rounds):
        api = Api(self.house.nodes[0])
        self.check(api, sorted(self.everything))
        api.close()
        done = self.house.wait_for_drain()
        assert done.returncode == 0, done.stdout + done.stderr + "".join(relay.tail() for relay in self.house.relays)
        self.house.stop()
        print(self.counts)
        assert self.counts["accepted"] > 20 * rounds and self.counts["rejected"] > rounds
        assert self.counts["seen"] > 20 * rounds
