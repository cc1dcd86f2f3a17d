"""compose.yaml, the balancer's file and the table of errors agree, without a container being started."""

import json
import re

import yaml
from source_tree import read

SERVICES = {"pod", "balancer", "node1", "node2", "node3", "relay", "redis", "postgres"}


def services():
    return yaml.safe_load(read("compose.yaml"))["services"]


def test_every_part_is_there_and_comes_back():
    assert set(services()) == SERVICES
    assert {service["restart"] for service in services().values()} == {"unless-stopped"}


def test_only_the_loopback_is_published():
    published = [port for service in services().values() for port in service.get("ports", [])]
    assert published and all(port.startswith("127.0.0.1:") for port in published), published


def test_the_health_of_every_part_of_ours_is_asked_where_it_listens():
    ours = {name: service for name, service in services().items() if service["image"] == "flashbid"}
    assert set(ours) == {"node1", "node2", "node3", "relay"}
    for name, service in ours.items():
        assert "healthcheck" not in service, f"{name}: the image's own, deploy/ready, asks /readyz"
        assert re.fullmatch(r"[\d.]+:\d+", service["environment"]["FLASHBID_LISTEN"]), name


def test_the_balancer_knows_the_nodes_and_they_listen_on_the_loopback():
    nodes = {name: service["environment"]["FLASHBID_LISTEN"] for name, service in services().items()
             if name.startswith("node")}
    assert nodes == dict(re.findall(r"^\s*server (\S+) (127\.0\.0\.1:\d+)$", read("deploy/haproxy.cfg"), re.M))


def test_the_balancers_own_answers_are_of_the_table():
    table = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", read("docs/errors.md"), re.M))
    problems = [json.loads(body) for body in re.findall(r"string '(.*?)'", read("deploy/haproxy.cfg"))]
    assert len(problems) == 5
    for problem in problems:
        assert str(problem["status"]) == table[problem["code"]], problem
        assert problem["type"] == f"/docs/errors#{problem['code']}", problem
