"""A house with accounts of its own, as compose.embedded.yaml and the Debian package begin: an operator made by hand, an
auction, bidders who register. Remembers what was acknowledged, and whether it is there."""
from accounts_client import bearer, log_in, register
from api_client import in_seconds
from conftest import until
from http_wire import ConnectionEnded

OPERATOR, PASSWORD = "root", "operator's horse"


def wait_until_ready(api):
    def ready():
        api.close()
        try:
            return api.get("/readyz").status == 200
        except (ConnectionEnded, OSError):
            return False
    until(ready, "the server is ready")


class House:
    def __init__(self, api):
        """The operator's account has been made."""
        self.api = api
        for name in ("alice", "bob"):
            register(api, name)
        created = api.post("/v1/auctions", {"title": "A lot", "currency": "CNY", "opening_price": 100, "increment": 100,
                                            "closes_at": in_seconds(3600)}, headers=bearer(log_in(api, OPERATOR, PASSWORD)))
        assert created.status == 201, created
        self.auction = created.json()["id"]
        self.amounts = []

    def bid(self):
        """One more bid, by alice and bob in turn."""
        amount = 100 * (len(self.amounts) + 1)
        bidder = bearer(log_in(self.api, ("alice", "bob")[len(self.amounts) % 2]))
        answer = self.api.post(f"/v1/auctions/{self.auction}/bids", {"amount": amount}, headers=bidder)
        assert answer.status == 200 and answer.json()["verdict"] == "accepted", answer
        self.amounts.append(amount)

    def check(self):
        """Everything acknowledged is there, and nothing else, and it goes on from there."""
        assert [bid["amount"] for bid in self.api.history(self.auction)] == self.amounts
        self.bid()
