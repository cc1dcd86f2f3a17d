"""`flashbid relay --lease`: workers that hold their shard by Redlock. One that is stopped past its lease is replaced, and
does no harm when it goes on."""
import signal
import subprocess
import time

import pytest

from flashbid_server import BINARY, Server, clean_environment, run_command
from postgres_server import PostgresServer, free_port

LEASE_S = 10


@pytest.fixture
def database():
    server = PostgresServer()
    try:
        server.start()
        server.sql("CREATE DATABASE leases")
        yield server
    finally:
        server.close()


@pytest.fixture
def lease_servers(tmp_path):
    children, urls = [], []
    try:
        for _ in range(3):
            port = free_port()
            children.append(subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                                              "--dir", str(tmp_path)], stdout=subprocess.DEVNULL))
            urls.append(f"redis://127.0.0.1:{port}")
        yield children, ",".join(urls)
    finally:
        for child in children:
            child.kill()
            child.wait(timeout=20)


def relay(data, url, leases):
    return subprocess.Popen([str(BINARY), "relay", "--from", f"sqlite:{data}", "--to", url, "--lease", leases],
                            env=clean_environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def shard(postgres):
    """Who holds the shard, and under which token."""
    row = postgres.sql("SELECT owner || ' ' || token FROM flashbid.shards", "leases")
    owner, token = (row.strip() or ":: 0").rsplit(" ", 1)
    return owner.split(":")[-2], int(token)


def wait_until(holds, seconds):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_worker_stopped_past_its_lease_does_no_harm(tmp_path, database, lease_servers):
    redis, urls = lease_servers
    url = database.url("leases")
    server = Server(tmp_path / "data").start()
    first = relay(tmp_path / "data", url, urls)
    second = None
    try:
        crowd = subprocess.Popen([str(BINARY), "bots", "--url", server.url, "--bots", "10", "--duration", "40s",
                                  "--auctions", "4", "--seed", "7"], env=clean_environment(), stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True)
        # Servers that are new have no vote for the length of a lease.
        wait_until(lambda: shard(database)[0] == str(first.pid), 60)
        second = relay(tmp_path / "data", url, urls)
        redis[0].send_signal(signal.SIGSTOP)  # a minority hangs all the while
        time.sleep(1)
        holder, token = shard(database)
        assert holder == str(first.pid)
        first.send_signal(signal.SIGSTOP)
        wait_until(lambda: shard(database)[0] == str(second.pid), 60)
        assert shard(database)[1] > token
        first.send_signal(signal.SIGCONT)
        said, _ = crowd.communicate(timeout=120)
        assert crowd.returncode == 0, said
        assert shard(database)[0] == str(second.pid)
        wait_until(lambda: run_command("verify", "--data", str(tmp_path / "data"), "--archive", url,
                                       timeout=120).returncode == 0, 60)
        for each in (first, second):
            each.send_signal(signal.SIGTERM)
            _, said = each.communicate(timeout=60)
            assert each.returncode == 0, said
    finally:
        server.stop()
        for each in (first, second):
            if each is not None and each.poll() is None:
                each.kill()
                each.communicate(timeout=20)


@pytest.mark.parametrize("leases, why", [("nonsense", "redis://"), ("redis://a:1,redis://a:1", "named twice")])
def test_wrong_lease_servers_are_one_line(tmp_path, leases, why):
    data = tmp_path / "data"
    Server(data).start().stop()
    done = run_command("relay", "--from", f"sqlite:{data}", "--to", "postgres://u@127.0.0.1:1/x", "--lease", leases)
    assert done.returncode == 2
    assert done.stderr.startswith("flashbid relay: --lease: ") and why in done.stderr, done.stderr
