"""A house with logins: tokens by curl and by a real browser, keys that change while it serves, limits that nodes share."""
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from api_client import in_seconds
from browser import Browser, CHROMIUM
from certificates import Certificates
from flashbid_server import Server, run_command

SECRET = "a secret of more than thirty-two bytes, of the first house\n"
OTHER = "another secret of more than thirty-two bytes, of the first house\n"


@pytest.fixture
def key(tmp_path):
    (tmp_path / "key").write_text(SECRET)
    return tmp_path / "key"


def token(key, name, *flags):
    made = run_command("token", "--key", str(key), "--sub", name, *flags)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


def ask(method, url, token=None, **how):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return requests.request(method, url, headers=headers, timeout=60, **how)


def create(server, token, **fields):
    body = {"title": "Camera", "currency": "CNY", "opening_price": 10000, "closes_at": in_seconds(3600), **fields}
    made = ask("POST", server.url + "/v1/auctions", token, json=body)
    assert made.status_code == 201, made.text
    return made.json()["id"]


def bid(server, auction, token, amount):
    return ask("POST", f"{server.url}/v1/auctions/{auction}/bids", token, json={"amount": amount})


def serve(folder, key, *flags):
    return Server(folder, "--jwt-key", str(key), *flags, dev=False).start()


def test_a_house_is_for_those_who_have_logged_in(tmp_path, key):
    server = serve(tmp_path / "data", key)
    try:
        boss, alice = token(key, "boss", "--role", "operator"), token(key, "Alice")
        auction = create(server, boss, seller="Alice")
        assert bid(server, auction, None, 10000).status_code == 401
        own = bid(server, auction, alice, 10000).json()
        assert (own["verdict"], own["reason"]) == ("rejected", "own_auction"), "a bidder is who the token says"
        assert bid(server, auction, token(key, "Bob"), 10000).json()["leader"] == "Bob"
        assert ask("POST", f"{server.url}/v1/auctions/{auction}/cancel", alice).status_code == 403
        assert requests.get(f"{server.url}/v1/auctions/{auction}", timeout=60).json()["leader"] == "Bob"
        assert requests.post(server.url + "/init", json={"item_id": 1, "start_price": 1}, timeout=60).status_code == 404
        assert requests.get(server.url + "/v1/access", timeout=60).json() == {
            "login": "token", "accounts": False, "private": False, "load": False}
        assert ask("POST", f"{server.url}/v1/auctions/{auction}/cancel", boss).status_code == 200
    finally:
        server.stop()


def test_a_key_changes_while_the_house_is_open(tmp_path, key):
    server = serve(tmp_path / "data", key)
    try:
        old = token(key, "Alice")
        auction = create(server, token(key, "boss", "--role", "operator"))
        assert bid(server, auction, old, 10000).status_code == 200
        new_key = tmp_path / "new"
        new_key.write_text(OTHER)
        new = token(new_key, "Alice")
        assert bid(server, auction, new, 10100).status_code == 401
        new_key.rename(key)
        deadline = time.monotonic() + 60
        while bid(server, auction, new, 20000).status_code == 401:
            assert time.monotonic() < deadline, server.tail()
            time.sleep(0.1)
        assert bid(server, auction, old, 30000).status_code == 401, "also one that was remembered"
    finally:
        server.stop()


def test_nodes_on_one_redis_share_the_limits(tmp_path, key, redis):
    """However the bids are spread over three nodes, no more pass than one limit says; others are not touched."""
    nodes = [serve(tmp_path / f"node{k}", key, "--engine", redis.url, "--shards", "1", "--rate-bidder", "1/min burst 5")
             for k in range(3)]
    try:
        auction = create(nodes[0], token(key, "boss", "--role", "operator"), self_outbid=True)
        alice = token(key, "Alice")
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda n: bid(nodes[n % 3], auction, alice, 10000 + n), range(60)))
        codes = [answer.status_code for answer in answers]
        assert sorted(set(codes)) == [200, 429]
        assert codes.count(200) in (5, 6), codes  # one more if a minute's twelfth part went by
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.json()["code"] == "rate_limited" and int(refused.headers["Retry-After"]) >= 1
        assert bid(nodes[1], auction, token(key, "Bob"), 90000).status_code == 200
        kept = redis.keys("flashbid:rate:*")
        assert kept and all(int(redis.cli("PTTL", name)) != -1 for name in kept)
    finally:
        for node in nodes:
            node.stop()


@pytest.mark.parametrize("transport", ["http", "ws"])
def test_bots_log_in_and_find_no_violation(tmp_path, key, transport):
    server = serve(tmp_path / "data", key, "--private", "--rate-address", "off")
    try:
        crowd = ["bots", "--url", server.url, "--bots", "8", "--duration", "1s", "--json", "--transport", transport]
        ended = run_command(*crowd, "--key", str(key), timeout=60)
        assert ended.returncode == 0 and json.loads(ended.stdout)["verdict"] == "clean", ended
        assert run_command(*crowd, timeout=60).returncode == 2, "without tokens nobody is let in"
        wrong = run_command(*crowd, "--key", str(tmp_path / "none"), timeout=60)
        assert wrong.returncode == 2 and wrong.stderr.startswith("flashbid bots: --key"), wrong
    finally:
        server.stop()


def test_what_is_wrong_with_a_flag_is_one_line(tmp_path, key):
    for flags, says in [((), "--jwt-key is missing"),
                        (("--jwt-key", str(tmp_path / "none")), "none"),
                        (("--jwt-key", str(key), "--rate-bidder", "often"), "--rate-bidder often: "),
                        (("--jwt-key", str(key), "--trusted-proxies", "10.0.0.1/8"), "--trusted-proxies: "),
                        (("--jwt-key", str(key), "--origins", "shop.example"), '--origins "shop.example": give https://'),
                        (("--jwt-key", str(key), "--jwt-leeway", "1h"), "--jwt-leeway")]:
        ended = run_command("serve", "--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0", *flags)
        assert ended.returncode == 2 and says in ended.stderr, (flags, ended)
        assert len(ended.stderr.splitlines()) == 1, ended.stderr


@pytest.mark.parametrize("listen, flags, warns", [
    ("0.0.0.0:0", (), "tokens are taken"), ("[::]:0", ("--accounts",), "passwords and tokens are taken"),
    ("127.0.0.1:0", ("--accounts",), None), ("0.0.0.0:0", ("--trusted-proxies", "10.0.0.1"), None),
    ("0.0.0.0:0", ("--tls-cert", "server.pem", "--tls-key", "server.key"), None)])
def test_secrets_in_clear_text_are_warned_of(tmp_path, key, listen, flags, warns):
    certificates = Certificates(tmp_path / "certificates")
    certificates.sign("server")
    server = Server(tmp_path / "data", "--jwt-key", str(key), *flags, dev=False, listen=listen, cwd=certificates.folder).start()
    server.stop()
    told = [line for line in server.stderr_path.read_text().splitlines() if "clear text" in line]
    assert len(told) == (1 if warns else 0), told
    for line in told:
        assert f"[warning] {warns} on {listen} in clear text" in line and "--tls-cert" in line and "--trusted-proxies" in line


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_visitor_registers_on_the_page_and_bids(tmp_path):
    data = tmp_path / "data"
    made = run_command("accounts", "add", "--data", str(data), "--name", "boss", "--role", "operator", text_in="of the boss\n")
    assert made.returncode == 0, made.stderr
    server = Server(data, "--accounts", dev=False).start()
    browser = Browser(tmp_path / "chromium")
    try:
        session = requests.post(server.url + "/v1/sessions", json={"name": "boss", "password": "of the boss"}, timeout=60)
        auction = create(server, session.json()["access_token"])
        browser.open(f"{server.url}/#{auction}")
        browser.wait("document.querySelector('#login')?.offsetParent !== null && !!document.querySelector('#login')")
        browser.click("#login")
        browser.fill("#account", "Alice")
        browser.fill("#password", "wrong horse")
        browser.click("#login-form .primary")
        browser.wait("document.querySelector('#login-answer').textContent !== ''")
        browser.fill("#password", "battery staple")
        browser.click("#register")
        browser.wait("document.querySelector('#login').textContent.startsWith('Alice')")
        browser.wait("document.querySelector('#amount')?.value === '100.00'")
        browser.click("#bid-form button")
        browser.wait("document.querySelector('#events li .what')?.textContent === 'You bid 100.00 CNY'")
        # The session outlives a reload of the page, and ends when it is told to.
        browser.run("window.before = true; location.reload()")
        browser.wait("!window.before && document.querySelector('#login')?.textContent.startsWith('Alice')")
        browser.click("#login")
        browser.wait("document.querySelector('#login').textContent === 'Log in'")
        assert browser.run("sessionStorage.length") == 0
    finally:
        browser.close()
        server.stop()


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
def test_a_page_bids_as_the_holder_of_its_token(tmp_path, key):
    server = serve(tmp_path / "data", key, "--private")
    browser = Browser(tmp_path / "chromium")
    try:
        boss = token(key, "boss", "--role", "operator")
        auction = create(server, boss)
        browser.open(f"{server.url}/#{auction}&token={token(key, 'Alice')}")
        browser.wait("document.querySelector('#title')?.textContent === 'Camera'")
        assert browser.run("location.hash") == f"#{auction}", "the token is not left in the address"
        browser.wait("document.querySelector('#login').textContent.startsWith('Alice')")
        assert browser.run("document.querySelector('#bidder') === null"), "nobody types a name here"
        browser.wait("document.querySelector('#amount')?.value === '100.00'")
        browser.click("#bid-form button")
        browser.wait("document.querySelector('#answer').textContent === 'Your bid of 100.00 CNY is accepted.'")
        browser.wait("document.querySelector('#events li .what')?.textContent === 'You bid 100.00 CNY'")
        # Out, which leaves nothing to be seen of a private house, and in again as somebody else, by pasting.
        browser.click("#login")
        browser.wait("!!document.querySelector('#closed') && !!document.querySelector('#login-form')")
        browser.fill("#token", "no token")
        browser.click("#login-form button")
        browser.wait("document.querySelector('#login-answer').textContent.startsWith('That is no token')")
        browser.fill("#token", token(key, "Bob"))
        browser.click("#login-form button")
        browser.wait("document.querySelector('#login').textContent.startsWith('Bob')")
        browser.wait("document.querySelector('#link').classList.contains('on')")
        browser.wait("document.querySelector('#amount')?.value === '100.01'")
        browser.fill("#amount", "200")
        browser.click("#bid-form button")
        browser.wait("!!document.querySelector('#confirm')")
        browser.click("#yes")
        browser.wait("document.querySelector('#events li .what')?.textContent === 'You bid 200.00 CNY'")
        headers = requests.get(server.url + "/", timeout=60).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
    finally:
        browser.close()
        server.stop()
