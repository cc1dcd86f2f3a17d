"""The command line: exit codes, one line that says what is wrong, flags over variables over the file, signals."""
import os
import signal
import socket
import threading
import time

import pytest

from api_client import Api
from flashbid_server import Server, clean_environment, run_command
from machine_time import running_s
from stream_client import Events, Stream, StreamClosed


def refused(*arguments, expected=(2,), **how):
    """The command ends with one of the codes and says why in one line."""
    ended = run_command(*arguments, timeout=60, **how)
    assert ended.returncode in expected, f"{arguments}: {ended}"
    assert "listening on" not in ended.stdout
    lines = [line for line in ended.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, f"one line expected: {ended.stderr!r}"
    return lines[0]


def test_version():
    ended = run_command("version")
    assert ended.returncode == 0 and any(character.isdigit() for character in ended.stdout)
    assert len(ended.stdout.strip().splitlines()) == 1


def test_help():
    for arguments in (("--help",), ("serve", "--help")):
        ended = run_command(*arguments)
        assert ended.returncode == 0 and "serve" in ended.stdout


def test_serve_without_dev_and_without_a_key(tmp_path):
    line = refused("serve", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "d"))
    assert "--dev" in line and "--jwt-key" in line
    assert not (tmp_path / "d" / "flashbid.db").exists()


@pytest.mark.parametrize("flags", [
    ["--listen", "nonsense"], ["--listen", "127.0.0.1"], ["--listen", "127.0.0.1:"], ["--listen", "127.0.0.1:99999"],
    ["--listen", "127.0.0.1:-1"], ["--listen", "127.0.0.1:x"], ["--listen", ":0x50"], ["--listen", ""],
    ["--listen", "300.1.1.1:80"], ["--listen", "127.0.0.1:0 "],
    ["--threads", "0"], ["--threads", "-1"], ["--threads", "x"], ["--threads", "1.5"], ["--threads", "100000"],
    ["--engine", "nonsense"], ["--engine", "http://x"], ["--no-such-flag"], ["surplus"], ["--data", ""],
    ["--config", "/nonexistent/flashbid.toml"], ["--durability", "nonsense"],
], ids=" ".join)
def test_wrong_flags(tmp_path, flags):
    listen = [] if "--listen" in flags else ["--listen", "127.0.0.1:0"]
    data = [] if "--data" in flags else ["--data", str(tmp_path / "d")]
    line = refused("serve", "--dev", *listen, *data, *flags, cwd=tmp_path)
    assert any(flag.strip("-") in line for flag in flags if flag), f"{line!r} does not say what is wrong"


@pytest.mark.parametrize("arguments", [["nonsense"], [], ["--nonsense"], ["version", "surplus"]], ids=str)
def test_wrong_commands(arguments):
    ended = run_command(*arguments)
    assert ended.returncode == 2, ended


@pytest.mark.parametrize("address", ["0.0.0.0:0", "192.0.2.1:0", "[::]:0"])
def test_dev_is_for_loopback_only(tmp_path, address):
    assert "loopback" in refused("serve", "--dev", "--listen", address, "--data", str(tmp_path / "d"))


def test_a_port_in_use(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        line = refused("serve", "--dev", "--listen", f"127.0.0.1:{port}", "--data", str(tmp_path / "d"),
                       expected=(1, 2))
        assert str(port) in line


def test_a_second_server_on_the_same_data(own_server):
    server = own_server().start()
    api = Api(server)
    auction = api.create()["id"]
    refused("serve", "--dev", "--listen", "127.0.0.1:0", "--data", str(server.data), expected=(1, 2))
    api.accept(auction, 10000)
    server.kill()
    server.start()
    assert Api(server).auction(auction)["price"] == 10000


@pytest.mark.parametrize("what", ["file", "unwritable", "not a database"])
def test_data_that_cannot_be_used(tmp_path, what):
    data = tmp_path / "d"
    if what == "file":
        data.write_text("x")
    elif what == "unwritable":
        data = "/proc/flashbid"
    else:
        data.mkdir()
        (data / "flashbid.db").write_bytes(b"this is not a database" * 1000)
    refused("serve", "--dev", "--listen", "127.0.0.1:0", "--data", str(data), expected=(1, 2))


def test_the_ledger_is_where_the_contract_says(own_server, tmp_path):
    own_server().start()
    assert (tmp_path / "data" / "flashbid.db").is_file()


def test_the_default_data_folder(tmp_path):
    server = Server(tmp_path, cwd=tmp_path)
    server.arguments = ["serve", "--dev", "--listen", "127.0.0.1:0"]
    with server:
        assert (tmp_path / "flashbid-data" / "flashbid.db").is_file()


def test_only_the_listening_line_goes_to_stdout(own_server):
    server = own_server().start()
    Api(server).create()
    server.stop()
    assert server.stdout_path.read_text() == f"listening on http://127.0.0.1:{server.port}\n"


def test_ipv6_loopback(tmp_path):
    with Server(tmp_path / "d", listen="[::1]:0") as server:
        assert server.host == "[::1]"
        server.host = "::1"
        api = Api(server)
        response = api.get("/healthz", headers=[("Host", f"[::1]:{server.port}")])
        assert response.status == 200


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_ending_closes_streams_with_1001(own_server, documents, sent):
    server = own_server().start()
    api = Api(server, documents.openapi)
    auction = api.create()["id"]
    watchers = [Stream(server, documents.asyncapi, bidder="Alice") for _ in range(5)]
    for watcher in watchers:
        watcher.subscribe(auction)
        watcher.expect("snapshot")
    feed = Events(server, auction)
    api.accept(auction, 10000)
    server.child.send_signal(sent)
    for watcher in watchers:
        assert watcher.expect("event")["sequence"] == 3
        with pytest.raises(StreamClosed) as closed:
            watcher.read()
        assert closed.value.code == 1001
        watcher.send_frame(8, b"\x03\xe9")
    while feed.read() is not None:
        pass
    server.wait_exit(0)
    server.start()
    assert Api(server).auction(auction)["price"] == 10000


def test_ending_does_not_wait_for_idle_connections(own_server):
    server = own_server().start()
    Api(server).get("/healthz")
    socket.create_connection((server.host, server.port))
    started = running_s()
    server.stop()
    assert running_s() - started < 10


@pytest.fixture
def redis_that_hangs():
    """The port of a Redis that says who it is, and nothing more."""
    about = "redis_version:7.0.15\r\nrun_id:hangs\r\nrole:master\r\nloading:0\r\ncluster_enabled:0\r\n"
    answers = {b"PING": b"+PONG\r\n", b"INFO": f"${len(about)}\r\n{about}\r\n".encode(), b"HGET": b"$1\r\n1\r\n"}

    def talk(connection):
        with connection:
            while words := connection.recv(65536).split(b"\r\n"):
                if len(words) < 3:
                    return
                connection.sendall(answers.get(words[2], b""))

    def accept():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def test_ending_does_not_wait_for_redis(own_server, redis_that_hangs):
    server = own_server("--engine", f"redis://127.0.0.1:{redis_that_hangs}")
    server.launch()
    time.sleep(1)
    assert server.child.poll() is None, "it waits"
    started = running_s()
    server.stop()
    assert running_s() - started < 3


def test_bids_in_flight_at_the_end_are_kept_or_not_answered(own_server):
    """What was answered before the process ended is there afterwards."""
    server = own_server().start()
    api = Api(server)
    auction = api.create(opening_price=1, increment=1)["id"]
    amount = 0
    server.child.send_signal(signal.SIGTERM)
    try:
        while True:
            api.accept(auction, amount + 1)
            amount += 1
    except (AssertionError, OSError):
        pass
    server.wait_exit(0)
    server.start()
    history = Api(server).history(auction)
    assert [bid["amount"] for bid in history][:amount] == list(range(1, amount + 1))
    assert len(history) in (amount, amount + 1)


class Configured:
    """A server whose data folder comes from file, variable and flag in turn."""

    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "flashbid.toml"
        self.config.write_text(f'dev = true\nlisten = "127.0.0.1:0"\ndata = "{folder}/from-file"\n')

    def run(self, *flags, **variables):
        server = Server(self.folder, cwd=self.folder, env=clean_environment(**variables))
        server.arguments = ["serve", *flags]
        with server:
            assert Api(server).get("/healthz").status == 200
        return sorted(path.parent.name for path in self.folder.glob("*/flashbid.db"))


def test_flag_beats_variable_beats_file(tmp_path):
    configured = Configured(tmp_path)
    config = ["--config", str(configured.config)]
    assert configured.run(*config) == ["from-file"]
    assert configured.run(*config, FLASHBID_DATA=f"{tmp_path}/from-variable") == ["from-file", "from-variable"]
    assert configured.run(*config, "--data", f"{tmp_path}/from-flag", FLASHBID_DATA=f"{tmp_path}/never") == [
        "from-file", "from-flag", "from-variable"]


def test_every_setting_as_a_variable(tmp_path):
    configured = Configured(tmp_path)
    variables = {"FLASHBID_DEV": "true", "FLASHBID_LISTEN": "127.0.0.1:0", "FLASHBID_DATA": f"{tmp_path}/v",
                 "FLASHBID_THREADS": "2"}
    assert configured.run(**variables) == ["v"]
    assert configured.run(FLASHBID_CONFIG=str(configured.config)) == ["from-file", "v"]


@pytest.mark.parametrize("text", ["listen = 5", "no_such_key = 1", "listen = ", "[[", "threads = 'x'", "dev = 'maybe'"])
def test_configuration_files_that_are_wrong(tmp_path, text):
    config = tmp_path / "wrong.toml"
    config.write_text(text + "\n")
    refused("serve", "--dev", "--data", str(tmp_path / "d"), "--config", str(config), cwd=tmp_path)


@pytest.mark.parametrize("name, value", [("FLASHBID_LISTEN", "x"), ("FLASHBID_THREADS", "x"), ("FLASHBID_DEV", "maybe")])
def test_variables_that_are_wrong(tmp_path, name, value):
    env = clean_environment(FLASHBID_DEV="true") | {name: value}
    line = refused("serve", "--data", str(tmp_path / "d"), env=env, cwd=tmp_path)
    assert name in line or name.removeprefix("FLASHBID_").lower() in line


REDIS_AWAY = "redis://127.0.0.1:1"


@pytest.mark.parametrize("variables, flags, is_read", [
    ({"ENGINE": "embedded"}, (), "flashbid-data"),
    ({"ENGINE": "embedded", "DATA": "other"}, (), "other"),
    ({"ENGINE": REDIS_AWAY, "DATA": "other"}, (), "127.0.0.1:1"),
    ({"ENGINE": REDIS_AWAY}, ("--data", "other"), "other"),
    ({"ENGINE": REDIS_AWAY, "DATA": "x"}, ("--engine", "embedded"), "x"),
    ({}, ("--engine", "embedded", "--data", "x"), "x"),
    ({"DATA": "other"}, ("--engine", REDIS_AWAY), "127.0.0.1:1"),
], ids=str)
def test_verify_reads_what_serve_would_serve(tmp_path, variables, flags, is_read):
    env = clean_environment(**{f"FLASHBID_{name}": value for name, value in variables.items()})
    assert is_read in refused("verify", *flags, env=env, cwd=tmp_path)


def test_verify_is_told_one_ledger(tmp_path):
    line = refused("verify", "--data", "other", "--engine", REDIS_AWAY, cwd=tmp_path)
    assert "--data" in line and "--engine" in line


def test_no_relay_is_for_nodes_on_redis(tmp_path):
    for flags in ((), ("--archive", "postgres://postgres@127.0.0.1:1/none")):
        line = refused("serve", "--dev", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "d"), "--no-relay", *flags)
        assert "leave --no-relay out" in line


def demo_auctions(server):
    return [auction["id"] for auction in Api(server).get_json("/v1/auctions?limit=100")["auctions"]]


def test_demo_adds_its_auctions_once(own_server):
    server = own_server("--demo").start()
    first = demo_auctions(server)
    assert len(first) >= 2 and min(first) == 1001
    server.restart()
    assert sorted(demo_auctions(server)) == sorted(first)


@pytest.mark.parametrize("threads", ["1", "2", "4"])
def test_threads(tmp_path, threads):
    with Server(tmp_path / "d", "--threads", threads) as server:
        api = Api(server)
        auctions = [api.create()["id"] for _ in range(8)]
        for auction in auctions:
            api.accept(auction, 10000)
        watcher = Stream(server)
        for auction in auctions:
            watcher.subscribe(auction)
            assert watcher.expect("snapshot")["auction"]["price"] == 10000
        for auction in auctions:
            api.accept(auction, 10100)
        assert {watcher.expect("event")["auction_id"] for _ in auctions} == set(auctions)
        listed = api.get_json("/v1/auctions?limit=100")["auctions"]
        assert {auction["id"] for auction in listed} == set(auctions)
        watcher.connection.close()


def test_a_ledger_made_by_other_threads(own_server, tmp_path):
    """The number of shards is no property of the ledger."""
    server = own_server("--threads", "2").start()
    api = Api(server)
    auctions = [api.create()["id"] for _ in range(6)]
    for auction in auctions:
        api.accept(auction, 10000, "Alice", "k")
    server.stop()
    other = own_server("--threads", "3").start()
    again = Api(other)
    for auction in auctions:
        assert again.auction(auction)["price"] == 10000
        assert again.accept(auction, 10000, "Alice", "k")["sequence"] == 3
    assert os.path.exists(tmp_path / "data" / "flashbid.db")
