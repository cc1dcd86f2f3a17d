"""`flashbid relay --from redis://`: everything that Redis decides reaches PostgreSQL exactly once, whatever is killed on the
way; `verify --engine --archive` compares the two, event for event."""
import time

import pytest

from flashbid_server import Server, run_command
from postgres_server import free_port
from relay_worker import Relay, bots, counted, crowd, wait_for_drain


def in_streams(redis):
    return sum(int(redis.cli("XLEN", f"flashbid:{{{shard}}}:stream")) for shard in range(16))


def check_equal(redis, postgres, database):
    done = wait_for_drain("--engine", redis.url, "--archive", database)
    assert done.returncode == 0, done.stdout + done.stderr
    assert counted(postgres, database) == in_streams(redis) > 100


def stopped_well(relay):
    code, said = relay.stop()
    assert code == 0, said
    return said


def test_relays_killed_again_and_again(tmp_path, redis, postgres, database):
    server = Server(tmp_path / "data", "--engine", redis.url).start()
    relays = [Relay(redis.url, database), Relay(redis.url, database)]
    try:
        child = bots(server, seconds=5)
        for turn in range(6):
            time.sleep(0.6)
            relays[turn % 2].kill()
            relays[turn % 2] = Relay(redis.url, database)
        said, _ = child.communicate(timeout=60)
        assert child.returncode == 0, said
        check_equal(redis, postgres, database)
    finally:
        server.stop()
        said = [stopped_well(relay) for relay in relays]
    assert all("moving 16 shards" in each for each in said)


def test_postgresql_killed_under_load(tmp_path, redis, postgres, database):
    server = Server(tmp_path / "data", "--engine", redis.url).start()
    relay = Relay(redis.url, database)
    try:
        child = bots(server, seconds=5)
        time.sleep(1.5)
        postgres.kill()
        time.sleep(1.5)
        postgres.start()
        said, _ = child.communicate(timeout=60)
        assert child.returncode == 0, said
        check_equal(redis, postgres, database)
    finally:
        server.stop()
        said = stopped_well(relay)
    assert "trying again" in said
    assert "storing again" in said


def test_a_relay_waits_for_redis_and_for_its_first_node(tmp_path, redis, postgres, database):
    redis.kill()
    relay = Relay(redis.url, database)
    try:
        time.sleep(0.5)
        redis.start()
        time.sleep(0.5)
        server = Server(tmp_path / "data", "--engine", redis.url).start()
        try:
            crowd(server, seconds=1)
            check_equal(redis, postgres, database)
        finally:
            server.stop()
    finally:
        said = stopped_well(relay)
    assert "is empty: start a node on it" in said


def test_a_signal_ends_a_relay_that_waits():
    relay = Relay(f"redis://127.0.0.1:{free_port()}", "postgres://postgres@127.0.0.1:1/none")
    time.sleep(0.5)
    assert "trying again" in stopped_well(relay)


@pytest.mark.parametrize("source", ["redis://", "redis://user:secret@host:port", "redis+sentinel://host", "mysql://x",
                                    "sqlite:"])
def test_a_wrong_source_is_one_line_without_its_password(source):
    done = run_command("relay", "--from", source, "--to", "postgres://postgres@127.0.0.1:1/none")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "--from" in done.stderr
    assert "secret" not in done.stderr


def test_an_archive_of_another_ledger_is_refused(tmp_path, redis, postgres, database):
    Server(tmp_path / "data", "--engine", redis.url).start().stop()
    server = Server(tmp_path / "embedded", "--archive", database).start()
    server.stop()
    done = run_command("relay", "--from", redis.url, "--to", database)
    assert done.returncode == 2
    assert "a database of its own" in done.stderr
