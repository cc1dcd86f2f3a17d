"""compose.yaml as its user meets it: one address before three nodes, what becomes of it when parts die, and what is watched."""
import contextlib
import itertools
import json
import re
import subprocess
import time

import pytest
import test_monitoring as monitored
import tokens
from api_client import Api
from conftest import PODMAN, Container, podman, run, until
from http_wire import ConnectionEnded
from stream_client import Events, Stream

OURS = ("node1", "node2", "node3", "publisher", "archiver")
NODES = OURS[:3]
OTHERS = ("balancer", "redis", "rabbitmq", "postgres", "prometheus")
# Quotients of what nodes on Redis do not do: commits to a ledger of their own.
WITHOUT_A_VALUE = re.compile(r"flashbid_(commit_seconds|commits_total)")


@pytest.fixture(scope="module")
def containers():
    return {service: Container(service) for service in OURS + OTHERS}


@pytest.fixture(scope="module")
def secret(containers):
    return containers["node1"].execute("cat", "/etc/flashbid/keys/jwt-key").encode()


class LoggedIn(Api):
    """Whoever it speaks as says so with a token of the composition's key; the seller is an operator."""

    def __init__(self, server, document, secret):
        super().__init__(server, document)
        self.secret = secret

    def exchange(self, method, target, headers, raw):
        return super().exchange(method, target, [said for name, value in headers for said in self.signed(name, value)], raw)

    def signed(self, name, value):
        if name != "X-Bidder":
            return [(name, value)]
        role = "operator" if value == "Seller" else "bidder"
        return tokens.bearer(tokens.hs256(tokens.claims_of(value, role=role), secret=self.secret))


@pytest.fixture
def api(server, documents, secret):
    """A client of its own for each test: the balancer picks a node for each connection."""
    client = LoggedIn(server, documents[0], secret)
    yield client
    client.close()


@pytest.fixture(autouse=True)
def all_nodes_are_ready(containers):
    """Before each test, whatever the one before it has done to them."""
    for node in NODES:
        until(lambda: containers[node].is_ready("http://127.0.0.1:8080/readyz"), f"{node} is ready")


def metric(containers, node, name):
    """The sum of a metric's samples on one node, asked without the balancer."""
    text = containers[node].fetch("http://127.0.0.1:8080/metrics")
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
    """50 bidders against the balancer, who log in; the node's environment has the balancer's URL and the key."""
    return ["flashbid", "bots", "--bots", "50", "--keys", "--duration", f"{seconds}s"]


def events_archived(containers):
    return int(containers["postgres"].execute("psql", "-U", "flashbid", "-d", "flashbid", "-Atc",
                                              "SELECT count(*) FROM flashbid.events"))


def verified(containers):
    """`flashbid verify` of the ledger in Redis beside the archive; a node's environment has both URLs."""
    return containers["node1"].execute("flashbid", "verify", timeout=120)


def check_archive_equals_ledger(containers):
    def equal():
        try:
            return verified(containers)
        except AssertionError as error:
            if "not archived yet" in str(error):
                return None
            raise
    assert "equal to the ledger" in until(equal, "the relays have stored everything")


def test_only_the_loopback_is_published(containers):
    published = {}
    for service, container in containers.items():
        for port, bindings in (container.inspect()["HostConfig"]["PortBindings"] or {}).items():
            if bindings:
                published[service] = port
                assert {binding["HostIp"] for binding in bindings} == {"127.0.0.1"}, (service, bindings)
    assert published == {"balancer": "8080/tcp", "prometheus": "9090/tcp"}


@pytest.mark.parametrize("service", OURS)
def test_ours_can_write_nothing_and_has_no_privileges(containers, service):
    containers[service].check_hardened()


def test_everything_is_healthy(containers):
    for service, container in containers.items():
        if service != "prometheus":  # its image has nothing to ask with
            until(lambda: container.inspect()["State"]["Health"]["Status"] == "healthy", f"{service} is healthy")


def test_the_key_is_the_services_alone(containers, secret):
    assert re.fullmatch(rb"[0-9a-f]{64}", secret)
    assert containers["node1"].execute("stat", "-c", "%a %U", "/etc/flashbid/keys/jwt-key").strip() == "600 flashbid"


def test_pages_and_readiness_through_the_balancer(api):
    assert api.get("/").media_type == "text/html"
    assert api.get_json("/readyz")["degraded"] == []
    assert api.auction(1001)["state"] == "open"
    assert api.problem("GET", "/metrics", 404)["code"] == "not_found"


def test_who_has_no_token_reads_and_does_not_bid(api, containers):
    api.problem("POST", "/v1/auctions/1001/bids", 401, "unauthenticated", body={"amount": 10_000})
    forged = tokens.bearer(tokens.hs256(tokens.claims_of("Mallory", role="operator")))
    api.problem("POST", "/v1/auctions/1001/bids", 401, body={"amount": 10_000}, headers=forged)
    token = containers["node2"].execute("flashbid", "token", "--sub", "boss", "--role", "operator").strip()
    assert "actions" in api.get_json("/v1/auctions/1001/actions", headers=tokens.bearer(token))
    api.problem("GET", "/v1/auctions/1001/actions", 403, bidder="Bob")


def test_who_asks_is_who_is_connected_whatever_he_writes(api):
    """A wrong token from ever other addresses, as the client says: the limit of wrong tokens counts one address."""
    wrong = tokens.bearer(tokens.hs256(tokens.claims_of()))
    asked = itertools.count(1)

    def limited():
        forged = [("X-Forwarded-For", f"203.0.113.{next(asked) % 250}, 198.51.100.{next(asked) % 250}")]
        status = api.get("/v1/auctions/1001", headers=wrong + forged).status
        assert status in (401, 429)
        return status == 429
    until(limited, "wrong tokens are too many", pause_s=0)


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
        bid_when_possible(api, auction, 10100, "Bob")
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
        until(lambda: api.problem("GET", "/v1/auctions/1001", 503)["code"] == "unavailable", "nobody is asked any more")
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


def test_the_publisher_dies(api, containers):
    kill_and_bid(api, containers, "publisher")


def test_the_archiver_dies(api, containers):
    kill_and_bid(api, containers, "archiver")


def test_the_broker_dies(api, containers):
    kill_and_bid(api, containers, "rabbitmq")


def test_the_balancer_dies(api, containers):
    kill_and_bid(api, containers, "balancer")


def test_at_last_the_archive_equals_the_ledger(containers):
    check_archive_equals_ledger(containers)


def ask_prometheus(path, **parameters):
    pairs = [word for name, value in parameters.items() for word in ("--data-urlencode", f"{name}={value}")]
    answer = json.loads(run("curl", "-sS", "-m", "20", "-G", f"http://127.0.0.1:9090/api/v1/{path}", *pairs))
    assert answer["status"] == "success", f"{parameters}: {answer}"
    return answer["data"]


def test_the_dashboard_and_the_rules_find_what_they_ask_for(containers):
    containers["node1"].execute(*bots(12), timeout=120)
    targets = ask_prometheus("targets")["activeTargets"]
    assert {target["labels"]["instance"].split(":")[0] for target in targets} == set(OURS)
    until(lambda: {target["health"] for target in ask_prometheus("targets")["activeTargets"]} == {"up"}, "all are asked")
    until(lambda: ask_prometheus("query", query="rate(flashbid_bids_total[5m]) > 0")["result"], "bids were counted")
    asked = 0
    for title, expression in monitored.panels():
        found = ask_prometheus("query", query=expression.replace("[10s]", "[5m]"))["result"]
        numbers = [sample["value"][1] for sample in found]
        assert numbers and ("NaN" in numbers) == bool(WITHOUT_A_VALUE.search(expression)), f"{title}: {expression}: {found}"
        asked += 1
    assert asked > 25
    stores = {("publisher", "flashbid_rabbitmq_up"), ("archiver", "flashbid_archive_up")}
    until(lambda: {(sample["metric"]["instance"].split(":")[0], sample["metric"]["__name__"]) for sample in ask_prometheus(
        "query", query='{__name__=~"flashbid_(archive|rabbitmq)_up"} == 1')["result"]} == stores, "both relays store")
    rules = [rule for group in ask_prometheus("rules")["groups"] for rule in group["rules"]]
    assert len(rules) > 15 and {rule["health"] for rule in rules} == {"ok"}, rules


def test_a_dead_node_is_missed(containers):
    def missed():
        return [alert for alert in ask_prometheus("alerts")["alerts"] if alert["labels"]["alertname"] == "FlashbidDown"
                and alert["labels"]["instance"] == "node3:8080" and alert["state"] == "firing"]
    until(lambda: not missed(), "it is there before")
    podman("stop", "--time", "5", containers["node3"].id)
    try:
        until(missed, "Prometheus misses node3")
    finally:
        podman("start", containers["node3"].id)
