"""/v1/health: what /readyz and /metrics say, for operators; and what waits for relays, on both engines."""
import re
import time

import requests

from api_documents import OpenApi
from flashbid_server import Server
from staff import BOSS, Staff

GROUP = 'flashbid_group_waiting_events{group="far"}'


def house(folder, *flags):
    staff = Staff(folder)
    return staff, Server(folder / "data", "--jwt-key", str(staff.key), *flags, dev=False)


def health(staff, server):
    answer = staff.ask(server, "GET", "/v1/health", BOSS)
    assert answer.status_code == 200, answer.text
    document = OpenApi(staff.ask(server, "GET", "/openapi.json").json())
    _, item = document.route("/v1/health")
    assert document.errors(item["get"]["responses"]["200"]["content"]["application/json"]["schema"], answer.json()) == []
    return answer.json()


def wait_for_group(staff, server, events):
    deadline = time.monotonic() + 60
    while (waiting := health(staff, server)["metrics"].get(GROUP)) != events:
        assert time.monotonic() < deadline, waiting
        time.sleep(0.1)
    assert f"{GROUP} {events}\n" in requests.get(server.url + "/metrics", timeout=60).text


def test_operators_are_told_what_the_monitoring_is_told(tmp_path):
    staff, made = house(tmp_path)
    with made as server:
        auction = staff.create(server)
        staff.bid(server, auction, 100)
        assert staff.ask(server, "GET", "/v1/health").status_code == 401
        assert staff.ask(server, "GET", "/v1/health", "Alice", "bidder").status_code == 403
        told = health(staff, server)
        assert (told["ready"], told["reason"]) == (True, None)
        assert told["degraded"] == requests.get(server.url + "/readyz", timeout=60).json()["degraded"]
        text = requests.get(server.url + "/metrics", timeout=60).text
        samples = set(re.findall(r"^([a-z_]+(?:\{[^}]*\})?) ", text, re.M)) - set(re.findall(r"^\w+_bucket\{[^}]*\}", text, re.M))
        assert set(told["metrics"]) == samples
        assert told["metrics"]['flashbid_bids_total{verdict="accepted",reason=""}'] == 1
        # A group that has read nothing yet, as docs/formats.md has its position: created, opened and the bid wait for it.
        assert GROUP not in told["metrics"]
        (server.data / "relay-far.position").write_text("0\n")
        (server.data / "relay-torn.position").write_text("1")
        wait_for_group(staff, server, 3)
        (server.data / "relay-far.position").write_text("3\n")
        wait_for_group(staff, server, 0)


def test_what_waits_in_redis(tmp_path, redis):
    staff, made = house(tmp_path, "--engine", redis.url)
    with made as server:
        staff.create(server)
        streams = redis.keys("flashbid:*:stream")
        assert len(streams) == 1
        redis.cli("XGROUP", "CREATE", streams[0], "far", "0")
        wait_for_group(staff, server, 2)
        redis.cli("XREADGROUP", "GROUP", "far", "somebody", "COUNT", "1", "STREAMS", streams[0], ">")
        wait_for_group(staff, server, 2)  # given to somebody, and not done
        redis.cli("XGROUP", "SETID", streams[0], "far", "$", "ENTRIESREAD", "2")
        wait_for_group(staff, server, 1)
