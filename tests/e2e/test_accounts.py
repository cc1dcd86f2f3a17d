"""A house's own accounts, end to end: `serve --accounts`, its routes, and `flashbid accounts` beside it."""
import contextlib
import hashlib
import os
import pty
import select
import sqlite3
import threading

import pytest

from accounts_client import (PASSWORD, bearer, claims, command, log_in, make_operator, refresh, refused_log_in,
                             refused_refresh, register)
from api_client import Api, in_seconds
from flashbid_server import BINARY, Server, clean_environment, run_command
from http_wire import Connection, request_bytes
from stream_client import Stream

UNLIMITED = ("--rate-login", "off", "--rate-login-address", "off")
ROUTES = {"/v1/accounts": {"name": "alice", "password": PASSWORD},
          "/v1/accounts/password": {"name": "alice", "password": PASSWORD, "new_password": "battery staple"},
          "/v1/sessions": {"name": "alice", "password": PASSWORD},
          "/v1/sessions/refresh": {"refresh_token": "x" * 43},
          "/v1/sessions/logout": {"refresh_token": "x" * 43}}
JSON = [("Content-Type", "application/json")]


@pytest.fixture(scope="module")
def house_server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("house")
    with Server(folder / "data", "--accounts", *UNLIMITED, "--threads", "1", "--log-level", "trace", dev=False) as server:
        yield server


@pytest.fixture
def house(house_server, documents):
    house_server.check_alive()
    api = Api(house_server, documents.openapi)
    yield api
    api.close()
    house_server.check_alive()


@contextlib.contextmanager
def serving(folder, *flags, documents=None):
    with Server(folder, "--accounts", *flags, "--threads", "1", dev=False) as server:
        api = Api(server, documents and documents.openapi)
        yield server, api
        api.close()


# ---- the way through ----------------------------------------------------------------------------------------------

def test_who_registered_bids_as_nobody_else(house, house_server, documents):
    operator = log_in(house, *make_operator(house_server))
    auction = house.post("/v1/auctions", {"title": "A lot", "currency": "CNY", "opening_price": 100,
                                          "closes_at": in_seconds(600)}, headers=bearer(operator))
    assert auction.status == 201, auction
    register(house, "Bidder.one")
    session = log_in(house, "bidder.ONE")
    assert set(session) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (session["token_type"], session["expires_in"]) == ("Bearer", 900)
    said = claims(session)
    assert (said["sub"], said["role"], said["iss"]) == ("Bidder.one", "bidder", "flashbid")
    assert 899 <= said["exp"] - said["iat"] <= 901
    bids = f"/v1/auctions/{auction.json()['id']}/bids"
    answer = house.post(bids, {"amount": 100}, headers=bearer(session)).json()
    assert (answer["verdict"], answer["bidder"]) == ("accepted", "Bidder.one")
    house.problem("POST", bids, 401, "unauthenticated", body={"amount": 200})
    house.problem("POST", "/v1/auctions", 403, "forbidden", headers=bearer(session),
                  body={"title": "A lot", "currency": "CNY", "opening_price": 1, "closes_at": in_seconds(60)})
    with Stream(house_server, documents.asyncapi) as stream:
        stream.send(type="auth", token=session["access_token"])
        stream.send(type="bid", id="a", auction_id=auction.json()["id"], amount=200)
        assert stream.expect("bid_result")["bidder"] == "Bidder.one"


def test_answers_with_tokens_are_not_stored(house):
    register(house, "uncached")
    for response in (house.post("/v1/sessions", {"name": "uncached", "password": PASSWORD}),
                     house.post("/v1/sessions/refresh", {"refresh_token": log_in(house, "uncached")["refresh_token"]})):
        assert response.header("cache-control") == "no-store"


def test_a_name_is_taken_in_every_case(house):
    register(house, "Taken")
    for name in ("Taken", "taken", "TAKEN"):
        house.problem("POST", "/v1/accounts", 409, "account_exists", body={"name": name, "password": "another horse"})
    log_in(house, "taken")


def test_nobody_learns_why_a_log_in_failed(house, house_server):
    register(house, "known")
    register(house, "disabled")
    assert command(house_server, "disable", "--name", "disabled").returncode == 0
    told = [refused_log_in(house, *tried) for tried in (("known", "wrong horse"), ("unknown", "wrong horse"),
                                                        ("disabled", PASSWORD), ("no name", PASSWORD), ("known", ""))]
    assert all(problem == told[0] for problem in told)


# ---- sessions -----------------------------------------------------------------------------------------------------

def as_if_later(server, ms):
    """What was replaced was replaced that much earlier."""
    with contextlib.closing(sqlite3.connect(server.data / "accounts.db", timeout=60)) as accounts:
        with accounts:
            accounts.execute("UPDATE sessions SET rotated_ms = rotated_ms - ? WHERE rotated_ms IS NOT NULL", (ms,))


def test_a_refresh_token_is_replaced_and_ends_the_session_when_it_comes_again(house, house_server):
    register(house, "rotating")
    first, elsewhere = log_in(house, "rotating"), log_in(house, "rotating")
    second = refresh(house, first)
    assert second["refresh_token"] != first["refresh_token"]
    third = refresh(house, first)  # the answer might have been lost
    as_if_later(house_server, 30_000)
    problem = refused_refresh(house, second)  # replaced by the third
    assert problem == refused_refresh(house, {"refresh_token": "nonsense"}), "a thief learns nothing"
    refused_refresh(house, third)
    refresh(house, elsewhere)


def test_logging_out_ends_one_session(house):
    register(house, "leaving")
    here, elsewhere = log_in(house, "leaving"), log_in(house, "leaving")
    newer = refresh(house, here)
    for _ in range(2):
        gone = house.post("/v1/sessions/logout", {"refresh_token": here["refresh_token"]})
        assert (gone.status, gone.body) == (204, b"")
    refused_refresh(house, newer)
    refresh(house, elsewhere)


def test_a_new_password_ends_all_sessions(house):
    register(house, "changing")
    session = log_in(house, "changing")
    change = {"name": "changing", "password": PASSWORD, "new_password": "battery staple"}
    house.problem("POST", "/v1/accounts/password", 401, "unauthenticated", body={**change, "password": "wrong horse"})
    house.problem("POST", "/v1/accounts/password", 400, "invalid_value", body={**change, "new_password": "short"})
    session = refresh(house, session)
    assert house.post("/v1/accounts/password", change).status == 204
    refused_refresh(house, session)
    refused_log_in(house, "changing", PASSWORD)
    log_in(house, "changing", "battery staple")


# ---- wrong inputs, by class ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("route", ROUTES)
def test_wrong_bodies(house, route):
    good = ROUTES[route]
    def refused(code, **how):
        house.problem("POST", route, 400, code, **how)
    for raw in ("", "{", "[]", "null", '"x"', '{"name":"a"} x'):
        refused(("invalid_json", "missing_field", "invalid_type"), raw=raw)
    refused("invalid_utf8", raw=b'{"' + next(iter(good)).encode() + b'":"\xff"}')
    refused("unknown_field", body={**good, "role": "operator"})
    for field in good:
        refused("missing_field", body={name: value for name, value in good.items() if name != field})
        refused("duplicate_field", raw=f'{{"{field}":"{good[field]}",' + ",".join(f'"{name}":"{value}"' for name, value in good.items()) + "}")
        for wrong in (None, 1, True, [], {}):
            refused("invalid_type", body={**good, field: wrong})
        refused("invalid_value", body={**good, field: "x" * 257})
    house.problem("POST", route, 415, "unsupported_media_type", raw=b"name=alice", headers=[("Content-Type", "text/plain")])
    house.problem("POST", route + "?x=1", 400, "invalid_query", body=good)
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        assert house.exchange(method, route, [], None).status in (405, 501), method


@pytest.mark.parametrize("name", ["", " ", "a b", "a/b", "é", "a\n", "x" * 65, "<script>", "a\x00b"])
def test_names_that_cannot_be(house, name):
    house.problem("POST", "/v1/accounts", 400, "invalid_value", body={"name": name, "password": PASSWORD})


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257, "é" * 129, "Wrong.Name", "wrong.name"])
def test_passwords_that_cannot_be(house, password):
    problem = house.problem("POST", "/v1/accounts", 400, "invalid_value", body={"name": "wrong.name", "password": password})
    assert not password or password not in problem["detail"]


@pytest.mark.parametrize("password", ["        ", "é" * 4, "x" * 256, "é" * 128, '"\\\u0000\u2028 ...', "'; DROP TABLE accounts; --"])
def test_passwords_that_can_be(house, password):
    name = "p." + hashlib.sha256(password.encode()).hexdigest()[:12]
    register(house, name, password)
    log_in(house, name, password)
    refused_log_in(house, name, password[:-1])


def test_a_page_of_another_site_may_not_log_in(house):
    house.problem("POST", "/v1/sessions", 403, "origin_not_allowed", body=ROUTES["/v1/sessions"],
                  headers=[("Origin", "https://evil.example")])


def test_an_expired_or_wrong_token_does_not_stand_in_the_way_of_logging_in(house):
    register(house, "returning")
    response = house.post("/v1/sessions", {"name": "returning", "password": PASSWORD},
                          headers=[("Authorization", "Bearer nonsense")])
    assert response.status == 201


# ---- limits -------------------------------------------------------------------------------------------------------

def test_attempts_are_throttled_by_name_and_by_address(tmp_path, documents):
    limits = ("--rate-login", "1/h burst 3", "--rate-login-address", "1/h burst 6")
    with serving(tmp_path / "data", *limits, documents=documents) as (server, api):
        register(api, "alice")                                            # 1
        forged = [("X-Forwarded-For", "192.0.2.77")]
        for name in ("alice", "ALICE", "Alice"):                          # 2 … 4
            refused_log_in(api, name, "wrong horse")
        problem = api.request("POST", "/v1/sessions", {"name": "aLICE", "password": PASSWORD}, headers=forged)
        assert problem.status == 429 and problem.json()["code"] == "rate_limited"
        assert 1_100 <= int(problem.header("retry-after")) <= 3_600
        for name in ("bob", "carol"):                                     # 5, 6
            refused_log_in(api, name, "wrong horse")
        for route in ("/v1/accounts", "/v1/accounts/password", "/v1/sessions"):
            body = {**ROUTES[route], "name": "dave"}
            assert api.post(route, body, headers=forged).status == 429, "a header that nobody trusts changes nothing"


def test_clients_behind_a_trusted_proxy_have_limits_of_their_own(tmp_path, documents):
    flags = ("--rate-login-address", "1/h burst 1", "--trusted-proxies", "127.0.0.1")
    with serving(tmp_path / "data", *flags, documents=documents) as (server, api):
        def status(name, address):
            return api.post("/v1/sessions", {"name": name, "password": "wrong horse"},
                            headers=[("X-Forwarded-For", address)]).status

        assert [status("a", "192.0.2.1"), status("b", "192.0.2.1"), status("c", "192.0.2.2")] == [401, 429, 401]


def test_refresh_tokens_are_throttled_by_address(tmp_path, documents):
    with serving(tmp_path / "data", documents=documents) as (server, api):
        statuses = [api.post("/v1/sessions/refresh", {"refresh_token": "x"}).status for _ in range(300)]
        assert statuses[:200] == [401] * 200 and 429 in statuses[200:]


def ask_to_log_in(server, count):
    """That many connections, each with a log-in on its way."""
    body = b'{"name":"nobody","password":"wrong horse"}'
    connections = [Connection(server, timeout=60) for _ in range(count)]
    for connection in connections:
        connection.send(request_bytes("POST", "/v1/sessions", host=connection.authority, headers=JSON, body=body))
    return connections


def test_the_loop_goes_on_while_passwords_are_hashed(house, house_server):
    connections = ask_to_log_in(house_server, 60)
    assert house.get("/healthz").status == 200
    answered, _, _ = select.select([each.socket for each in connections], [], [], 0)
    assert len(answered) < len(connections), "the only loop has waited for all the hashes"
    for connection in connections:
        assert connection.read_response("POST").status == 401
        connection.close()


def test_what_waits_for_a_hash_is_bounded(house, house_server):
    connections = ask_to_log_in(house_server, 120)
    statuses = []
    for connection in connections:
        response = connection.read_response("POST")
        statuses.append(response.status)
        assert response.status != 503 or (response.json()["code"] == "unavailable" and response.header("retry-after"))
        connection.close()
    assert set(statuses) == {401, 503} and statuses.count(401) >= 64
    refused_log_in(house, "nobody", "wrong horse")


# ---- what is kept, and what never is ------------------------------------------------------------------------------

def test_accounts_and_sessions_survive_kill_9(tmp_path, documents):
    registered, sessions = [], []
    with Server(tmp_path / "data", "--accounts", *UNLIMITED, dev=False) as server:
        for kill in range(4):
            stop = threading.Event()

            def live(number, kill=kill, stop=stop):
                api = Api(server, documents.openapi)
                try:
                    for i in range(1_000):
                        if stop.is_set():
                            return
                        name = f"k{kill}-{number}-{i}"
                        register(api, name)
                        registered.append(name)
                        sessions.append(refresh(api, log_in(api, name)))
                except (AssertionError, OSError):
                    assert stop.is_set(), "it ended before it was killed"

            threads = [threading.Thread(target=live, args=(number,)) for number in range(4)]
            before = len(sessions)
            for thread in threads:
                thread.start()
            while len(sessions) < before + 5 and any(thread.is_alive() for thread in threads):
                stop.wait(0.01)
            stop.set()
            server.kill()
            for thread in threads:
                thread.join()
            server.clients.clear()
            server.start()
        api = Api(server, documents.openapi)
        assert len(sessions) >= 20
        for name in registered:
            api.problem("POST", "/v1/accounts", 409, "account_exists", body={"name": name.upper(), "password": PASSWORD})
        log_in(api, registered[0])
        for session in sessions:
            refresh(api, session)


def test_a_token_counts_after_a_restart(tmp_path, documents):
    with Server(tmp_path / "data", "--accounts", "--private", dev=False) as server:
        api = Api(server, documents.openapi)
        register(api, "alice")
        session = log_in(api, "alice")
        server.restart()
        api = Api(server, documents.openapi)
        assert api.get("/v1/auctions", headers=bearer(session)).status == 200
        api.problem("GET", "/v1/auctions", 401, "unauthenticated")
        mode = {name: os.stat(server.data / name).st_mode & 0o777 for name in ("accounts.key", "accounts.db")}
        assert mode == {"accounts.key": 0o600, "accounts.db": 0o600}


def test_no_secret_is_logged_told_or_stored(house, house_server):
    secret, new = "a secret 7d1f", "another secret 9c2e"
    register(house, "discreet", secret)
    session = log_in(house, "discreet", secret)
    newer = refresh(house, session)
    house.post("/v1/accounts/password", {"name": "discreet", "password": secret, "new_password": new})
    refused_log_in(house, "discreet", secret)
    for raw in (f'{{"name":"discreet","password":"{secret}"', f'{{"name":1,"password":"{secret}"}}',
                f'{{"name":"discreet","password":["{secret}"]}}'):
        assert secret not in house.post("/v1/sessions", raw=raw).body.decode()
    secrets = [secret, new] + [each[kind] for each in (session, newer) for kind in ("access_token", "refresh_token")]
    said = house_server.stderr_path.read_bytes() + house_server.stdout_path.read_bytes() + house.get("/metrics").body
    kept = b"".join(path.read_bytes() for path in house_server.data.iterdir())
    assert b"discreet" in kept
    assert not [each for each in secrets if each.encode() in said + kept]


# ---- beside other ways in -----------------------------------------------------------------------------------------

@pytest.mark.parametrize("route", ROUTES)
def test_without_the_flag_there_are_no_accounts(api, route):
    api.problem("POST", route, 404, "not_found", body=ROUTES[route])
    assert api.exchange("OPTIONS", route, [], None).status == 404


def token(key, *flags):
    ended = run_command("token", "--key", str(key), *flags)
    assert ended.returncode == 0, ended
    return {"access_token": ended.stdout.strip()}


def test_beside_an_identity_provider_neither_mints_for_the_other(tmp_path, documents):
    key = tmp_path / "key"
    key.write_text("an identity provider's secret, long enough for HS256")
    flags = ("--jwt-key", str(key), "--jwt-issuer", "provider", "--private")
    with serving(tmp_path / "data", *flags, documents=documents) as (server, api):
        def status(session):
            return api.get("/v1/auctions", headers=bearer(session)).status

        ours = log_in(api, *make_operator(server))
        assert status(ours) == 200
        assert status(token(key, "--sub", "alice", "--iss", "provider")) == 200
        assert status(token(key, "--sub", "alice", "--iss", "flashbid")) == 401
        assert status(token(key, "--sub", "alice")) == 401
        own_key = server.data / "accounts.key"
        assert status(token(own_key, "--sub", "alice", "--iss", "flashbid")) == 200
        assert status(token(own_key, "--sub", "alice", "--iss", "provider")) == 401
        # Whoever is `alice` to the provider stays alice.
        api.problem("POST", "/v1/accounts", 403, "forbidden", body=ROUTES["/v1/accounts"])
    with serving(tmp_path / "data", "--jwt-key", str(key), documents=documents) as (server, api):
        assert api.get("/v1/auctions", headers=bearer(token(key, "--sub", "alice", "--iss", "flashbid"))).status == 401
    with serving(tmp_path / "data", *flags, "--accounts-sign-up", "open", documents=documents) as (server, api):
        register(api, "alice")


def test_a_house_may_make_its_accounts_itself(tmp_path, documents):
    with serving(tmp_path / "data", "--accounts-sign-up", "closed", documents=documents) as (server, api):
        api.problem("POST", "/v1/accounts", 403, "forbidden", body=ROUTES["/v1/accounts"])
        log_in(api, *make_operator(server))


def test_with_dev_people_may_log_in_too(tmp_path, documents):
    with Server(tmp_path / "data", "--accounts") as server:
        api = Api(server, documents.openapi)
        register(api, "alice")
        auction = api.create()["id"]
        answer = api.post(f"/v1/auctions/{auction}/bids", {"amount": 10_000}, headers=bearer(log_in(api, "alice")))
        assert answer.json()["bidder"] == "alice"


@pytest.mark.parametrize("flags, word", [
    (["--accounts", "--engine", "redis://127.0.0.1:1"], "--accounts"), (["--accounts", "--rate-login", "x"], "--rate-login"),
    (["--accounts", "--rate-login-address", "1"], "--rate-login-address"), (["--accounts-sign-up", "open"], "--accounts"),
    (["--accounts", "--accounts-sign-up", "maybe"], "--accounts-sign-up")], ids=str)
def test_flags_that_cannot_be(tmp_path, flags, word):
    ended = run_command("serve", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "d"), *flags)
    assert ended.returncode == 2 and word in ended.stderr and len(ended.stderr.splitlines()) == 1, ended


def test_a_key_that_everybody_may_read_ends_the_start(tmp_path):
    with serving(tmp_path / "data"):
        pass
    (tmp_path / "data" / "accounts.key").chmod(0o644)
    ended = run_command("serve", "--accounts", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"))
    assert ended.returncode == 2 and "accounts.key" in ended.stderr and "chmod 600" in ended.stderr, ended


# ---- the command line ---------------------------------------------------------------------------------------------

def test_the_command_line_works_beside_the_server(house, house_server):
    register(house, "managed")
    session = log_in(house, "managed")
    assert command(house_server, "set-role", "--name", "MANAGED", "--role", "operator").returncode == 0
    session = refresh(house, session)
    assert claims(session)["role"] == "operator"
    assert command(house_server, "set-password", "--name", "managed", stdin="battery staple\n").returncode == 0
    refused_refresh(house, session)
    refused_log_in(house, "managed", PASSWORD)
    session = log_in(house, "managed", "battery staple")
    assert command(house_server, "disable", "--name", "managed").returncode == 0
    refused_refresh(house, session)
    refused_log_in(house, "managed", "battery staple")
    listed = command(house_server, "list").stdout.decode()
    assert "managed\toperator\t" in listed and "\tdisabled" in listed and "battery" not in listed and "$argon2" not in listed
    assert command(house_server, "enable", "--name", "managed").returncode == 0
    log_in(house, "managed", "battery staple")


def test_the_first_operator_comes_before_the_first_start(tmp_path, documents):
    added = command(None, "add", "--name", "Root", "--role", "operator", data=tmp_path / "data", stdin="operator's horse\n")
    assert added.returncode == 0, added
    with serving(tmp_path / "data", documents=documents) as (server, api):
        assert claims(log_in(api, "Root", "operator's horse"))["role"] == "operator"


@pytest.mark.parametrize("action, flags, stdin, word", [
    ("add", ["--name", "a b"], "correct horse", "--name"), ("add", [], "correct horse", "--name"),
    ("add", ["--name", "x", "--role", "king"], "correct horse", "--role"), ("add", ["--name", "x"], "", "stdin"),
    ("add", ["--name", "x"], "short\n", "8 to 256"), ("add", ["--name", "x"], "x" * 300, "8 to 256"),
    ("add", ["--name", "long.name"], "Long.Name\n", "name"), ("add", ["--name", "ALICE"], "correct horse\n", "taken"),
    ("set-role", ["--name", "alice"], "", "--role"), ("disable", ["--name", "alice", "--role", "bidder"], "", "--role"),
    ("disable", ["--name", "nobody"], "", "nobody"), ("set-password", ["--name", "nobody"], "correct horse\n", "nobody"),
    ("set-password", ["--name", "alice"], "short", "8 to 256"), ("remove", ["--name", "alice"], "", "action"),
    ("", [], "", "action")], ids=str)
def test_commands_that_cannot_be(tmp_path, action, flags, stdin, word):
    assert command(None, "add", "--name", "alice", data=tmp_path, stdin="correct horse\n").returncode == 0
    ended = command(None, action, *flags, data=tmp_path, stdin=stdin)
    assert ended.returncode == 2 and not ended.stdout, ended
    assert len(ended.stderr.decode().splitlines()) == 1 and word in ended.stderr.decode(), ended
    assert command(None, "list", data=tmp_path).stdout.decode().startswith("alice\tbidder\t")


@pytest.mark.parametrize("action", ["list", "disable", "enable", "set-role", "set-password"])
def test_a_folder_without_accounts_stays_one(tmp_path, action):
    flags = [] if action == "list" else ["--name", "alice"] + (["--role", "bidder"] if action == "set-role" else [])
    ended = command(None, action, *flags, data=tmp_path / "none")
    assert ended.returncode == 2 and "--data" in ended.stderr.decode()
    assert not (tmp_path / "none").exists()


def typed(folder, *lines):
    """`flashbid accounts add` on a terminal of its own: its exit code and all that shows there."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(BINARY, [str(BINARY), "accounts", "add", "--data", str(folder), "--name", "alice"], clean_environment())
    shown = b""
    waiting = list(lines)
    with contextlib.suppress(OSError):  # the terminal goes with its last program
        while chunk := os.read(terminal, 4_096):
            shown += chunk
            if waiting and shown.rstrip().endswith(b":"):
                os.write(terminal, waiting.pop(0).encode() + b"\n")
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()


def test_a_password_that_is_typed_does_not_show(tmp_path):
    code, shown = typed(tmp_path, "correct horse", "correct horsf")
    assert code == 2 and "differ" in shown and "horse" not in shown
    code, shown = typed(tmp_path, "correct horse", "correct horse")
    assert code == 0 and "alice" in shown and "horse" not in shown
    assert command(None, "list", data=tmp_path).stdout.decode().startswith("alice\tbidder\t")
