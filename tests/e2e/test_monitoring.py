"""deploy/: the alerts speak when they should, a real Prometheus reads a real server, and every panel has something to show."""
import json
import re
import subprocess
import time
from pathlib import Path

import pytest
import requests

from api_client import Api
from postgres_server import free_port
from stream_client import Stream

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yml"
DASHBOARD = json.loads((DEPLOY / "grafana" / "flashbid.json").read_text())
METRIC = re.compile(r"\bflashbid_[a-z_]+")
HOPS = re.compile(r'__name__=~"flashbid_\(archive\|rabbitmq\|kafka\|webhook\)_([a-z_]+)"')
PARTS = re.compile(r"_(bucket|sum|count)$")
START_TIMEOUT_S = 60


def promtool(*words):
    return subprocess.run(["promtool", *words], capture_output=True, text=True, timeout=60, cwd=RULES.parent)


def test_the_rules_and_the_configuration_are_well_formed():
    for words in (["check", "rules", "rules.yml"], ["check", "config", "prometheus.yml"]):
        done = promtool(*words)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_speaks_when_it_should_and_only_then():
    done = promtool("test", "rules", "rules_test.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    tested = (RULES.parent / "rules_test.yml").read_text()
    for alert in re.findall(r"- alert: (\w+)", RULES.read_text()):
        assert f'alertname="{alert}"' in tested, f"{alert} is not tested"


def test_what_a_rule_points_to_is_there():
    for page, anchor in re.findall(r"runbook: ([\w./-]+)(?:#([\w-]+))?", RULES.read_text()):
        text = (DEPLOY.parent / page).read_text(encoding="utf-8")
        headings = {re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).strip().replace(" ", "-")
                    for line in text.splitlines() if line.startswith("#")}
        assert not anchor or anchor in headings, f"{page} has no {anchor}"


def panels():
    """(title, expression) of each query of the dashboard, as Grafana would send it."""
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"].replace("$__rate_interval", "10s").replace("$instance", ".*")


class Prometheus:
    """One of the test's own, which asks the targets every second."""

    def __init__(self, folder, targets):
        jobs = [{"job_name": job, "static_configs": [{"targets": [target]}]} for job, target in targets.items()]
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(RULES)],
                  "scrape_configs": jobs}
        (folder / "prometheus.json").write_text(json.dumps(config))  # JSON is YAML
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = folder / "prometheus.log"
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(
                ["prometheus", f"--config.file={folder}/prometheus.json", f"--storage.tsdb.path={folder}/data",
                 f"--web.listen-address={self.url.removeprefix('http://')}"],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def ask(self, path, **parameters):
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=60).json()
        assert answer["status"] == "success", f"{parameters}: {answer}"
        return answer["data"]

    def wait_until(self, holds, what):
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            assert self.child.poll() is None and time.monotonic() < deadline, f"{what}\n{self.log.read_text()[-3000:]}"
            try:
                if holds():
                    return
            except requests.RequestException:
                pass
            time.sleep(0.2)

    def end(self):
        self.child.kill()
        self.child.wait(timeout=60)


@pytest.fixture
def monitored(tmp_path, own_server, database):
    """A house with an archive, seen by a Prometheus."""
    server = own_server("--archive", database).start()
    prometheus = Prometheus(tmp_path, {"flashbid": f"{server.host}:{server.port}"})
    try:
        yield server, prometheus
    finally:
        prometheus.end()


def test_every_panel_and_every_rule_finds_its_metrics(monitored):
    server, prometheus = monitored
    api = Api(server)
    auction = api.create(opening_price=1, increment=1)["id"]
    amount = 0

    def has_data():
        nonlocal amount
        for _ in range(20):
            amount += 1
            api.bid(auction, amount, f"B{amount % 3}")
            api.bid(auction, 1, "Late")
        return bool(prometheus.ask("query", query="rate(flashbid_commits_total[10s]) > 0")["result"])

    prometheus.wait_until(has_data, "Prometheus has asked the server twice")
    exposed = {PARTS.sub("", name) for name in METRIC.findall(requests.get(server.url + "/metrics", timeout=60).text)}
    seen = 0
    for title, expression in panels():
        found = prometheus.ask("query", query=expression)["result"]
        of_redis = "flashbid_redis_" in expression and "vector" not in expression  # this server has none
        assert found or of_redis, f"{title}: {expression} finds nothing"
        seen += 1
    assert seen > 25
    written = RULES.read_text() + "".join(expression for _, expression in panels())
    used = {PARTS.sub("", name) for name in METRIC.findall(HOPS.sub("", written))}
    missing = {name for name in used - exposed if not name.startswith(("flashbid_redis_", "flashbid_tls_certificate_"))}
    assert not missing, f"no server tells {missing}"
    assert {f"flashbid_archive_{what}" for what in HOPS.findall(written)} <= exposed
    assert not prometheus.ask("alerts")["alerts"], "a house where all is well"


def test_a_server_that_is_gone_raises_an_alert(monitored):
    server, prometheus = monitored
    prometheus.wait_until(lambda: prometheus.ask("query", query='up{job="flashbid"} == 1')["result"], "it is seen")
    server.kill()
    prometheus.wait_until(lambda: "FlashbidDown" in {alert["labels"]["alertname"] for alert in prometheus.ask("alerts")["alerts"]},
                          "it is missed")


def stage_counts(server):
    text = requests.get(server.url + "/metrics", timeout=60).text
    return {stage: int(float(count)) for stage, count in
            re.findall(r'^flashbid_bid_stage_seconds_count\{stage="(\w+)"\} (\S+)$', text, re.MULTILINE)}


def test_every_stage_of_every_bid_is_measured(own_server):
    """Each bid is told in the stages that it went through, whichever way it came: here all on the loop that decides."""
    server = own_server("--threads", "1").start()
    api = Api(server)
    auction = api.create(opening_price=1, increment=1)["id"]
    for amount in range(1, 11):
        api.accept(auction, amount, f"B{amount % 3}")
        api.reject(auction, 1, "amount_below_minimum", "Late")  # nothing is in flight: it rests on no batch
    with Stream(server, bidder="Alice") as stream:
        stream.bid(auction, 100)
        assert stream.expect("bid_result")["verdict"] == "accepted"
    api.problem("POST", f"/v1/auctions/{auction}/bids", 400, body={"amount": -1}, bidder="Alice")
    assert stage_counts(server) == {"decode": 21, "submit": 0, "decide": 21, "commit": 11, "publish": 11, "whole": 21}
