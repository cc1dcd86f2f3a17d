"""The embedded engine with `--archive`, and `flashbid relay`: everything reaches PostgreSQL exactly once, whatever is
killed on the way; `verify --archive` says so."""
import time

import pytest
import requests

from flashbid_server import Server, run_command
from relay_worker import Relay, bots, counted, crowd, wait_for_drain


def verify(data, url):
    return run_command("verify", "--data", str(data), "--archive", url, timeout=120)


def test_serve_archives_what_the_crowd_does(tmp_path, postgres, database):
    server = Server(tmp_path / "data", "--archive", database).start()
    try:
        crowd(server)
        metrics = requests.get(server.url + "/metrics", timeout=60).text
        assert "flashbid_archive_events_total" in metrics
        assert "flashbid_archive_up 1" in metrics
    finally:
        server.stop()
    done = verify(tmp_path / "data", database)
    assert done.returncode == 0, done.stderr
    assert "equal to the ledger" in done.stdout
    assert counted(postgres, database) > 100


def test_postgresql_killed_under_load_bidding_goes_on_and_all_drains(tmp_path, postgres, database):
    server = Server(tmp_path / "data", "--archive", database).start()
    try:
        child = bots(server, seconds=6)
        time.sleep(1.5)
        postgres.kill()
        time.sleep(1.5)
        ready = requests.get(server.url + "/readyz", timeout=60)
        assert ready.status_code == 200
        assert any("archive" in wrong for wrong in ready.json()["degraded"]), ready.text
        postgres.start()
        said, _ = child.communicate(timeout=90)
        assert child.returncode == 0, said
        done = wait_for_drain("--data", str(tmp_path / "data"), "--archive", database)
        assert done.returncode == 0, done.stderr
        assert requests.get(server.url + "/readyz", timeout=60).json()["degraded"] == []
    finally:
        server.stop()


def test_serve_killed_under_load_goes_on_where_it_was(tmp_path, postgres, database):
    server = Server(tmp_path / "data", "--archive", database).start()
    child = bots(server, seconds=4)
    try:
        for _ in range(2):
            time.sleep(1.2)
            server.kill()
            server.start()
    finally:
        child.kill()
        child.communicate(timeout=60)
        server.stop()
    done = wait_for_drain("--data", str(tmp_path / "data"), "--archive", database)
    assert done.returncode == 0, done.stderr


def test_relay_killed_again_and_again(tmp_path, postgres, database):
    server = Server(tmp_path / "data").start()
    relay = Relay(f"sqlite:{tmp_path / 'data'}", database)
    try:
        child = bots(server, seconds=5)
        for _ in range(6):
            time.sleep(0.6)
            relay.kill()
            relay = Relay(f"sqlite:{tmp_path / 'data'}", database)
        said, _ = child.communicate(timeout=60)
        assert child.returncode == 0, said
    finally:
        server.stop()
    done = wait_for_drain("--data", str(tmp_path / "data"), "--archive", database)
    assert done.returncode == 0, done.stderr
    code, said = relay.stop()
    assert code == 0, said
    assert counted(postgres, database) > 100


def test_another_payload_is_a_violation(tmp_path, postgres, database):
    server = Server(tmp_path / "data", "--archive", database).start()
    try:
        crowd(server, seconds=1)
    finally:
        server.stop()
    name = database.rsplit("/", 1)[1]
    postgres.sql("UPDATE flashbid.events SET payload = replace(payload, '\"at\":\"2', '\"at\":\"3') "
                 "WHERE sequence = 3 AND auction = (SELECT min(auction) FROM flashbid.events WHERE sequence = 3)", name)
    assert verify(tmp_path / "data", database).returncode == 1
    postgres.sql("DELETE FROM flashbid.events WHERE sequence = 3", name)
    assert verify(tmp_path / "data", database).returncode == 1


@pytest.mark.parametrize("url", ["mysql://x", "postgres://u:secret@h", "postgres://u:secret@[bad/db"])
def test_a_wrong_url_is_one_line_without_its_password(tmp_path, url):
    done = run_command("relay", "--from", f"sqlite:{tmp_path}", "--to", url)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr
    assert "postgres://" in done.stderr


def test_a_newer_archive_is_refused(tmp_path, postgres, database):
    name = database.rsplit("/", 1)[1]
    postgres.sql("CREATE SCHEMA flashbid; CREATE TABLE flashbid.schema_version(version bigint); "
                 "INSERT INTO flashbid.schema_version VALUES (99)", name)
    done = run_command("serve", "--dev", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "d"), "--archive", database)
    assert done.returncode == 2
    assert "newer FlashBid" in done.stderr
