"""`flashbid relay --lease`: workers that hold their shard by Redlock. One that is stopped past its lease is replaced, and
does no harm when it goes on."""
import signal
import subprocess
import time

import pytest

from flashbid_server import BINARY, Server, clean_environment, run_command
from postgres_server import free_port
from relay_worker import Relay, wait_for_drain


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
            child.wait(timeout=60)


def shard(postgres, url):
    """Who holds the shard, and under which token; nobody while the archive has not been made."""
    done = postgres.try_sql("SELECT owner || ' ' || token FROM flashbid.shards", url.rsplit("/", 1)[1])
    owner, token = (done.stdout.strip() or ":: 0").rsplit(" ", 1)
    return owner.split(":")[-2], int(token)


def wait_until(holds, seconds):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_worker_stopped_past_its_lease_does_no_harm(tmp_path, postgres, database, lease_servers):
    redis, urls = lease_servers
    server = Server(tmp_path / "data").start()
    source = f"sqlite:{tmp_path / 'data'}"
    first = Relay(source, database, "--lease", urls)
    second = None
    try:
        crowd = subprocess.Popen([str(BINARY), "bots", "--url", server.url, "--bots", "10", "--duration", "40s",
                                  "--auctions", "4", "--seed", "7"], env=clean_environment(), stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True)
        # Servers that are new have no vote for the length of a lease.
        wait_until(lambda: shard(postgres, database)[0] == str(first.child.pid), 60)
        second = Relay(source, database, "--lease", urls)
        redis[0].send_signal(signal.SIGSTOP)  # a minority hangs all the while
        time.sleep(1)
        holder, token = shard(postgres, database)
        assert holder == str(first.child.pid)
        first.child.send_signal(signal.SIGSTOP)
        wait_until(lambda: shard(postgres, database)[0] == str(second.child.pid), 60)
        assert shard(postgres, database)[1] > token
        first.child.send_signal(signal.SIGCONT)
        said, _ = crowd.communicate(timeout=120)
        assert crowd.returncode == 0, said
        assert shard(postgres, database)[0] == str(second.child.pid)
        done = wait_for_drain("--data", str(tmp_path / "data"), "--archive", database)
        assert done.returncode == 0, done.stdout + done.stderr
        for each in (first, second):
            code, said = each.stop()
            assert code == 0, said
    finally:
        server.stop()
        for each in (first, second):
            if each is not None and each.child is not None:
                each.kill()


@pytest.mark.parametrize("leases, why", [("nonsense", "redis://"), ("redis://a:1,redis://a:1", "named twice")])
def test_wrong_lease_servers_are_one_line(tmp_path, leases, why):
    data = tmp_path / "data"
    Server(data).start().stop()
    done = run_command("relay", "--from", f"sqlite:{data}", "--to", "postgres://u@127.0.0.1:1/x", "--lease", leases)
    assert done.returncode == 2
    assert done.stderr.startswith("flashbid relay: --lease: ") and why in done.stderr, done.stderr
