"""`flashbid relay --from redis://`: everything that Redis decides reaches PostgreSQL exactly once, whatever is killed on the
way; `verify --engine --archive` compares the two, event for event."""
import socket
import time

import pytest

from flashbid_server import Server, run_command
from postgres_server import free_port
from relay_worker import Relay, Watched, bots, counted, crowd, wait_for_drain


def node(folder, redis, database):
    return Server(folder / "data", "--engine", redis.url, "--archive", database, "--no-relay").start()


def in_streams(redis):
    return sum(int(redis.cli("XLEN", stream)) for stream in redis.keys("flashbid:{*}:stream"))


def check_equal(redis, postgres, database):
    done = wait_for_drain("--engine", redis.url, "--archive", database)
    assert done.returncode == 0, done.stdout + done.stderr
    assert counted(postgres, database) == in_streams(redis) > 100


def stopped_well(relay):
    code, said = relay.stop()
    assert code == 0, said
    return said


def test_relays_killed_again_and_again(tmp_path, redis, postgres, database):
    server = node(tmp_path, redis, database)
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
    server = node(tmp_path, redis, database)
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


def test_a_relay_says_how_it_is(tmp_path, redis, postgres, database):
    server = Server(tmp_path / "data", "--engine", redis.url, "--archive", database, "--no-relay").start()
    relay = Watched(redis.url, database)
    try:
        relay.wait_until(Watched.is_ready, "it has begun")
        assert relay.get("/healthz").json() == {"status": "ok"}
        assert relay.get("/readyz").json() == {"status": "ready", "degraded": []}
        assert relay.get("/v1/auctions").status_code == 404
        crowd(server, seconds=1)
        relay.wait_until(lambda it: it.metric("events_total") > 100 and it.metric("lag_events") == 0, "it stores")
        assert (relay.metric("shards"), relay.metric("up"), relay.metric("alarm")) == (16, 1, 0), relay.tail()

        postgres.kill()
        crowd(server, seconds=1)
        relay.wait_until(lambda it: it.metric("lag_events") > 100 and it.metric("lag_seconds") > 1, "it lags")
        assert (relay.metric("up"), relay.metric("alarm")) == (0, 0)
        assert "PostgreSQL" in relay.reason() and "events and" in relay.reason()
        assert relay.get("/healthz").status_code == 200

        postgres.start()
        relay.wait_until(Watched.is_ready, "it is ready again")
        check_equal(redis, postgres, database)
        relay.wait_until(lambda it: it.metric("lag_events") == 0, "it has stored all")
    finally:
        server.stop()
        stopped_well(relay)


def test_an_alarm_is_told_until_somebody_has_seen_it(tmp_path, redis, postgres, database):
    server = node(tmp_path, redis, database)
    relay = Watched(redis.url, database)
    try:
        crowd(server, seconds=1)
        check_equal(redis, postgres, database)
        relay.kill()
        # Events that the next auctions will have otherwise.
        postgres.sql("INSERT INTO flashbid.events SELECT auction + (SELECT max(auction) FROM flashbid.events), sequence, epoch, "
                     "event, at, payload, secret FROM flashbid.events", database.rsplit("/", 1)[1])
        relay.start()
        crowd(server, seconds=1)
        relay.wait_until(lambda it: it.metric("alarm") == 1, "it sees what is wrong")
        assert relay.metric("up") == 0
        assert relay.reason().startswith("archive halted: ")
    finally:
        server.stop()
        code, said = relay.stop()
    assert code == 1
    assert "stopped for good" in said


def test_a_relay_that_waits_for_redis_says_so():
    relay = Watched(f"redis://127.0.0.1:{free_port()}", "postgres://postgres@127.0.0.1:1/none")
    relay.wait_until(lambda it: "Redis" in it.reason(), "it says what it waits for")
    assert (relay.metric("up"), relay.metric("shards")) == (0, 0)
    stopped_well(relay)


def test_a_port_in_use_and_a_wrong_one_are_one_line():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for port in (taken.getsockname()[1], "nonsense"):
            done = run_command("relay", "--from", f"redis://127.0.0.1:{free_port()}", "--to",
                               "postgres://postgres@127.0.0.1:1/none", "--listen", f"127.0.0.1:{port}")
            assert done.returncode == 2
            assert done.stderr.startswith("flashbid relay: --listen ") and done.stderr.count("\n") == 1, done.stderr
            assert str(port) in done.stderr


def test_a_password_that_is_changed_and_put_back_is_no_alarm(tmp_path, redis, postgres, database):
    name = database.rsplit("/", 1)[1]
    role = f"keeper_{name}"
    postgres.ask_for_password(role, "first")
    postgres.sql(f"ALTER DATABASE {name} OWNER TO {role}")
    its_own = database.replace("postgres@", f"{role}:first@")
    server = node(tmp_path, redis, its_own)
    relay = Watched(redis.url, its_own)
    try:
        crowd(server, seconds=1)
        check_equal(redis, postgres, database)
        postgres.sql(f"ALTER ROLE {role} PASSWORD 'second'")
        postgres.sql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'")
        crowd(server, seconds=1)
        relay.wait_until(lambda it: "password" in it.reason(), "it is refused")
        assert (relay.metric("up"), relay.metric("alarm")) == (0, 0)
        postgres.sql(f"ALTER ROLE {role} PASSWORD 'first'")
        relay.wait_until(Watched.is_ready, "it goes on")
        check_equal(redis, postgres, database)
    finally:
        server.stop()
        stopped_well(relay)


def test_a_relay_waits_for_redis_and_for_its_first_node(tmp_path, redis, postgres, database):
    redis.kill()
    relay = Relay(redis.url, database)
    try:
        time.sleep(0.5)
        redis.start()
        time.sleep(0.5)
        server = node(tmp_path, redis, database)
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
