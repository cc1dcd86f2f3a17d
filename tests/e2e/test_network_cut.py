"""R6: the network between a node and Redis is cut under load. The node says so and answers nothing that it does not know; the
others go on; when the network is back, so is the node, and nothing was lost or done twice."""
import os
import subprocess
import time

import pytest
import requests

from api_client import Api, in_seconds
from flashbid_server import BINARY, Server, clean_environment, run_command
from kill_load import Bidder, Watcher
from network_namespace import NetworkNamespace
from redis_server import RedisServer
from told import Told

CUT_S = 6

pytestmark = [pytest.mark.kill, pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")]


@pytest.fixture
def namespace():
    with NetworkNamespace() as made:
        yield made


@pytest.fixture
def redis(namespace):
    server = RedisServer("--protected-mode", "no", bind=f"127.0.0.1 {namespace.outside}")
    try:
        yield server.start()
    finally:
        server.close()


def ready_inside(namespace, node):
    """Status of its /readyz."""
    done = subprocess.run([*namespace.prefix, "curl", "-s", "-m", "5", "-o", "/dev/null", "-w", "%{http_code}",
                           node.url + "/readyz"], capture_output=True, text=True, timeout=60)
    return int(done.stdout or 0)


def wait_for(status, namespace, node, timeout_s=20):
    deadline = time.monotonic() + timeout_s
    while ready_inside(namespace, node) != status:
        assert time.monotonic() < deadline, f"/readyz is not {status}\n{node.tail()}"
        time.sleep(0.1)


def test_a_node_that_is_cut_off_from_redis(tmp_path, namespace, redis):
    near = Server(tmp_path / "near", "--engine", redis.url)
    far = Server(tmp_path / "far", "--engine", f"redis://{namespace.outside}:{redis.port}", prefix=namespace.prefix)
    try:
        near.start()
        far.start()
        api = Api(near)
        auction = api.create(opening_price=1, increment=1, closes_at=in_seconds(600))["id"]
        bots = subprocess.Popen([*namespace.prefix, str(BINARY), "bots", "--url", far.url, "--auction", str(auction),
                                 "--bots", "20", "--watchers", "8", "--keys", "--duration", f"{CUT_S + 6}s", "--seed", "3"],
                                env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        told = Told(3, only_ours=False)  # bots bid, too
        watcher = Watcher(near, [auction])
        bidders = [Bidder(near, f"near-{k}", [auction], k, depth=2) for k in range(3)]
        for thread in [watcher, *bidders]:
            thread.start()
        time.sleep(2)

        namespace.cut()
        before = api.auction(auction)["sequence"]
        wait_for(503, namespace, far)
        time.sleep(CUT_S)
        assert api.auction(auction)["sequence"] > before, "the other node goes on"
        assert requests.get(near.url + "/readyz", timeout=60).status_code == 200
        namespace.mend()
        wait_for(200, namespace, far)

        said, _ = bots.communicate(timeout=90)
        assert bots.returncode == 0, said
        for thread in [*bidders, watcher]:
            thread.stop()
        for thread in [*bidders, watcher]:
            thread.join(timeout=30)
            assert not thread.is_alive() and thread.failure is None, thread.failure
        unknown = told.note([watcher], bidders)
        told.check(api, [auction])
        told.retry(api, bidders, unknown)
        told.check(api, [auction])
        assert told.counts["accepted"] > 100, told.counts
        done = run_command("verify", "--engine", redis.url, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        api.close()
    finally:
        for node in (far, near):
            if node.child is not None:
                node.kill()
