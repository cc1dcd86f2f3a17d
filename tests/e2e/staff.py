"""The staff of a house with tokens: operators by name, and a bidder."""
import requests

from api_client import in_seconds
from flashbid_server import run_command

SECRET = "a secret of more than thirty-two bytes, of a house that writes down who did what\n"
# Names that nothing else has in it.
BOSS, OTHER = "the-boss@house", "ops-2:night"


class Staff:
    """Tokens of one house."""

    def __init__(self, folder):
        self.key = folder / "key"
        self.key.write_text(SECRET)
        self.headers = {}

    def token(self, name, role):
        made = run_command("token", "--key", str(self.key), "--sub", name, "--role", role)
        assert made.returncode == 0, made.stderr
        return made.stdout.strip()

    def ask(self, server, method, path, name=None, role="operator", **more):
        if name and (name, role) not in self.headers:
            self.headers[name, role] = {"Authorization": f"Bearer {self.token(name, role)}"}
        headers = self.headers[name, role] if name else {}
        return requests.request(method, server.url + path, headers=headers | more.pop("headers", {}), timeout=60, **more)

    def create(self, server, name=BOSS):
        body = {"title": "a private matter", "opening_price": 100, "increment": 10, "opens_at": "2026-01-01T00:00:00Z",
                "closes_at": in_seconds(3600), "currency": "CNY", "reserve": 777777}
        made = self.ask(server, "POST", "/v1/auctions", name, json=body, headers={"Idempotency-Key": "c-1"})
        assert made.status_code == 201, made.text
        return made.json()["id"]

    def bid(self, server, auction, amount):
        answer = self.ask(server, "POST", f"/v1/auctions/{auction}/bids", "Alice", "bidder", json={"amount": amount})
        assert answer.json()["verdict"] == "accepted", answer.text

    def cancel(self, server, auction, name=OTHER):
        answer = self.ask(server, "POST", f"/v1/auctions/{auction}/cancel", name)
        assert answer.status_code == 200, answer.text

    def actions(self, server, auction):
        """(sequence, action, by) of each."""
        answer = self.ask(server, "GET", f"/v1/auctions/{auction}/actions", BOSS)
        assert answer.status_code == 200, answer.text
        return [(each["sequence"], each["action"], each["by"]) for each in answer.json()["actions"]]
