"""`flashbid backup` beside a server that takes bids, and the way back by `flashbid restore`."""
import contextlib
import sqlite3
import subprocess
import threading

import pytest

from api_client import Api
from flashbid_server import BINARY, run_command
from small_disk import SIZE_MB, SmallDisk
from stream_client import Stream


def backup(server, to):
    return run_command("backup", "--data", str(server.data), "--to", str(to))


def restore(made, to):
    return run_command("restore", "--from", f"sqlite:{made}", "--to", f"sqlite:{to}")


def test_a_copy_made_under_load_is_whole_and_comes_back(tmp_path, own_server):
    server = own_server().start()
    api = Api(server)
    auction = api.create(opening_price=1, increment=1)["id"]
    first = api.bid(auction, 1, "Alice", key="first")
    ended = threading.Event()

    def crowd():
        with_own = Api(server)
        amount = 1
        while not ended.is_set():
            amount += 1
            with_own.bid(auction, amount, f"B{amount % 7}", key=f"k{amount}")
        with_own.close()

    bidding = threading.Thread(target=crowd)
    bidding.start()
    try:
        for made in (tmp_path / "monday", tmp_path / "tuesday"):
            done = backup(server, made)
            assert done.returncode == 0 and done.stdout.endswith("Consistent.\n"), done.stdout + done.stderr
            assert sorted(each.name for each in made.iterdir()) == ["flashbid.db"]
            assert made.stat().st_mode & 0o077 == 0, "nobody else's"
        floor = api.auction(auction)["sequence"]
    finally:
        ended.set()
        bidding.join()
    assert api.auction(auction)["sequence"] > floor or floor > 3, "there were bids meanwhile"
    lost = api.auction(auction)
    api.close()
    server.kill()

    back = tmp_path / "back"
    done = restore(tmp_path / "tuesday", back)
    assert done.returncode == 0, done.stdout + done.stderr
    restored = own_server(data=back).start()
    api = Api(restored)
    now = api.auction(auction)
    assert 3 <= now["sequence"] <= lost["sequence"] and now["epoch"] > lost["epoch"]
    assert api.bid(auction, 1, "Alice", key="first") == first, "the key is remembered"
    assert api.bid(auction, now["minimum_next"], "Carol")["verdict"] == "accepted"
    with Stream(restored) as stream:
        stream.subscribe(auction, after_sequence=lost["sequence"], epoch=lost["epoch"])
        assert stream.read()["type"] == "reset", "who saw what is gone starts over"
    api.close()


def test_two_restores_of_one_backup_are_two_histories(tmp_path, own_server):
    server = own_server().start()
    Api(server).create()
    made = tmp_path / "made"
    assert backup(server, made).returncode == 0
    epochs = set()
    for name in ("one", "two"):
        assert restore(made, tmp_path / name).returncode == 0
        again = own_server(data=tmp_path / name).start()
        epochs.add(Api(again).request("GET", "/v1/auctions").json()["auctions"][0]["epoch"])
        again.stop()
    assert len(epochs) == 2


def test_accounts_come_along(tmp_path, own_server):
    key = tmp_path / "key"
    key.write_text("k" * 64)
    server = own_server("--jwt-key", str(key), "--accounts").start()
    assert backup(server, tmp_path / "made").returncode == 0
    assert sorted(each.name for each in (tmp_path / "made").iterdir()) == ["accounts.db", "flashbid.db"]


@pytest.mark.parametrize("words, code, said", [
    (["backup", "--data", "{data}"], 2, "--to is missing"),
    (["backup", "--data", "{nothing}", "--to", "{new}"], 2, "there is no ledger at"),
    (["backup", "--data", "{data}", "--to", "{full}"], 2, "is there already: give a folder that is not, or is empty"),
    (["backup", "--data", "{data}", "--to", "{begun}"], 2, "is left of a copy that did not end: remove it"),
    (["restore", "--from", "sqlite:{data}", "--to", "sqlite:{full}"], 2, "is there already"),
    (["restore", "--from", "sqlite:{data}", "--to", "redis://127.0.0.1:1"], 2, "--from sqlite:BACKUP --to sqlite:DIR"),
])
def test_what_cannot_be_done_is_said(tmp_path, own_server, words, code, said):
    server = own_server().start()
    places = {name: tmp_path / name for name in ("nothing", "new", "full", "begun")} | {"data": server.data}
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "something").write_text("")
    (tmp_path / "begun.partial").mkdir()
    done = run_command(*[word.format(**places) for word in words])
    assert done.returncode == code and said in done.stderr, done.stdout + done.stderr
    assert not (tmp_path / "new").exists() and list((tmp_path / "full").iterdir()) == [tmp_path / "full" / "something"]


def test_a_damaged_ledger_is_not_copied(tmp_path, own_server):
    server = own_server().start()
    api = Api(server)
    auction = api.create()["id"]
    api.bid(auction, 10000)
    api.close()
    server.stop()
    file = server.data / "flashbid.db"
    whole = file.read_bytes()
    assert whole.count(b"Alice") >= 1
    file.write_bytes(whole.replace(b"Alice", b"Mrice"))
    done = backup(server, tmp_path / "made")
    assert done.returncode == 1 and "damaged" in done.stderr, done.stdout + done.stderr
    assert not (tmp_path / "made").exists() and not (tmp_path / "made.partial").exists()


@pytest.mark.parametrize("change, code, said", [
    ("PRAGMA application_id = 7", 1, "is another program's SQLite file"),
    ("PRAGMA user_version = 99", 2, "was made by a newer FlashBid"),
    ("PRAGMA user_version = 1", 2, "start its server once with this version"),
])
def test_what_is_no_ledger_of_this_version_is_not_copied(tmp_path, own_server, change, code, said):
    server = own_server().start()
    server.stop()
    with contextlib.closing(sqlite3.connect(server.data / "flashbid.db")) as ledger:
        ledger.execute(change)
    done = backup(server, tmp_path / "made")
    assert done.returncode == code and said in done.stderr, done.stdout + done.stderr
    assert not (tmp_path / "made").exists()


def test_no_room_for_the_copy(tmp_path, own_server):
    server = own_server().start()
    api = Api(server)
    for _ in range(200):
        api.create(description="x" * 3000)
    api.close()
    (tmp_path / "disk").mkdir()
    disk = SmallDisk(tmp_path / "disk")
    try:
        (disk.root / "ballast").write_bytes(b"x" * (SIZE_MB * 2**20 - 200_000))
        done = subprocess.run([*disk.prefix, str(BINARY), "backup", "--data", str(server.data), "--to",
                               str(tmp_path / "disk" / "made")], capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and "there is no room for" in done.stderr, done.stdout + done.stderr
        assert not list(disk.root.glob("made*"))
    finally:
        disk.close()
