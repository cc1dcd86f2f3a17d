"""A house that is open to the world, for the tests of attacks: the real binary without --dev, an auction to watch over.

Owns the server and its keys. check() is what every attack has to leave true; finish() ends the server and has its
ledger proved by `flashbid verify`.
"""
from api_client import Api, in_seconds
from flashbid_server import Server, run_command
from http_wire import Connection, request_bytes
from stream_client import Stream
from tokens import SECRET, bearer, claims_of, hs256

BID = b'{"amount":20000}'


class House:
    def __init__(self, folder, *flags, key=None, sign=None):
        """key: what --jwt-key is given, else a file with SECRET; sign(claims) -> a token it takes."""
        folder.mkdir(exist_ok=True)
        if key is None:
            key = folder / "secret"
            key.write_bytes(SECRET)
        self.sign = sign or hs256
        self.server = Server(folder / "data", "--jwt-key", str(key), *flags, dev=False).start()
        self.api = Api(self.server)
        self.auction = self.create(opening_price=10000)
        response = self.bid(self.auction, 10000, "Canary")
        assert response.json()["verdict"] == "accepted", response

    @property
    def bids(self):
        return f"/v1/auctions/{self.auction}/bids"

    def token(self, sub, **claims):
        return self.sign(claims_of(sub, **claims))

    def operator(self):
        return bearer(self.token("house", role="operator"))

    def create(self, **fields):
        body = {"title": "A lot", "currency": "CNY", "opening_price": 10000, "increment": 100,
                "closes_at": in_seconds(600), **fields}
        response = self.api.post("/v1/auctions", body, headers=self.operator())
        assert response.status == 201, response
        return response.json()["id"]

    def bid(self, auction, amount, bidder, key=None):
        response = self.api.post(f"/v1/auctions/{auction}/bids", {"amount": amount}, key=key,
                                 headers=bearer(self.token(bidder)))
        assert response.status == 200, response
        return response

    def connect(self):
        return Connection(self.server)

    def stream(self, **how):
        return Stream(self.server, **how)

    def said(self, headers, target=None, body=BID):
        """The answer to a bid with these headers, on a connection of its own."""
        with self.connect() as connection:
            connection.send_all_it_takes(request_bytes(
                "POST", target or self.bids, host=connection.authority, body=body,
                headers=[("Content-Type", "application/json"), *headers]))
            return connection.read_response()

    def check(self):
        """Alive, and the auction as it was: one bid of Canary's, three events."""
        self.server.check_alive()
        assert [bid["bidder"] for bid in self.api.history(self.auction)] == ["Canary"]
        assert self.api.auction(self.auction)["sequence"] == 3
        assert self.api.get("/healthz").status == 200

    def finish(self, *stores):
        """stores: flags of `verify`, if the ledger is not all that is to be proved."""
        self.check()
        self.server.stop()
        proved = run_command("verify", *(stores or ("--data", str(self.server.data))))
        assert proved.returncode == 0, proved
