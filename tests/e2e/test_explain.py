"""/v1/auctions/{id}/explain: what the rules did and whom they refused, with who, when and why, on both engines."""
import pytest

from api_client import in_seconds, milliseconds
from api_documents import OpenApi
from flashbid_server import Server
from staff import BOSS, OTHER, Staff


@pytest.fixture(params=["embedded", "redis"])
def house(request, tmp_path):
    staff = Staff(tmp_path)
    flags = [] if request.param == "embedded" else ["--engine", request.getfixturevalue("redis").url]
    server = Server(tmp_path / "data", "--jwt-key", str(staff.key), *flags, dev=False).start()
    yield staff, server
    server.stop()


def explained(staff, server, auction, query=""):
    """What an operator is told, held against the document."""
    answer = staff.ask(server, "GET", f"/v1/auctions/{auction}/explain{query}", BOSS)
    assert answer.status_code == 200, answer.text
    document = OpenApi(staff.ask(server, "GET", "/openapi.json").json())
    _, item = document.route(f"/v1/auctions/{auction}/explain")
    schema = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert document.errors(schema, answer.json()) == []
    return answer.json()


def bid(staff, server, auction, name, amount, key=None):
    headers = {"Idempotency-Key": key} if key else {}
    answer = staff.ask(server, "POST", f"/v1/auctions/{auction}/bids", name, "bidder", json={"amount": amount}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_life_is_told_with_its_causes(house):
    staff, server = house
    made = staff.ask(server, "POST", "/v1/auctions", BOSS, json={
        "title": "explained", "currency": "CNY", "opening_price": 10000, "increment": {"table": [[20000, 500], [None, 1000]]},
        "closes_at": in_seconds(3600), "reserve": 77777,
        "soft_close": {"window_ms": 86400000, "extend_ms": 7200000, "mode": "from_bid", "max_extensions": 1}}).json()
    auction = made["id"]
    early = bid(staff, server, auction, "Bob", 9999, "k1")
    first = bid(staff, server, auction, "Alice", 10000, "k2")
    assert first["verdict"] == "accepted" and first["closes_at"] > made["closes_at"]
    low = bid(staff, server, auction, "Bob", 10499, "k2")
    bid(staff, server, auction, "Bob", 10499)  # without a key: nothing is kept of it
    assert bid(staff, server, auction, "Bob", 10500)["verdict"] == "accepted"
    assert staff.ask(server, "POST", f"/v1/auctions/{auction}/cancel", OTHER).status_code == 200
    late = bid(staff, server, auction, "Carol", 99999, "k3")

    def check():
        told = explained(staff, server, auction)
        assert [(e["sequence"], e["event"], e["by"], e["rule"]) for e in told["events"]] == [
            (1, "created", BOSS, "operator_asked"), (2, "opened", None, "opens_at_reached"),
            (3, "bid_accepted", "Alice", "opening_price_reached"), (4, "extended", None, "soft_close"),
            (5, "bid_accepted", "Bob", "minimum_next_reached"), (6, "cancelled", OTHER, "operator_asked")]
        moved = told["events"][3]
        assert moved["before"]["closes_at"] == made["closes_at"] and moved["after"]["closes_at"] == first["closes_at"]
        left = milliseconds(made["closes_at"]) - milliseconds(first["decided_at"])
        assert moved["numbers"] == {"bid_sequence": 3, "left_ms": left, "extensions": 1}
        assert told["events"][4]["numbers"]["step"] == {"step": 500, "from": 0, "below": 20000}
        assert (told["events"][4]["numbers"]["least"], told["events"][4]["numbers"]["end"]) == (10500, "extensions_used")
        assert "at a price of 100.00 CNY the step is 5.00 CNY, below 200.00 CNY" in told["events"][4]["why"]
        assert [(r["as_of_sequence"], r["by"], r["amount"], r["reason"], r["at"]) for r in told["rejections"]] == [
            (2, "Bob", 9999, "amount_below_minimum", early["decided_at"]), (4, "Bob", 10499, "amount_below_minimum", low["decided_at"]),
            (6, "Carol", 99999, "cancelled", late["decided_at"])]
        assert "104.99 CNY is below 105.00 CNY" in told["rejections"][1]["why"]
        assert told["rejections_since"] <= early["decided_at"]
        return told

    whole = check()
    events, rejections, after = [], [], 0
    while page := explained(staff, server, auction, f"?after_sequence={after}&limit=2"):
        events += page["events"]
        rejections += page["rejections"]
        if page["next_after_sequence"] == 6:
            break
        after = page["next_after_sequence"]
    assert events == whole["events"] and rejections == whole["rejections"], "pages make the whole, each line once"
    server.kill()
    server.start()
    check()


def test_who_may_ask(house):
    staff, server = house
    auction = staff.create(server)
    path = f"/v1/auctions/{auction}/explain"
    assert staff.ask(server, "GET", path).status_code == 401
    assert staff.ask(server, "GET", path, "Alice", "bidder").status_code == 403
    assert "777777" not in staff.ask(server, "GET", path, BOSS).text, "how much the reserve is nobody is told"
    assert staff.ask(server, "GET", "/v1/auctions/99/explain", BOSS).status_code == 404
    assert staff.ask(server, "GET", path + "?limit=0", BOSS).status_code == 400
    assert staff.ask(server, "GET", path + "?lines=1", BOSS).status_code == 400
    assert staff.ask(server, "POST", path, BOSS).status_code == 405
    assert explained(staff, server, auction, "?after_sequence=99")["events"] == []
