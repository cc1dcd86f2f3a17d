"""Who did what: every operator's action is in the ledger with a name, through kills, relays, the archive and a restore; and
the name is nowhere but in /actions and /explain, for operators."""
import json

import pytest
import requests

from flashbid_server import Server, run_command
from relay_worker import Relay, wait_for_drain
from staff import BOSS, OTHER, Staff
from stream_client import Events, Stream

TIMEOUT_S = 60


@pytest.fixture
def staff(tmp_path):
    return Staff(tmp_path)


def house(folder, staff, *flags):
    return Server(folder / "data", "--jwt-key", str(staff.key), *flags, dev=False)


def both(last):
    return [(1, "created", BOSS), (last, "cancelled", OTHER)]


def told_to_the_public(server, auction):
    """Everything that anybody is told of an auction, and of the house, as one text."""
    texts = []
    for path in ("", f"/{auction}", f"/{auction}/events", f"/{auction}/bids"):
        answer = requests.get(f"{server.url}/v1/auctions{path}", timeout=60)
        assert answer.status_code == 200, answer.text
        texts.append(answer.text)
    texts += [requests.get(server.url + path, timeout=60).text for path in ("/readyz", "/healthz", "/metrics")]
    refused = requests.get(f"{server.url}/v1/auctions/{auction}/actions", timeout=60)
    assert refused.status_code == 401
    texts.append(refused.text)
    newest = requests.get(f"{server.url}/v1/auctions/{auction}", timeout=60).json()["sequence"]
    for query, wanted in (("", 1), ("?after_sequence=0", newest)):
        with Events(server, auction, query=query) as feed:
            texts += [json.dumps(feed.read()) for _ in range(wanted)]
    with Stream(server) as stream:
        stream.subscribe(auction)
        texts.append(json.dumps(stream.read()))
        stream.send(type="unsubscribe", auction_id=auction)
        stream.subscribe(auction, after_sequence=0)
        texts += [json.dumps(stream.expect("event")) for _ in range(newest)]
    return "\n".join(texts)


def check_leaks(server, auction):
    public = told_to_the_public(server, auction)
    assert '"created"' in public and '"cancelled"' in public, "it looked at what there is"
    for hidden in (BOSS, OTHER, '"by"', "777777"):
        assert hidden not in public, public


def test_two_operators_and_a_kill_between_them(tmp_path, staff):
    server = house(tmp_path, staff).start()
    auction = staff.create(server)
    log = server.stderr_path.read_text()
    assert f"operator: created auction {auction}, by {BOSS}" in log
    assert "777777" not in log and "a private matter" not in log, "no bodies"
    server.kill()
    server.start()
    assert staff.actions(server, auction) == [(1, "created", BOSS)]
    staff.bid(server, auction, 100)
    staff.cancel(server, auction)
    assert f"operator: cancelled auction {auction}, by {OTHER}" in server.stderr_path.read_text()
    check_leaks(server, auction)
    server.kill()
    server.start()
    assert staff.actions(server, auction) == both(4)
    assert staff.ask(server, "GET", f"/v1/auctions/{auction}/actions", "Alice", "bidder").status_code == 403
    assert staff.ask(server, "GET", "/v1/auctions/99/actions", BOSS).status_code == 404
    assert staff.ask(server, "HEAD", f"/v1/auctions/{auction}/actions", BOSS).status_code == 200
    assert staff.ask(server, "GET", f"/v1/auctions/{auction}/actions?limit=1", BOSS).status_code == 400
    check_leaks(server, auction)
    server.stop()
    done = run_command("verify", "--data", str(server.data))
    assert done.returncode == 0, done.stderr


def lose_everything(redis):
    redis.kill()
    redis.wipe()
    redis.start()


def forge(postgres, database):
    """Another name for the one who called off, in the archive alone."""
    def by(name):
        return f'"by":"{name}"'

    postgres.sql(f"UPDATE flashbid.events SET secret = replace(secret, '{by(OTHER)}', '{by(BOSS)}')", database.rsplit("/", 1)[1])


def restored(staff, server, redis, database, expected):
    """Once more, from an archive alone."""
    server.kill()
    lose_everything(redis)
    done = run_command("restore", "--from", database, "--to", redis.url, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr
    server.start()
    for auction, actions in expected.items():
        assert staff.actions(server, auction) == actions
        if actions == both(actions[-1][0]):
            check_leaks(server, auction)


def test_names_go_through_redis_the_archive_and_back(tmp_path, staff, redis, postgres, database):
    server = house(tmp_path, staff, "--engine", redis.url, "--archive", database, "--no-relay").start()
    relay = Relay(redis.url, database)
    try:
        called_off, running = staff.create(server), staff.create(server, OTHER)
        staff.bid(server, called_off, 100)
        staff.cancel(server, called_off)
        expected = {called_off: both(4), running: [(1, "created", OTHER)]}
        for auction, actions in expected.items():
            assert staff.actions(server, auction) == actions
        check_leaks(server, called_off)
        drained("--engine", redis.url, "--archive", database)
        restored(staff, server, redis, database, expected)
        drained("--engine", redis.url, "--archive", database)
        forge(postgres, database)
        done = run_command("verify", "--engine", redis.url, "--archive", database, timeout=TIMEOUT_S)
        assert done.returncode == 1 and "differ" in done.stderr, done.stdout + done.stderr
    finally:
        server.stop()
        relay.kill()


def drained(*flags):
    done = wait_for_drain(*flags)
    assert done.returncode == 0, done.stdout + done.stderr


def test_names_go_through_a_queue_with_secrets(tmp_path, staff, redis, rabbitmq, postgres, database):
    server = house(tmp_path, staff, "--engine", redis.url, "--archive", database, "--no-relay").start()
    relays = [Relay(redis.url, rabbitmq.url(), "--secrets"), Relay(rabbitmq.url(), database)]
    try:
        auction = staff.create(server)
        staff.cancel(server, auction)
        drained("--engine", redis.url, "--archive", database)
        restored(staff, server, redis, database, {auction: both(3)})
    finally:
        server.stop()
        for relay in relays:
            relay.kill()
