"""Today's server on the ledgers of older versions (tests/fixtures/ledgers): opened, read, bid on, verified; and a newer one's is refused."""
import contextlib
import sqlite3

import pytest

from api_client import Api
from flashbid_server import REPOSITORY, Server, run_command

LEDGERS = sorted((REPOSITORY / "tests" / "fixtures" / "ledgers").glob("*.sql"))
SCHEMA = "src/ledger/sqlite/schema.hpp"


def folder_of(text, folder):
    folder.mkdir()
    with contextlib.closing(sqlite3.connect(folder / "flashbid.db")) as ledger:
        ledger.executescript(text.read_text(encoding="utf-8"))
    return folder


def schema_of(folder):
    with contextlib.closing(sqlite3.connect(folder / "flashbid.db")) as ledger:
        return ledger.execute("PRAGMA user_version").fetchone()[0]


def test_every_schema_up_to_todays_has_a_ledger():
    today = int((REPOSITORY / SCHEMA).read_text().split("schema_version = ")[1].split(";")[0])
    assert {f"schema-{version}.sql" for version in range(1, today + 1)} <= {text.name for text in LEDGERS}


@pytest.mark.parametrize("text", LEDGERS, ids=lambda text: text.stem)
def test_a_ledger_of_an_older_version_goes_on(tmp_path, text):
    data = folder_of(text, tmp_path / "data")
    assert schema_of(data) == int(text.stem.removeprefix("schema-"))
    with Server(data) as server:
        api = Api(server)
        # What was there is there, whether it had moved into history or not.
        assert [(one["id"], one["state"]) for one in api.get_json("/v1/auctions")["auctions"]] == [
            (1, "open"), (2, "closed"), (3, "cancelled")]
        opened, sold = api.auction(1), api.auction(2)
        assert (opened["price"], opened["leader"], opened["bids"], opened["reserve_met"]) == (10500, "Bob", 2, False)
        assert (sold["winner"], sold["sold"], sold["price"]) == ("Bob", True, 10500)
        bids = api.get_json("/v1/auctions/1/bids")["bids"]
        assert [(bid["bidder"], bid["amount"]) for bid in bids] == [("Alice", 10000), ("Bob", 10500)]
        # The same keys get the same answers, and no second effect.
        again = api.accept(1, 10000, "Alice", key="first")
        assert (again["sequence"], again["as_of_sequence"]) == (bids[0]["sequence"], bids[0]["sequence"])
        assert api.accept(1, 10500, "Bob", key="second")["sequence"] == bids[1]["sequence"]
        assert api.reject(1, 10100, "amount_below_minimum", "Carol", key="too-low")["price"] == 10500
        api.problem("POST", "/v1/auctions/1/bids", 422, "idempotency_key_reused", body={"amount": 1}, bidder="Bob", key="second")
        assert api.auction(1)["sequence"] == opened["sequence"]
        # And it goes on.
        assert api.accept(1, 20000, "Carol")["sequence"] == opened["sequence"] + 1
        assert api.auction(1)["reserve_met"] is True
        assert api.create()["id"] == 4
    done = run_command("verify", "--data", str(data))
    assert done.returncode == 0 and "consistent. 4 auctions" in done.stdout, done


@pytest.mark.parametrize("command", [["serve", "--dev", "--listen", "127.0.0.1:0", "--data"], ["verify", "--data"]])
def test_a_newer_versions_ledger_is_refused_and_left_alone(tmp_path, command):
    data = folder_of(LEDGERS[-1], tmp_path / "data")
    with contextlib.closing(sqlite3.connect(data / "flashbid.db")) as ledger:
        ledger.execute("PRAGMA user_version = 99")
    before = (data / "flashbid.db").read_bytes()
    done = run_command(*command, str(data))
    assert done.returncode == 2 and "schema is 99" in done.stderr and done.stderr.count("\n") == 1, done
    assert (data / "flashbid.db").read_bytes() == before
