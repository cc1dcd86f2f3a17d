"""R3: SIGKILL of the real binary under load, restart, and proof that nothing acknowledged, quoted or shown is lost.

FLASHBID_KILLS sets the number of kills (100), FLASHBID_SEED the seed (1): a failing run prints both.
"""
import os
import time

import pytest

from api_client import Api, in_seconds
from kill_load import Bidder, Watcher
from told import Told

KILLS = int(os.environ.get("FLASHBID_KILLS", "100"))
SEED = int(os.environ.get("FLASHBID_SEED", "1"))
BIDDERS = 6
AUCTIONS_LIVE_FOR = 10  # kills

pytestmark = pytest.mark.kill


class Run(Told):
    """One server over all the kills, the auctions, and all that anybody was told."""

    def __init__(self, server):
        super().__init__(SEED)
        self.server = server
        self.auctions = []
        self.short = None

    def prepare(self, api, kill):
        if kill % AUCTIONS_LIVE_FOR == 0:
            self.auctions = [api.create(opening_price=1, increment=1, closes_at=in_seconds(7200))["id"]
                             for _ in range(3)]
        soft = {"window_ms": 200, "extend_ms": 100, "mode": "from_bid", "max_extensions": 3}
        closes_at = in_seconds(self.random.uniform(0.1, 0.5))
        self.short = api.create(opening_price=1, increment=1, closes_at=closes_at, soft_close=soft)["id"]

    def load_and_kill(self, kill):
        auctions = [*self.auctions, self.short]
        watcher = Watcher(self.server, auctions)
        watcher.start()
        bidders = [Bidder(self.server, f"B{kill}-{n}", auctions, self.random.random(), depth=1 + 7 * (n % 2))
                   for n in range(BIDDERS)]
        for bidder in bidders:
            bidder.start()
        time.sleep(self.random.uniform(0.02, 0.5))
        self.server.check_alive()
        self.server.kill()
        for thread in [watcher, *bidders]:
            thread.join(timeout=30)
            assert not thread.is_alive() and thread.failure is None, thread.failure
        return watcher, bidders

    def restart(self):
        """Now and then the recovery itself is killed first."""
        if self.random.random() < 0.2:
            self.server.launch()
            time.sleep(self.random.uniform(0, 0.05))
            self.server.kill()
        self.server.start()



def test_kills(own_server):
    run = Run(own_server().start())
    api, everything = Api(run.server), set()
    for kill in range(KILLS):
        context = f"kill {kill} of FLASHBID_KILLS={KILLS} FLASHBID_SEED={SEED}"
        run.prepare(api, kill)
        api.close()
        everything |= {*run.auctions, run.short}
        watcher, bidders = run.load_and_kill(kill)
        run.restart()
        api = Api(run.server)
        unknown = run.note([watcher], bidders)
        try:
            run.check(api, [*run.auctions, run.short])
            run.retry(api, bidders, unknown)
            api.wait_state(run.short, "closed")
            run.ended(run.short)
        except AssertionError as failure:
            raise AssertionError(f"{context}: {failure}") from failure
    run.check(api, sorted(everything))
    print(run.counts)
    assert run.counts["accepted"] > 20 * KILLS and run.counts["rejected"] > KILLS and run.counts["seen"] > 20 * KILLS
    assert KILLS < 10 or run.counts["unknown"] > 0, "no bid was ever in flight at a kill: the load proves little"
