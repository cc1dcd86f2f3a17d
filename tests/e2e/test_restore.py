"""`flashbid restore`: Redis is killed and its data deleted; it is rebuilt from the archive, and nothing that was
acknowledged and archived is missing. A node does not start on what is not rebuilt yet."""
import subprocess
import time

import requests

from api_client import in_seconds
from flashbid_server import BINARY, Server, clean_environment, run_command
from redis_server import RedisServer

TIMEOUT_S = 60
AUCTIONS = 6
BIDS = 300


def node(tmp_path, redis, database, *flags):
    return Server(tmp_path / "data", "--engine", redis.url, "--archive", database, "--shards", "4", *flags)


def restore(database, redis):
    return run_command("restore", "--from", database, "--to", redis.url, timeout=TIMEOUT_S)


def verify(database, redis):
    return run_command("verify", "--engine", redis.url, "--archive", database, timeout=TIMEOUT_S)


def until(holds, what):
    deadline = time.monotonic() + TIMEOUT_S
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def bid(session, url, auction, amount, key):
    return session.post(f"{url}/v1/auctions/{auction}/bids", json={"amount": amount}, timeout=60,
                        headers={"X-Bidder": "Alice", "Idempotency-Key": key})


def fill(session, url):
    """Auctions and bids on them; what was answered to each, by (auction, amount, key)."""
    told = {}
    for k in range(AUCTIONS):
        body = {"title": f"lot {k}", "opening_price": 100, "increment": 10, "opens_at": in_seconds(-1),
                "closes_at": in_seconds(3600), "currency": "CNY"}
        made = session.post(f"{url}/v1/auctions", json=body, timeout=60, headers={"Idempotency-Key": f"c-{k}"})
        assert made.status_code == 201, made.text
        for n in range(BIDS // AUCTIONS):
            wanted = (made.json()["id"], 100 + 10 * n, f"k-{n}")
            answer = bid(session, url, *wanted)
            assert answer.status_code == 200, answer.text
            told[wanted] = answer.json()
    return told


def lose_everything(redis):
    redis.kill()
    redis.wipe()
    redis.start()


def check_all_is_there(session, url, told):
    for wanted, answer in told.items():
        again = bid(session, url, *wanted)
        assert again.status_code in (200, 201) and again.json() == answer, again.text
    for auction in {auction for auction, _, _ in told}:
        view = session.get(f"{url}/v1/auctions/{auction}", timeout=60).json()
        mine = [answer for (its, _, _), answer in told.items() if its == auction]
        assert view["bids"] == len(mine)
        assert view["price"] == max(answer["amount"] for answer in mine)
        fresh = bid(session, url, auction, view["minimum_next"], "fresh")
        assert fresh.json()["sequence"] == view["sequence"] + 1
        told[(auction, view["minimum_next"], "fresh")] = fresh.json()


def archived_and_lost(tmp_path, redis, database):
    """A node that was killed, and whose Redis has lost all that the archive has."""
    session = requests.Session()
    server = node(tmp_path, redis, database).start()
    told = fill(session, server.url)
    until(lambda: verify(database, redis).returncode == 0, "everything is archived")
    server.kill()
    lose_everything(redis)
    return server, session, told


def serves_all(server, session, told, database, redis):
    server.start()
    try:
        check_all_is_there(session, server.url, told)
        until(lambda: verify(database, redis).returncode == 0, "archived again")
    finally:
        server.stop()


def test_deleted_redis_is_rebuilt(tmp_path, redis, database):
    server, session, told = archived_and_lost(tmp_path, redis, database)

    refused = run_command(*node(tmp_path, redis, database).arguments, timeout=TIMEOUT_S)
    assert refused.returncode == 2
    assert "flashbid restore --from" in refused.stderr.splitlines()[-1], refused.stderr

    done = restore(database, redis)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith(f"put back {AUCTIONS} auctions, "), done.stdout
    again = restore(database, redis)
    assert (again.returncode, again.stdout.splitlines()[-1]) == (0, "Redis lacked nothing")

    serves_all(server, session, told, database, redis)


def test_restore_killed_again_and_again(tmp_path, redis, database):
    server, session, told = archived_and_lost(tmp_path, redis, database)
    for after_ms in (20, 40, 60, 80, 120, 180):
        child = subprocess.Popen([str(BINARY), "restore", "--from", database, "--to", redis.url], env=clean_environment(),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(after_ms / 1000)
        child.kill()
        child.wait(timeout=60)
    done = restore(database, redis)
    assert done.returncode == 0, done.stderr
    serves_all(server, session, told, database, redis)


def test_deleted_under_a_running_node_that_goes_on_once_it_is_rebuilt(tmp_path, redis, database):
    session = requests.Session()
    server = node(tmp_path, redis, database).start()
    try:
        told = fill(session, server.url)
        until(lambda: verify(database, redis).returncode == 0, "everything is archived")
        lose_everything(redis)
        auction = next(iter(told))[0]
        until(lambda: requests.get(server.url + "/readyz", timeout=60).status_code == 503, "it notices")
        assert bid(session, server.url, auction, 10_000, "lost").status_code == 503
        assert restore(database, redis).returncode == 0
        until(lambda: requests.get(server.url + "/readyz", timeout=60).status_code == 200, "it serves again")
        check_all_is_there(session, server.url, told)
    finally:
        server.stop()


def test_a_service_without_config(tmp_path, database):
    redis = RedisServer("--rename-command", "CONFIG", "", "--maxmemory-policy", "noeviction").start()
    try:
        flags = ("--redis-unchecked",)
        session = requests.Session()
        server = node(tmp_path, redis, database, *flags).start()
        told = fill(session, server.url)
        until(lambda: verify(database, redis).returncode == 0, "everything is archived")
        server.kill()
        lose_everything(redis)
        refused = restore(database, redis)
        assert refused.returncode == 2 and "give --redis-unchecked" in refused.stderr, refused.stderr
        done = run_command("restore", "--from", database, "--to", redis.url, *flags, timeout=TIMEOUT_S)
        assert done.returncode == 0, done.stderr
        serves_all(server, session, told, database, redis)
    finally:
        redis.close()


def test_wrong_usage_is_one_line(redis, database, tmp_path):
    for arguments in (("--to", redis.url), ("--from", database), ("--from", database, "--to", "postgres://x/y"),
                      ("--from", redis.url, "--to", redis.url), ("--from", database, "--to", redis.url)):
        done = run_command("restore", *arguments, timeout=TIMEOUT_S)
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1 and "restore" in done.stderr, done.stderr
    # Nobody there.
    redis.kill()
    postgres_free = "postgres://postgres@127.0.0.1:1/none"
    assert run_command("restore", "--from", postgres_free, "--to", redis.url, timeout=TIMEOUT_S).returncode == 1
