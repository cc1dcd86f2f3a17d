"""TLS as clients see it: https and wss by the programs that people use, certificates that change, the plain port."""
import os
import re
import socket
import subprocess
import threading
import time

import pytest
import requests
import websocket

from api_client import Api
from certificates import Certificates
from flashbid_server import run_command
from http_wire import Connection, ConnectionEnded, request_bytes
from stream_client import Events, Stream


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    made = Certificates(tmp_path_factory.mktemp("tls") / "certificates")
    made.sign("server")
    made.sign("other")
    return made


@pytest.fixture
def secure(own_server, certificates):
    """A server inside TLS: secure(*flags)."""
    def prepare(*flags, name="server"):
        server = own_server(*certificates.flags(name), *flags)
        server.tls = certificates.client_context()
        return server.start()

    return prepare


@pytest.fixture
def changing(tmp_path):
    """Certificates that a test may replace."""
    made = Certificates(tmp_path / "changing")
    made.sign("server")
    return made


def curl(*words):
    return subprocess.run(["curl", "-sS", "--max-time", "20", *words], capture_output=True, text=True, timeout=30)


def wait_until(holds, what, seconds=20):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_https_by_curl_and_requests(secure, certificates):
    server = secure()
    assert server.url.startswith("https://")
    told = curl("--cacert", certificates.file("ca.pem"), "-i", f"{server.url}/readyz")
    assert told.returncode == 0, told.stderr
    assert told.stdout.startswith("HTTP/1.1 200")
    assert "\nStrict-Transport-Security: max-age=31536000\n" in told.stdout
    assert curl(f"{server.url}/readyz").returncode == 60, "whoever does not know the authority must not trust it"
    with requests.Session() as session:
        session.trust_env = False  # no bundle of the machine's own
        session.verify = certificates.file("ca.pem")
        for _ in range(3):
            assert session.get(f"{server.url}/openapi.json", timeout=60).json()["openapi"].startswith("3.1")
    server.check_alive()


def test_a_bid_by_https_is_seen_on_wss_and_on_sse(secure, documents):
    server = secure()
    api = Api(server, documents.openapi)
    auction = api.create()["id"]
    with Stream(server, documents.asyncapi, bidder="Bob") as stream:
        stream.send(type="subscribe", auction_id=auction)
        assert stream.read()["type"] == "snapshot"
        events = Events(server, auction)
        api.accept(auction, 10000, "Alice")
        assert stream.read()["event"] == "bid_accepted"
        stream.send(type="bid", id="b", auction_id=auction, amount=10100)
        frames = [stream.read(), stream.read()]
        assert sorted(frame["type"] for frame in frames) == ["bid_result", "event"]
        assert events.read()
        events.connection.close()
        stream.close()


def test_wss_by_the_library(secure, certificates):
    server = secure()
    socket_ = websocket.create_connection(f"wss://{server.host}:{server.port}/v1/stream", timeout=60,
                                          sslopt={"ca_certs": certificates.file("ca.pem")},
                                          subprotocols=["flashbid.v1"], origin=server.url)
    socket_.send('{"type":"time","id":"t"}')
    assert '"type":"time"' in socket_.recv()
    socket_.close()


def test_hsts_is_settable(secure):
    with Connection(secure("--hsts", "60")) as connection:
        connection.send(request_bytes("GET", "/nothing", host=connection.authority))
        assert connection.read_response().header("strict-transport-security") == "max-age=60"


def test_hsts_may_be_off(secure):
    with Connection(secure("--hsts", "0")) as connection:
        connection.send(request_bytes("GET", "/healthz", host=connection.authority))
        assert connection.read_response().header("strict-transport-security") is None


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(secure, version):
    server = secure()
    told = subprocess.run(["openssl", "s_client", version, "-cipher", "ALL:@SECLEVEL=0", "-connect",
                           f"{server.host}:{server.port}"], capture_output=True, text=True, timeout=30, input="")
    assert told.returncode != 0
    assert "alert protocol version" in told.stderr
    server.check_alive()


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_new_versions_are_spoken(secure, certificates, version):
    server = secure()
    told = subprocess.run(["openssl", "s_client", version, "-verify_return_error", "-CAfile",
                           certificates.file("ca.pem"), "-alpn", "h2,http/1.1", "-connect",
                           f"{server.host}:{server.port}"], capture_output=True, text=True, timeout=30, input="")
    assert told.returncode == 0, told.stderr
    assert "ALPN protocol: http/1.1" in told.stdout
    assert re.search(r"Cipher is (ECDHE-\S+-GCM-\S+|ECDHE-\S+-POLY1305|TLS_\S+)", told.stdout), told.stdout


def test_plain_http_gets_a_hint(secure):
    server = secure()
    answer = requests.get(f"http://{server.host}:{server.port}/", timeout=60)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert f"use https://{server.host}:{server.port}" in answer.json()["detail"]


def test_the_plain_port_sends_on(secure, certificates):
    server = secure("--redirect-listen", "127.0.0.1:0")
    found = re.search(rb"^redirecting from (http://\S+)$", server.stdout_path.read_bytes(), re.M)
    plain = found.group(1).decode()
    answer = requests.get(f"{plain}/v1/auctions?limit=1", allow_redirects=False, timeout=60)
    assert answer.status_code == 308
    assert answer.headers["location"] == f"{server.url}/v1/auctions?limit=1"
    followed = curl("-L", "--cacert", certificates.file("ca.pem"), "-o", os.devnull, "-w",
                    "%{http_code} %{url_effective}", f"{plain}/healthz")
    assert followed.stdout == f"200 {server.url}/healthz", followed.stderr
    refused = requests.get(f"{plain}/", headers={"Host": "elsewhere.example"}, allow_redirects=False, timeout=60)
    assert refused.status_code == 403 and "location" not in refused.headers


def test_the_port_sent_to_is_settable(secure):
    server = secure("--redirect-listen", "127.0.0.1:0", "--redirect-port", "443")
    plain = re.search(rb"^redirecting from (http://\S+)$", server.stdout_path.read_bytes(), re.M).group(1).decode()
    answer = requests.get(f"{plain}/x", allow_redirects=False, timeout=60)
    assert answer.headers["location"] == "https://127.0.0.1/x"


def test_a_certificate_is_replaced_without_downtime(own_server, changing, documents):
    server = own_server(*changing.flags("server"))
    server.tls = changing.client_context()
    server.start()
    api = Api(server, documents.openapi)
    auction = api.create()["id"]
    ended, failures, answered = threading.Event(), [], [0]

    def keep_asking():
        while not ended.is_set():
            try:
                with Connection(server) as connection:
                    connection.send(request_bytes("GET", "/healthz", host=connection.authority))
                    assert connection.read_response().status == 200
                    answered[0] += 1
            except (OSError, AssertionError) as error:
                failures.append(error)

    asking = threading.Thread(target=keep_asking)
    asking.start()
    try:
        with Stream(server, documents.asyncapi) as stream:
            stream.send(type="subscribe", auction_id=auction)
            assert stream.read()["type"] == "snapshot"
            amount, sequence = 10000, None
            for _ in range(2):
                first = changing.serial(server)
                changing.sign("server")
                deadline = time.monotonic() + 60
                while changing.serial(server) == first:
                    assert time.monotonic() < deadline, "the new certificate is never shown"
                    assert api.accept(auction, amount, f"B{amount % 200}")
                    amount += 100
                    event = stream.read()
                    assert sequence in (None, event["sequence"] - 1)
                    sequence = event["sequence"]
            stream.close()
    finally:
        ended.set()
        asking.join()
    assert not failures
    assert answered[0] > 10


def test_a_bad_new_certificate_keeps_the_old_one(own_server, changing):
    server = own_server(*changing.flags("server"))
    server.tls = changing.client_context()
    server.start()
    api = Api(server)
    shown = changing.serial(server)
    assert api.get_json("/readyz")["degraded"] == []
    good = (changing.folder / "server.pem").read_bytes()
    (changing.folder / "server.pem").write_text("no certificate\n")
    wait_until(lambda: api.get_json("/readyz")["degraded"], "nothing is said of the bad file")
    told, = api.get_json("/readyz")["degraded"]
    assert "the old one stays; the log says why" in told and changing.file("server.pem") not in told
    log = server.stderr_path.read_text()
    assert "the old one stays" in log and changing.file("server.pem") in log
    assert changing.serial(server) == shown
    (changing.folder / "server.pem").write_bytes(good)
    wait_until(lambda: not api.get_json("/readyz")["degraded"], "the good file is not taken again")
    assert changing.serial(server) == shown


@pytest.mark.parametrize("flags, told", [
    (["--tls-cert", "server.pem"], "--tls-key"),
    (["--tls-key", "server.key"], "--tls-cert"),
    (["--tls-cert", "missing.pem", "--tls-key", "server.key"], "No such file"),
    (["--tls-cert", "server.key", "--tls-key", "server.key"], "no certificate in PEM"),
    (["--tls-cert", "server.pem", "--tls-key", "server.pem"], "no private key in PEM"),
    (["--tls-cert", "server.pem", "--tls-key", "other.key"], "does not fit the certificate"),
    (["--redirect-listen", "127.0.0.1:0"], "--tls-cert"),
    (["--tls-cert", "server.pem", "--tls-key", "server.key", "--redirect-listen", "0.0.0.0:0"], "loopback"),
    (["--hsts", "-1"], "--hsts"),
])
def test_what_cannot_be_is_said_in_one_line(certificates, tmp_path, flags, told):
    ended = run_command("serve", "--dev", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"), *flags,
                        cwd=certificates.folder)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert told in ended.stderr and ended.stderr.count("\n") == 1, ended.stderr


def cpu_seconds(server):
    fields = open(f"/proc/{server.child.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_without_descriptors_it_refuses_idles_and_goes_on_later(own_server):
    server = own_server().start()
    api = Api(server)
    auction = api.create()["id"]
    open_now = [int(name) for name in os.listdir(f"/proc/{server.child.pid}/fd")]
    room = 8
    subprocess.run(["prlimit", f"--pid={server.child.pid}", f"--nofile={max(open_now) + 1 + room}"], check=True, timeout=60)
    clients = [Connection(server) for _ in range(4 * room)]
    taken, refused = [], 0
    for client in clients:
        client.send_all_it_takes(request_bytes("GET", "/healthz", host=client.authority))
        try:
            status = client.read_response().status
        except ConnectionEnded:
            status = 503
        if status == 200:
            taken.append(client)
        else:
            assert status == 503
            refused += 1
    assert 0 < len(taken) <= room + 8 and refused >= 2 * room
    # Those that are in go on, bids are kept, and nothing spins.
    api.accept(auction, 10000)
    before = cpu_seconds(server)
    time.sleep(1)
    assert cpu_seconds(server) - before < 0.5
    for client in clients:
        client.close()

    def is_served():
        try:
            with Connection(server) as client:
                client.send(request_bytes("GET", "/healthz", host=client.authority))
                return client.read_response().status == 200
        except (ConnectionEnded, OSError):
            return False

    wait_until(is_served, "service does not come back")
    assert server.stderr_path.read_text().count("no descriptor is left") == 1
    server.check_alive()


def test_few_descriptors_leave_some_for_the_ledger(own_server):
    server = own_server(prefix=["prlimit", "--nofile=160"]).start()
    assert "--max-connections is 80 and not 20000" in server.stderr_path.read_text()
    api = Api(server)
    auction = api.create()["id"]
    clients = [socket.create_connection((server.host, server.port), timeout=60) for _ in range(200)]
    api.accept(auction, 10000)
    for client in clients:
        client.close()
    assert "no descriptor is left" not in server.stderr_path.read_text()
