"""`flashbid verify` of an embedded ledger from outside: what it says of a healthy one, of one that somebody has changed, checksums and all, and
that it can be ended."""
import os
import signal
import sqlite3
import subprocess
import time

import pytest

from api_client import Api
from flashbid_server import BINARY, Server, clean_environment, run_command

PATIENCE_S = 60


@pytest.fixture
def ledger(tmp_path):
    """The folder of a ledger with an accepted and a rejected bid under keys."""
    folder = tmp_path / "data"
    with Server(folder) as server:
        api = Api(server)
        auction = api.create()["id"]
        api.bid(auction, 10_600, "Alice", key="k1")
        api.bid(auction, 5, "Bob", key="k2")
    return folder


def verify(folder):
    return run_command("verify", "--data", str(folder))


def crc_of(*columns):
    crc = 0xFFFF_FFFF
    for column in columns:
        if isinstance(column, str):
            text = column.encode()
            data = len(text).to_bytes(8, "little") + text
        else:
            data = (column or 0).to_bytes(8, "little", signed=True)
        for byte in data:
            crc ^= byte
            for _ in range(8):
                crc = (crc >> 1) ^ (0x82F6_3B78 if crc & 1 else 0)
    return crc ^ 0xFFFF_FFFF


def tamper(folder, table, column, was, becomes):
    """Replaces a text in a column, and makes every checksum of the table fit."""
    with sqlite3.connect(folder / "flashbid.db") as db:
        db.create_function("crc_of", -1, crc_of)
        changed = db.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?) WHERE {column} LIKE ?",
                             (was, becomes, f"%{was}%")).rowcount
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[1] != "crc"]
        db.execute(f"UPDATE {table} SET crc = crc_of({', '.join(columns)})")
    db.close()
    assert changed == 1


def test_a_healthy_ledger(ledger):
    done = verify(ledger)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{ledger}: consistent. 1 auctions, 3 events in history and 0 not moved yet, 2 remembered answers.\n"


def test_beside_a_running_server(ledger):
    with Server(ledger) as server:
        Api(server).bid(1, 20_000, "Carol", key="k3")
        assert verify(ledger).returncode == 0


def test_checksums_are_no_alibi(ledger):
    tamper(ledger, "answers", "answer", '"leader":"Alice"', '"leader":"Mally"')
    done = verify(ledger)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (f"flashbid verify: {ledger}/flashbid.db: key k2 of Bob in auction 1: leader: "
                           'the rules say "Alice", stored is "Mally"\n')


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_can_be_ended(ledger, number):
    """Somebody holds the file, so it waits."""
    holder = sqlite3.connect(ledger / "flashbid.db", isolation_level=None)
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("BEGIN EXCLUSIVE")
    verifying = subprocess.Popen([BINARY, "verify", "--data", ledger], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env=clean_environment())
    until = time.monotonic() + PATIENCE_S
    while not any(os.path.realpath(link.path).endswith("flashbid.db") for link in os.scandir(f"/proc/{verifying.pid}/fd")):
        assert time.monotonic() < until
        time.sleep(0.01)
    verifying.send_signal(number)
    out, said = verifying.communicate(timeout=PATIENCE_S)
    holder.close()
    assert (verifying.returncode, out) == (128 + number, "")
    assert said == "flashbid verify: stopped before its end: nothing is proved\n"
