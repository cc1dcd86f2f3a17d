"""The load panel's routes: bots of the server's own, watched, stopped and judged; only with --dev."""
import threading
import time

import pytest
import requests
import websocket

from api_client import Api, in_seconds
from certificates import Certificates
from machine_time import running_s

RUN_FIELDS = {"state", "auction_id", "bots", "rate", "duration_ms", "started_at", "server_time", "accepted", "rejected",
              "refused", "unknown", "bids_per_second", "latency_ms", "series", "violations", "verdict", "detail"}


@pytest.fixture
def panel(own_server, documents):
    """panel(*flags) -> a client of a fresh dev server."""
    opened = []

    def open_panel(*flags, **how):
        opened.append(Api(own_server(*flags, **how).start(), documents.openapi))
        return opened[-1]

    yield open_panel
    for each in opened:
        each.close()


def start(api, **order):
    answer = api.post("/v1/load", order)
    assert answer.status == 202, answer
    return answer.json()


def wait_for(api, holds, what, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        run = api.get_json("/v1/load")
        if holds(run):
            return run
        assert time.monotonic() < deadline, f"{what}: {run}"
        time.sleep(0.05)


def finish(api):
    run = wait_for(api, lambda run: run["state"] not in ("running", "checking"), "the end")
    assert run["state"] == "finished", run
    return run


def agrees_with_the_ledger(api, run):
    """What the panel told is what the ledger holds, read by other means."""
    accepted = [event for event in api.events(run["auction_id"]) if event["event"] == "bid_accepted"]
    assert run["unknown"] == 0
    assert run["accepted"] == len(accepted) == len(api.history(run["auction_id"]))
    assert run["accepted"] == api.auction(run["auction_id"])["bids"]
    assert sum(point["accepted"] for point in run["series"]) == run["accepted"]
    assert sum(point["rejected"] for point in run["series"]) == run["rejected"]


def test_a_run_is_watched_from_its_start_to_its_verdict(panel):
    api = panel()
    idle = api.get_json("/v1/load")
    assert set(idle) == {"state", "server_time"} and idle["state"] == "idle"
    assert api.get_json("/v1/access")["load"] is True
    run = start(api, duration_ms=2500, bots=20)
    assert set(run) == RUN_FIELDS and run["state"] == "running"
    auction = api.auction(run["auction_id"])
    assert auction["state"] == "open"
    seen = wait_for(api, lambda run: len(run["series"]) >= 3, "points")
    later = wait_for(api, lambda run: len(run["series"]) > len(seen["series"]), "more points")
    assert later["accepted"] >= seen["accepted"] > 0 and later["series"][:len(seen["series"])] == seen["series"]
    assert 0 < seen["latency_ms"]["p50"] <= seen["latency_ms"]["p99"] <= seen["latency_ms"]["max"]
    assert api.auction(run["auction_id"])["price"] > auction["opening_price"]
    ended = finish(api)
    assert (ended["verdict"], ended["violations"], ended["detail"], ended["refused"]) == ("clean", 0, None, 0)
    assert (ended["bots"], ended["rate"], ended["duration_ms"]) == (20, None, 2500)
    times = [point["at_ms"] for point in ended["series"]]
    assert times == sorted(times) and len(times) <= 500
    agrees_with_the_ledger(api, ended)
    assert api.auction(run["auction_id"])["sold"] is True, "its auction closes with it"


def test_a_stop_ends_it_soon_and_it_is_judged(panel):
    api = panel()
    run = start(api, duration_ms=120000, bots=30, rate=1000)
    wait_for(api, lambda run: run["accepted"] > 0, "a bid")
    begun = running_s()
    answer = api.post("/v1/load/stop")
    assert answer.status == 200 and answer.json()["auction_id"] == run["auction_id"]
    ended = finish(api)
    assert running_s() - begun < 20
    assert ended["verdict"] == "clean" and "stopped" in ended["detail"]
    agrees_with_the_ledger(api, ended)
    assert api.post("/v1/load/stop", {}).json()["state"] == "finished", "nothing changes"
    assert start(api, duration_ms=1000)["auction_id"] != run["auction_id"], "the place is free"
    assert finish(api)["detail"] is None, "an old stop stops no new run"


def test_one_run_at_a_time(panel):
    api = panel()
    start(api, duration_ms=60000, bots=5)
    for order in ({}, {"auction_id": 1}, {"auction_id": 999}):
        api.problem("POST", "/v1/load", 409, "load_running", body=order)
    assert len(api.get_json("/v1/auctions")["auctions"]) == 1, "no auction is made for what does not start"
    api.post("/v1/load/stop")
    finish(api)


def test_many_that_start_at_once_start_one(panel):
    api = panel()
    statuses = []

    def ask():
        answer = requests.post(api.server.url + "/v1/load", json={"duration_ms": 60000, "bots": 2}, timeout=60)
        statuses.append(answer.status_code)

    askers = [threading.Thread(target=ask) for _ in range(16)]
    for each in askers:
        each.start()
    for each in askers:
        each.join()
    assert sorted(statuses) == [202] + [409] * 15
    assert len(api.get_json("/v1/auctions")["auctions"]) == 1
    api.post("/v1/load/stop")
    finish(api)


def test_bots_join_people_on_an_auction(panel):
    api = panel()
    auction = api.create(closes_at=in_seconds(600))["id"]
    api.accept(auction, 10000, "Alice")
    start(api, auction_id=auction, duration_ms=1500, bots=10)
    wait_for(api, lambda run: run["accepted"] > 0, "a bid")
    api.accept(auction, 50_000_000, "Bob")
    ended = finish(api)
    assert (ended["verdict"], ended["auction_id"]) == ("clean", auction)
    accepted = [event for event in api.events(auction) if event["event"] == "bid_accepted"]
    bots = [event for event in accepted if event["bidder"].startswith("bot-")]
    assert ended["accepted"] == len(bots) == len(accepted) - 2
    assert api.auction(auction)["state"] == "open", "it is not the bots' to end"


def test_an_auction_that_is_called_off_under_the_bots(panel):
    api = panel()
    run = start(api, duration_ms=60000, bots=10)
    wait_for(api, lambda run: run["accepted"] > 0, "a bid")
    assert api.post(f"/v1/auctions/{run['auction_id']}/cancel").status == 200
    ended = finish(api)
    assert ended["verdict"] == "clean", ended
    agrees_with_the_ledger(api, ended)


def test_auctions_that_cannot_be_bid_on(panel):
    api = panel()
    api.problem("POST", "/v1/load", 404, "not_found", body={"auction_id": 77})
    later = api.create(opens_at=in_seconds(300), closes_at=in_seconds(600))["id"]
    api.problem("POST", "/v1/load", 409, "auction_not_open", body={"auction_id": later})
    gone = api.create()["id"]
    api.post(f"/v1/auctions/{gone}/cancel")
    api.problem("POST", "/v1/load", 409, "auction_not_open", body={"auction_id": gone})
    assert api.get_json("/v1/load")["state"] == "idle"


@pytest.mark.parametrize("body, code", [
    ({"auction": 1}, "unknown_field"), ({"bots": 0}, "invalid_value"), ({"bots": 501}, "invalid_value"),
    ({"bots": None}, "invalid_type"), ({"bots": "50"}, "invalid_type"), ({"bots": 1.5}, "invalid_type"),
    ({"duration_ms": 999}, "invalid_value"), ({"duration_ms": 120001}, "invalid_value"),
    ({"rate": 0}, "invalid_value"), ({"rate": 50001}, "invalid_value"), ({"rate": "fast"}, "invalid_type"),
    ({"auction_id": 0}, "invalid_value"), ({"auction_id": "1"}, "invalid_type"), ([], "invalid_json"),
], ids=str)
def test_orders_that_make_no_sense(api, body, code):
    api.problem("POST", "/v1/load", 400, code, body=body)


def test_the_document_states_the_limits(api, documents):
    """Just beyond each limit that it names is refused."""
    order = documents.openapi.document["components"]["schemas"]["LoadOrder"]["properties"]
    for field in ("bots", "duration_ms", "rate"):
        for wrong in (order[field]["minimum"] - 1, order[field]["maximum"] + 1):
            api.problem("POST", "/v1/load", 400, "invalid_value", body={field: wrong})


def test_what_other_sites_and_forms_may_not(api):
    form = [("Content-Type", "application/x-www-form-urlencoded")]
    api.problem("POST", "/v1/load", 415, "unsupported_media_type", raw="bots=1", headers=form)
    api.problem("POST", "/v1/load/stop", 415, "unsupported_media_type", raw="x=1", headers=form)
    for target in ("/v1/load", "/v1/load/stop"):
        api.problem("POST", target, 403, "origin_not_allowed", body={}, headers=[("Origin", "http://evil.example")])
    api.problem("POST", "/v1/load/stop", 400, "unknown_field", body={"now": True})
    api.problem("GET", "/v1/load/stop", 405)
    api.problem("PUT", "/v1/load", 405)
    assert api.get_json("/v1/load")["state"] == "idle"


def test_not_without_dev(own_server, tmp_path):
    key = tmp_path / "key"
    key.write_text("k" * 40)
    server = own_server("--jwt-key", str(key), dev=False).start()
    assert requests.get(server.url + "/v1/access", timeout=60).json()["load"] is False
    for method, path in (("GET", "/v1/load"), ("POST", "/v1/load"), ("POST", "/v1/load/stop")):
        assert requests.request(method, server.url + path, json={}, timeout=60).status_code == 404


def test_not_in_a_private_house(panel):
    api = panel("--private")
    assert requests.get(api.server.url + "/v1/access", timeout=60).json()["load"] is False
    assert requests.get(api.server.url + "/v1/load", timeout=60).status_code == 404


def test_not_inside_tls(own_server, documents, tmp_path):
    certificates = Certificates(tmp_path / "certificates")
    certificates.sign("server")
    server = own_server(*certificates.flags("server"))
    server.tls = certificates.client_context()
    api = Api(server.start(), documents.openapi)
    assert api.get_json("/v1/access")["load"] is False
    for method, path in (("GET", "/v1/load"), ("POST", "/v1/load"), ("POST", "/v1/load/stop")):
        api.problem(method, path, 501, "not_implemented", **({"body": {}} if method == "POST" else {}))
    api.close()


@pytest.mark.parametrize("listen", ["[::1]:0", "127.0.0.2:0"])
def test_other_addresses_of_this_machine(panel, listen):
    api = panel(listen=listen)
    start(api, duration_ms=1000, bots=10)
    ended = finish(api)
    assert ended["verdict"] == "clean" and ended["accepted"] > 0
    agrees_with_the_ledger(api, ended)


def test_masked_names_are_judged_too(panel):
    api = panel("--public-bidders", "masked")
    start(api, duration_ms=1000, bots=10)
    assert finish(api)["verdict"] == "clean"


def test_limits_refuse_bots_too(panel):
    api = panel("--rate-address", "off", "--rate-auction", "off", "--rate-bidder", "1/min")
    start(api, duration_ms=1500, bots=5)
    ended = finish(api)
    assert ended["refused"] > 0 and ended["verdict"] == "clean"


def test_a_server_that_lets_too_few_in(panel):
    api = panel("--max-connections", "10")
    start(api, duration_ms=1000, bots=50)
    ended = wait_for(api, lambda run: run["state"] not in ("running", "checking"), "the end")
    assert ended["state"] in ("failed", "finished")
    if ended["state"] == "failed":
        assert ended["detail"] and ended["verdict"] is None


def test_the_price_moves_on_the_stream(panel):
    api = panel()
    run = start(api, duration_ms=2000, bots=10)
    socket = websocket.create_connection(f"ws://{api.server.host}:{api.server.port}/v1/stream", timeout=60,
                                         subprotocols=["flashbid.v1"])
    socket.send('{"type":"subscribe","auction_id":%d}' % run["auction_id"])
    accepted = 0
    while accepted < 5:
        accepted += '"bid_accepted"' in socket.recv()
    socket.close()
    finish(api)


@pytest.mark.parametrize("after_s", [0, 0.05, 0.7])
def test_a_server_that_stops_waits_for_no_run(panel, after_s):
    api = panel()
    start(api, duration_ms=120000, bots=100, rate=2000)
    time.sleep(after_s)
    begun = running_s()
    api.server.stop()  # exits 0
    assert running_s() - begun < 8


def test_what_was_accepted_in_a_cut_off_run_is_in_the_ledger(panel):
    api = panel()
    run = start(api, duration_ms=120000, bots=50)
    told = wait_for(api, lambda run: run["accepted"] > 50, "bids")
    api.server.stop()
    api.server.start()
    assert api.auction(run["auction_id"])["bids"] >= told["accepted"]
    assert api.get_json("/v1/load")["state"] == "idle", "a run does not outlive its server"
