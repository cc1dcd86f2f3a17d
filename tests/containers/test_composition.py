"""The composition as its user meets it: one address before three nodes, and what becomes of it when parts die."""
import contextlib
import re
import subprocess
import time

import pytest
from conftest import PODMAN, podman, run, until
from http_wire import ConnectionEnded
from stream_client import Events, Stream

NODES = {"node1": 8081, "node2": 8082, "node3": 8083}


def inside_pod(containers, *command):
    return run("nsenter", f"--net=/proc/{containers['pod'].pid}/ns/net", *command)


@pytest.fixture(autouse=True)
def all_nodes_are_ready(containers):
    """Before each test, whatever the one before it has done to them."""
    for node, port in NODES.items():
        ready = ("nsenter", f"--net=/proc/{containers['pod'].pid}/ns/net", "curl", "-sf", "-m", "5", "-o", "/dev/null",
                 f"http://127.0.0.1:{port}/readyz")
        until(lambda: subprocess.run(ready, timeout=30).returncode == 0, f"{node} is ready")


def metric(containers, node, name):
    """The sum of a metric's samples on one node, asked without the balancer."""
    text = inside_pod(containers, "curl", "-sS", "-m", "5", f"http://127.0.0.1:{NODES[node]}/metrics")
    samples = re.findall(rf"^{re.escape(name)}(?:{{[^}}]*}})? (\d+)", text, re.M)
    assert samples, f"{name} is not among the metrics of {node}"
    return sum(map(int, samples))


def bid_when_possible(api, auction, amount, bidder):
    """Bids with one idempotency key until it is answered: 502 and 503 of a balancer whose node died say nothing."""
    key = f"{auction}-{amount}"

    def answered():
        with contextlib.suppress(ConnectionEnded, ConnectionError):
            response = api.exchange("POST", f"/v1/auctions/{auction}/bids",
                                    [("Content-Type", "application/json"), ("X-Bidder", bidder),
                                     ("Idempotency-Key", key)], b'{"amount":%d}' % amount)
            if response.status == 200:
                return response.json()
            assert response.status in (502, 503, 504), response
        api.close()
        return None

    answer = until(answered, f"a bid of {amount} is answered")
    assert answer["verdict"] == "accepted", answer
    return answer


def bots(seconds):
    """50 bidders against the balancer."""
    return ["flashbid", "bots", "--url", "http://127.0.0.1:8080", "--bots", "50", "--keys", "--duration", f"{seconds}s"]


def events_archived(containers):
    return int(containers["postgres"].execute("psql", "-U", "flashbid", "-d", "flashbid", "-Atc",
                                              "SELECT count(*) FROM flashbid.events"))


def verified(containers):
    """`flashbid verify` of the ledger in Redis beside the archive; the relay's environment has both URLs."""
    return containers["relay"].execute("bash", "-c", 'flashbid verify --engine "$FLASHBID_FROM" --archive "$FLASHBID_TO"',
                                       timeout=120)


def check_archive_equals_ledger(containers):
    def equal():
        try:
            return verified(containers)
        except AssertionError as error:
            if "not archived yet" in str(error):
                return None
            raise
    assert "equal to the ledger" in until(equal, "the relay has stored everything")


def test_only_the_loopback_is_published(containers):
    for service, container in containers.items():
        published = container.inspect()["HostConfig"]["PortBindings"] or {}
        addresses = {binding["HostIp"] for bindings in published.values() for binding in bindings or []}
        assert addresses <= {"127.0.0.1"}, (service, published)
        if service in ("redis", "postgres", "relay"):
            assert not addresses, (service, published)
    assert containers["pod"].inspect()["HostConfig"]["PortBindings"]["8080/tcp"][0]["HostIp"] == "127.0.0.1"


def test_the_program_runs_as_nobody_special(containers):
    for service in ("node1", "relay"):
        assert containers[service].execute("id", "-u").strip() == "10001"


def test_pages_and_readiness_through_the_balancer(api):
    assert api.get("/").media_type == "text/html"
    assert api.get_json("/readyz")["degraded"] == []
    assert api.auction(1001)["state"] == "open"


def test_an_event_reaches_the_watchers_of_every_node(api, server, documents, containers):
    auction = api.create(bidder="Seller")["id"]
    before = {node: metric(containers, node, "flashbid_events_pushed_total") for node in NODES}
    with contextlib.ExitStack() as opened:
        streams = [opened.enter_context(Stream(server, documents[1])) for _ in range(6)]
        feeds = [opened.enter_context(Events(server, auction)) for _ in range(3)]
        for stream in streams:
            stream.subscribe(auction)
            assert stream.expect("snapshot")["auction"]["id"] == auction
        assert all(feed.status == 200 for feed in feeds)
        answers = [api.accept(auction, 10000 + 100 * n, bidder=f"Bidder{n % 2}") for n in range(5)]
        wanted = [answer["sequence"] for answer in answers]
        for stream in streams:
            events = [stream.expect("event") for _ in wanted]
            assert [event["sequence"] for event in events] == wanted
        for feed in feeds:
            seen = []
            while len(seen) < len(wanted):
                block = feed.read()
                if "sequence" in block["data"] and block["data"]["sequence"] >= wanted[0]:
                    seen.append(block["data"]["sequence"])
            assert seen == wanted
    for node in NODES:
        assert metric(containers, node, "flashbid_events_pushed_total") > before[node], f"{node} told no watcher"


def test_a_stream_lives_through_silence(api, server, documents):
    """Nothing happens for longer than a node waits with its ping: the balancer keeps the connection all the same."""
    auction = api.create(bidder="Seller")["id"]
    with Stream(server, documents[1]) as stream, Events(server, auction) as feed:
        stream.subscribe(auction)
        stream.expect("snapshot")
        time.sleep(25)
        answer = api.accept(auction, 10000)
        assert stream.expect("event")["sequence"] == answer["sequence"]
        while feed.read()["data"].get("sequence") != answer["sequence"]:
            pass


def test_fifty_bidders(containers):
    containers["node1"].execute(*bots(5), timeout=120)
    for node in NODES:
        assert metric(containers, node, "flashbid_bids_total") > 0, f"{node} decided nothing"
    check_archive_equals_ledger(containers)
    assert events_archived(containers) > 0


def test_a_node_dies_and_bidding_goes_on(api, containers):
    auction = api.create(bidder="Seller")["id"]
    bid_when_possible(api, auction, 10000, "Alice")
    crowd = subprocess.Popen([*PODMAN, "exec", containers["node1"].id, *bots(10)], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
    try:
        time.sleep(3)
        killed = containers["node2"].kill()
        started = time.monotonic()
        bid_when_possible(api, auction, 10100, "Bob")
        assert time.monotonic() - started < 10, "the balancer took too long to leave the dead node"
        told, _ = crowd.communicate(timeout=120)
    finally:
        crowd.kill()
    assert crowd.returncode == 0, told
    containers["node2"].wait_restarted(killed)
    assert [bid["amount"] for bid in api.history(auction)] == [10000, 10100]


def test_without_a_node_the_balancer_says_unavailable(api, containers):
    """That is: surely not decided. As long as a node may have been asked, it says that the outcome is unknown."""
    podman("stop", "--time", "5", *(containers[node].id for node in NODES))
    try:
        api.close()
        until(lambda: api.problem("GET", "/v1/auctions/1001", 503)["code"] == "unavailable", "nobody is asked any more", 10)
    finally:
        podman("start", *(containers[node].id for node in NODES))


def kill_and_bid(api, containers, service):
    """What was acknowledged before is there after, and the next bid is accepted."""
    auction = api.create(bidder="Seller")["id"]
    bid_when_possible(api, auction, 10000, "Alice")
    killed = containers[service].kill()
    bid_when_possible(api, auction, 10100, "Bob")
    containers[service].wait_restarted(killed)
    bid_when_possible(api, auction, 10200, "Alice")
    until(lambda: [bid["amount"] for bid in api.history(auction)] == [10000, 10100, 10200], "the whole history")


def test_redis_dies(api, containers):
    kill_and_bid(api, containers, "redis")


def test_postgres_dies(api, containers):
    kill_and_bid(api, containers, "postgres")


def test_the_relay_dies(api, containers):
    kill_and_bid(api, containers, "relay")


def test_the_balancer_dies(api, containers):
    kill_and_bid(api, containers, "balancer")


def test_at_last_the_archive_equals_the_ledger(containers):
    check_archive_equals_ledger(containers)
