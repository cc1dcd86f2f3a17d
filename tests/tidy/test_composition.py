"""The compositions, the balancer's file, Prometheus's and the table of errors agree, without a container being started."""

import json
import re

import yaml
from source_tree import read

NODES = {"node1", "node2", "node3"}
RELAYS = {"publisher", "archiver"}
OTHERS = {"balancer", "redis", "rabbitmq", "postgres", "prometheus", "grafana"}


def services(file="compose.yaml"):
    return yaml.safe_load(read(file))["services"]


def everything():
    return [*services().items(), *services("compose.embedded.yaml").items()]


def test_every_part_is_there_and_comes_back():
    assert set(services()) == NODES | RELAYS | OTHERS | {"key"}
    assert {name for name, service in everything() if service["restart"] != "unless-stopped"} == {"key"}
    assert {name for name, service in everything() if "profiles" in service} == {"grafana"}


def test_only_the_loopback_is_published():
    published = {name: port for name, service in everything() for port in service.get("ports", [])}
    assert set(published) == {"balancer", "prometheus", "grafana", "flashbid"}
    assert all(port.startswith("127.0.0.1:") for port in published.values()), published


def test_nothing_gains_privileges_and_ours_have_none():
    for name, service in everything():
        assert service["security_opt"] == ["no-new-privileges:true"], name
        if service["image"] == "flashbid":
            assert service["cap_drop"] == ["ALL"] and service["read_only"] is True, name


def test_the_health_of_every_part_of_ours_is_asked_where_it_listens():
    ours = {name: service for name, service in everything() if service["image"] == "flashbid" and name != "key"}
    assert set(ours) == NODES | RELAYS | {"flashbid"}
    for name, service in ours.items():
        assert "healthcheck" not in service, f"{name}: the image's own, deploy/ready, asks /readyz"
        assert re.fullmatch(r"[\d.]+:\d+", service["environment"]["FLASHBID_LISTEN"]), name


def places(names):
    """host:port of each in the composition's own network."""
    return {f"{name}:{services()[name]['environment']['FLASHBID_LISTEN'].split(':')[1]}" for name in names}


def test_the_balancer_knows_the_nodes_and_nobody_comes_in_without_a_token():
    assert set(re.findall(r"^  server \S+ (\S+)$", read("deploy/haproxy.cfg"), re.M)) == places(NODES)
    for node in NODES:
        assert "--dev" not in services()[node]["command"] and services()[node]["environment"]["FLASHBID_JWT_KEY"], node


def test_prometheus_asks_every_part_of_ours():
    jobs = {job["job_name"]: {target for config in job["static_configs"] for target in config["targets"]}
            for job in yaml.safe_load(read("deploy/prometheus/compose.yml"))["scrape_configs"]}
    assert jobs == {"flashbid": places(NODES), "flashbid-relay": places(RELAYS)}


def test_the_balancers_own_answers_are_of_the_table():
    table = dict(re.findall(r"^\| `(\w+)` \| (\d{3}) \|", read("docs/errors.md"), re.M))
    problems = [json.loads(body) for body in re.findall(r"string '(.*?)'", read("deploy/haproxy.cfg"))]
    assert len(problems) == 6
    for problem in problems:
        assert str(problem["status"]) == table[problem["code"]], problem
        assert problem["type"] == f"/docs/errors#{problem['code']}", problem
